"""Use-case: identities of whom the same is proved become one customer, and a stranger who is named keeps what they said.

Only what somebody vouches for counts: a backend that signs who its customers are, or a platform that knows a person across its
apps. What customers type about themselves links nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import phonenumbers
import structlog

from hub.merging import together
from hub.model import ChannelName, Event, ExternalId, Message, Proved, identity_of
from hub.ports import SupportsProof
from hub.runtime import Hub
from hub.store.linking import ASKED, Proof

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger()
LONGEST = 191
MOVED = "moved"
"""The kind of claim by which a platform itself says under which id a customer goes on."""


def proofs_of(identity_id: str, proved: Proved) -> Iterator[Proof]:
    """What is proved of an identity, each in one spelling. A number without its country could be anybody's, and is left out."""
    email = proved.email.strip().casefold()
    if email.count("@") == 1 and len(email) <= LONGEST:
        yield Proof(identity_id, "email", email)
    if phone := _phone(proved.phone):
        yield Proof(identity_id, "phone", phone)
    if proved.unionid and len(proved.unionid) <= LONGEST:
        yield Proof(identity_id, "unionid", proved.unionid)


def _phone(given: str) -> str:
    try:
        number = phonenumbers.parse(given)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else ""


async def noted(hub: Hub, connection: AsyncConnection, messages: list[Message]) -> bool:
    """Write down what came with a batch's messages; says whether `settle` has something to compare."""
    proofs = {proof for one in messages if one.proved for proof in proofs_of(identity_of(one.channel, one.customer), one.proved)}
    proofs |= {Proof(identity_of(one.channel, one.customer), ASKED, one.channel) for one in messages if _is_to_prove(hub, one)}
    for one in messages:
        proofs |= {Proof(identity_of(one.channel, one.customer), MOVED, address) for address in _moved_to(one)}
    return bool(proofs) and await hub.store.links.claim(connection, proofs)


def _is_to_prove(hub: Hub, message: Message) -> bool:
    """Whether the platform is to be asked who a customer is (`hub.proving`); the store knows whether it was."""
    place = hub.connectors.get(message.channel)
    return isinstance(place, SupportsProof) and place.proves


async def settle(hub: Hub) -> None:
    """Link whoever new claims speak of. Done after the batch that brought them, and by every sweep in case that ended before."""
    for kind, value in await hub.store.links.fresh():
        if kind == MOVED:
            await _moved(hub, value)
            continue
        for made in await hub.store.links.join(kind, value):
            log.info("customers.linked", link=made, by=kind)


def _moved_to(message: Message) -> list[str]:
    """The id under which a customer goes on, where a platform says so."""
    told = [part.data for part in message.parts if isinstance(part, Event) and part.kind == "moved"]
    return [address for address in told if 0 < len(address) <= LONGEST and address != message.customer]


async def _moved(hub: Hub, address: str) -> None:
    """A platform gave customers another id: they go on under that with their log and their open conversation, and what they have
    said there already becomes part of it."""
    claimants = await hub.store.links.claimants(MOVED, address)
    for channel, before in await hub.store.links.movers(address):
        if await hub.store.naming.rename(channel, before, ExternalId(address), goes_on=True):
            log.info("customers.moved", channel=channel)
            hub.jobs.hint_inbound(await hub.store.inbox.waiting_lanes())
            await hub.live.poke(inbox=True, identities=[identity_of(channel, address)])
        for head, other in await hub.store.merging.strays(identity_of(channel, address)):
            await together(hub, head, other)
    await hub.store.links.held(MOVED, address, claimants)


async def named(hub: Hub, channel: ChannelName, stranger: ExternalId, address: ExternalId) -> None:
    """A stranger of a web chat has been named by a signed identity: what they said is that customer's from now on."""
    if await hub.store.naming.rename(channel, stranger, address):
        log.info("customers.named", channel=channel)
        hub.jobs.hint_inbound(await hub.store.inbox.waiting_lanes())
        await hub.live.poke(inbox=True, identities=[identity_of(channel, address)])
