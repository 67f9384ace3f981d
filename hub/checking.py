"""Use-case: ask now and then whether desks still work, note what is broken with how to mend it, and tell people of it once, and
once that it works again. What channels themselves say is broken is told where desks can tell people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from hub.calling import person_at
from hub.errors import ConnectorError, Temporary, Undeliverable
from hub.limits import Rule
from hub.model import ChannelName, ExternalId
from hub.notify import NotSent, ring
from hub.people import Trouble
from hub.ports import Receipt, SupportsCheck
from hub.runtime import Hub
from hub.store.calls import Call

log = structlog.get_logger()
OFTEN, SOON = Rule(1, 300), Rule(1, 10)
ADMINS = 10
"""Who is told alone, at most: everybody else finds it where it is posted."""


async def check(hub: Hub) -> None:
    """Desks at most every five minutes, which asks them; channels more often; whichever process asks."""
    for name, desk in hub.desks.items():
        if isinstance(desk, SupportsCheck) and await hub.limits.hit(f"check:{name}", OFTEN):
            await _check(hub, str(name), desk)
    if await hub.limits.hit("check:#channels", SOON):
        await channels(hub)


async def noted(hub: Hub, name: str, receipt: Receipt) -> None:
    """A platform itself says that something is broken, or works again; people are told of the former with the next look."""
    what, trouble = "channel" if ChannelName(name) in hub.connectors else "desk", receipt.trouble
    if trouble is not None and await hub.store.troubles.heard(name, trouble):
        log.error(f"{what}.broken", **{what: name}, kind=trouble.kind, said=trouble.said, mend=trouble.mend)
    if receipt.mended and await hub.store.troubles.over(name, receipt.mended):
        log.info(f"{what}.mended", **{what: name}, kind=receipt.mended)


async def stopped(hub: Hub, call: Call, exc: Temporary | Undeliverable) -> None:
    """Note what somebody has to mend before such a call is taken. What became of the call is recorded though this fails."""
    if exc.trouble is None:
        return
    facts = {"kind": exc.trouble.kind, "said": str(exc)}
    log.warning("outbound.stopped", target=call.target, delivery=call.id, **facts)
    try:
        if await hub.store.troubles.refused(call.target, exc.trouble):
            log.error("channel.broken", channel=call.target, mend=exc.trouble.mend, **facts)
    except Exception as failed:
        log.error("channel.trouble_not_noted", channel=call.target, error=repr(failed))


async def _check(hub: Hub, name: str, desk: SupportsCheck) -> None:
    """What works again is forgotten; what broke is told where people are. While nobody can say, nothing changes."""
    try:
        found = await desk.troubles()
    except ConnectorError as exc:
        log.warning("desk.not_checked", desk=name, error=str(exc))
        return
    for one in found:
        if await hub.store.troubles.broke(name, one):
            log.error("desk.broken", desk=name, kind=one.kind, said=one.said, mend=one.mend)
    over = await hub.store.troubles.works(name, [one.kind for one in found])
    for one in over:
        log.info("desk.mended", desk=name, kind=one.kind)
    news = await hub.store.troubles.untold(name)
    await _tell(hub, name, {name: desk}, news)
    await _tell(hub, name, {name: desk}, over, over=True)


async def channels(hub: Hub) -> None:
    """What broke at channels is told at every desk that can; what calls were refused for is over once a channel takes one."""
    there = {str(name): desk for name, desk in hub.desks.items() if isinstance(desk, SupportsCheck)}
    for channel in await hub.store.troubles.places(sorted(map(str, hub.connectors))):
        over = await hub.store.troubles.passed(channel)
        for one in over:
            log.info("channel.mended", channel=channel, kind=one.kind)
        news = await hub.store.troubles.untold(channel)
        await _tell(hub, channel, there, [replace(one, said=f"{channel}: {one.said}") for one in news])
        await _tell(hub, channel, there, [replace(one, said=f"{channel}: {one.said}") for one in over], over=True)


async def _tell(hub: Hub, name: str, desks: Mapping[str, SupportsCheck], found: Sequence[Trouble], *, over: bool = False) -> None:
    """Of a place, at these desks, or where no desk works, by the addresses that notices go to. What reached nobody is told with
    the next look."""
    if not found or await _at_desks(hub, desks, found, over=over):
        return
    lines = [one.said if over else f"{one.said}. {one.mend}." for one in found]
    try:
        if hub.notices.unanswered is None or not hub.notices.unanswered.apprise:
            raise NotSent("there is no other address")
        await ring(hub.notices, f"Frontdesk: {name}", "\n".join(lines))
    except NotSent:
        if not over:
            await hub.store.troubles.not_told(name, [one.kind for one in found])


async def _at_desks(hub: Hub, desks: Mapping[str, SupportsCheck], found: Sequence[Trouble], *, over: bool) -> bool:
    """Whether it reached anybody."""
    reached = False
    for name, desk in desks.items():
        try:
            await desk.alert(found, await _admins(hub, name), over=over)
            reached = True
        except ConnectorError as exc:
            log.error("desk.alert_failed", desk=name, error=str(exc))
    return reached


async def _admins(hub: Hub, name: str) -> list[ExternalId]:
    """Who at a desk may mend it."""
    roles = [role for role in hub.access.names if "people" in hub.access.rights_of(role)]
    found = [await person_at(hub, name, agent) for agent in await hub.store.troubles.with_roles(roles, ADMINS)]
    return [ExternalId(person) for person in found if person]
