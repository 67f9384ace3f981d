"""Use-case: ask now and then whether desks still work, note what is broken with how to mend it, and tell people of it once, and
once that it works again. What channels themselves say is broken is told where desks can tell people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from hub.calling import person_at
from hub.errors import ConnectorError
from hub.limits import Rule
from hub.model import ChannelName, ExternalId
from hub.notify import NotSent, ring
from hub.people import Trouble
from hub.ports import Receipt, SupportsCheck
from hub.runtime import Hub

log = structlog.get_logger()
OFTEN = Rule(1, 300)
ADMINS = 10
"""Who is told alone, at most: everybody else finds it where it is posted."""


async def check(hub: Hub) -> None:
    """At most every five minutes, whichever process asks."""
    for name, desk in hub.desks.items():
        if isinstance(desk, SupportsCheck) and await hub.limits.hit(f"check:{name}", OFTEN):
            await _check(hub, str(name), desk)
    if await hub.limits.hit("check:#channels", OFTEN):
        for channel in await hub.store.troubles.with_untold(sorted(map(str, hub.connectors))):
            await _channel(hub, channel)


async def noted(hub: Hub, name: str, receipt: Receipt) -> None:
    """A platform itself says that something is broken, or works again; people are told of the former with the next look."""
    what, trouble = "channel" if ChannelName(name) in hub.connectors else "desk", receipt.trouble
    if trouble is not None and await hub.store.troubles.heard(name, trouble):
        log.error(f"{what}.broken", **{what: name}, kind=trouble.kind, said=trouble.said, mend=trouble.mend)
    if receipt.mended and await hub.store.troubles.over(name, receipt.mended):
        log.info(f"{what}.mended", **{what: name}, kind=receipt.mended)


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
    if news or over:
        admins = await _admins(hub, name)
        await _tell(hub, name, desk, news, admins)
        await _tell(hub, name, desk, over, admins, over=True)


async def _channel(hub: Hub, name: str) -> None:
    """Tell, at every desk that can, what a channel says is broken there."""
    news = [replace(one, said=f"{name}: {one.said}") for one in await hub.store.troubles.untold(name)]
    there = [(str(key), desk) for key, desk in hub.desks.items() if isinstance(desk, SupportsCheck)]
    for key, desk in there:
        await _tell(hub, name, desk, news, await _admins(hub, key))
    if not there:
        await _mail(hub, name, news)


async def _tell(
    hub: Hub, name: str, desk: SupportsCheck, found: Sequence[Trouble], admins: Sequence[ExternalId], *, over: bool = False
) -> None:
    """At the desk, or where that does not work, by the addresses that notices go to. What reached nobody is told with the next
    look."""
    if not found:
        return
    try:
        await desk.alert(found, admins, over=over)
        return
    except ConnectorError as exc:
        log.error("desk.alert_failed", desk=name, error=str(exc))
    await _mail(hub, name, found, over=over)


async def _mail(hub: Hub, name: str, found: Sequence[Trouble], *, over: bool = False) -> None:
    """To the addresses that notices go to."""
    lines = [one.said if over else f"{one.said}. {one.mend}." for one in found]
    try:
        if hub.notices.unanswered is None or not hub.notices.unanswered.apprise:
            raise NotSent("there is no other address")
        await ring(hub.notices, f"Frontdesk: {name}", "\n".join(lines))
    except NotSent:
        if not over:
            await hub.store.troubles.not_told(name, [one.kind for one in found])


async def _admins(hub: Hub, name: str) -> list[ExternalId]:
    """Who at a desk may mend it."""
    roles = [role for role in hub.access.names if "people" in hub.access.rights_of(role)]
    found = [await person_at(hub, name, agent) for agent in await hub.store.troubles.with_roles(roles, ADMINS)]
    return [ExternalId(person) for person in found if person]
