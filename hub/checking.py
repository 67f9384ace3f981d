"""Use-case: ask now and then whether desks still work, note what is broken with how to mend it, and tell people once."""

from __future__ import annotations

import structlog

from hub.errors import ConnectorError
from hub.limits import Rule
from hub.ports import SupportsCheck
from hub.runtime import Hub

log = structlog.get_logger()
OFTEN = Rule(1, 300)


async def check(hub: Hub) -> None:
    """At most every five minutes, whichever process asks."""
    for name, desk in hub.desks.items():
        if isinstance(desk, SupportsCheck) and await hub.limits.hit(f"check:{name}", OFTEN):
            await _check(hub, str(name), desk)


async def _check(hub: Hub, name: str, desk: SupportsCheck) -> None:
    """What works again is forgotten; what broke is told where people are, as long as anything can be told there."""
    found = await desk.troubles()
    news = [one for one in found if await hub.store.pages.broke(name, one.kind, one.said, one.mend)]
    await hub.store.pages.works(name, [one.kind for one in found])
    for one in news:
        log.error("desk.broken", desk=name, kind=one.kind, said=one.said, mend=one.mend)
    if news:
        try:
            await desk.alert(news)
        except ConnectorError as exc:
            log.error("desk.alert_failed", desk=name, error=str(exc))
