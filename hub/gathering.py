"""Use-case: in a rush, tell in one post of ten conversations whose threads wait for the pace of a desk's place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import structlog

from hub.calling import RUSH
from hub.model import ChannelName
from hub.pages import id_at
from hub.ports import SupportsDigest
from hub.runtime import Hub
from hub.store.gathering import Unopened

log = structlog.get_logger()
TOGETHER = 10
"""Conversations in one post: fewer that wait are opened as soon as it would be posted."""
LATELY_S = 60.0
MOST = 500


async def look(hub: Hub) -> None:
    """See whether some place has more new conversations than it can open threads for."""
    for name, desk in hub.desks.items():
        if isinstance(desk, SupportsDigest) and desk.digest_after:
            await _look(hub, str(name), desk.digest_after, desk.place)


async def _look(hub: Hub, name: str, after: int, place_of: Callable[[ChannelName, str], str]) -> None:
    waiting = await hub.store.gathering.unopened(name, MOST)
    if len(waiting) < TOGETHER:
        return
    lately: dict[str, int] = defaultdict(int)
    for (channel, team), count in (await hub.store.gathering.begun(name, id_at(hub.now().timestamp() - LATELY_S))).items():
        lately[place_of(ChannelName(channel), team)] += count
    there: dict[str, list[Unopened]] = defaultdict(list)
    for one in waiting:
        there[place_of(ChannelName(one.channel), one.team)].append(one)
    for place, found in there.items():
        if lately[place] <= after:
            continue
        for n in range(0, len(found) - TOGETHER + 1, TOGETHER):
            if await hub.store.gathering.gather(name, RUSH, found[n : n + TOGETHER]):
                log.info("desk.rush", desk=name, place=place, lately=lately[place], waiting=len(found))
                hub.jobs.hint_deliver([found[n].lane])
