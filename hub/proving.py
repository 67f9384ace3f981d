"""Use-case: platforms that know a person across their apps are asked who a customer is, once, outside of everybody's way.

What is to be asked is a claim in the store from the transaction that brought the customer's first message: no dead process and no
second one asks anew, and what could not be asked waits for the next sweep.
"""

from __future__ import annotations

import asyncio

import structlog

from hub.errors import ConnectorError, Temporary, Undeliverable
from hub.limits import Rule
from hub.linking import proofs_of, settle
from hub.model import ChannelName, ExternalId, Proved
from hub.ports import Pace, SupportsProof
from hub.runtime import Hub

log = structlog.get_logger()
MOST = 100
"""Questions in one go for one channel."""
PACE = Pace(10, 10)
TURN = Rule(1, 60)
"""Of one customer: two jobs that read the same list do not both ask; who dies with a question leaves it to others after this."""
AGAIN_S = 15.0
UNMENDED_S = 300.0
"""Where an account may not ask before people have mended something."""
GRACE_S = 5.0


async def look(hub: Hub) -> None:
    """Wake the job where somebody is to be asked about: a hint was lost, or the platform gave no answer."""
    if await hub.store.links.asks():
        await hub.jobs.prove(again=True)


async def run(hub: Hub) -> None:
    """Ask about everybody who waits for it. Channels are asked side by side: one that hangs holds up no other."""
    there = [(name, one) for name, one in hub.connectors.items() if isinstance(one, SupportsProof) and one.proves]
    if any(await asyncio.gather(*(_channel(hub, name, one) for name, one in there))):
        await settle(hub)


async def _channel(hub: Hub, name: ChannelName, place: SupportsProof) -> bool:
    """Whether something was proved."""
    key, news = f"{name}:#proof", False
    for identity, address in await hub.store.links.asking(name, MOST):
        turn = f"proof:{identity}"
        if not await hub.limits.hit(turn, TURN):
            continue
        while (wait := await hub.limits.wait(key, PACE)) > 0:
            if wait > 1:
                await hub.limits.free(turn)
                return news
            await asyncio.sleep(wait)
        try:
            found = await asyncio.wait_for(place.proof(ExternalId(address)), place.capabilities.timeout + GRACE_S)
        except Undeliverable as exc:
            if exc.trouble is not None:
                await _later(hub, key, turn, UNMENDED_S, exc)
                return news
            log.info("customers.not_proved", channel=name, error=exc.reason)
            found = None
        except (ConnectorError, TimeoutError) as exc:
            again = exc.retry_after if isinstance(exc, Temporary) and exc.retry_after else AGAIN_S
            await _later(hub, key, turn, again, exc)
            return news
        news |= await hub.store.links.answered(identity, set(proofs_of(identity, found or Proved())))
    return news


async def _later(hub: Hub, key: str, turn: str, seconds: float, why: Exception) -> None:
    """Leave the platform alone for a while; who was asked about is asked about then."""
    log.warning("customers.not_asked", pace=key, error=str(why) or type(why).__name__)
    await hub.limits.pause(key, seconds, PACE)
    await hub.limits.free(turn)
