"""Use-case: draw the pages of people at desks anew when what they show has changed, within the platform's pace."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from hub.errors import ConnectorError, Temporary
from hub.installs import SupportsParts
from hub.model import DeskName, ExternalId
from hub.people import Health, Page, Seen
from hub.ports import Pace, SupportsPage
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.store.listing import Listed
from hub.store.pages import Reader

log = structlog.get_logger()
SHOWN = 15
"""Conversations in each list of a page."""
PACE = Pace(1.4, 10)
"""Pages a second at one desk: platforms take about a hundred a minute."""
FIGURES_S = 60.0
DAY_S = 86_400


class Pages:
    """The pages that one process draws; the day's figures are counted once a minute for all of them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._counted: tuple[float, tuple[int, dict[tuple[str, str], int]]] | None = None

    async def run(self) -> None:
        """Look at every page that is due; those that show already what they should are left alone."""
        readers = await self._hub.store.pages.due()
        if not readers:
            return
        queue = await self._hub.store.pages.open_of("", SHOWN)
        shared = {"queued": await self._hub.store.pages.count_queue(), "health": await self._health()}
        staff = await self._hub.store.staff.all()
        shared["here"] = sum(one.present for one in staff)
        there = {one.id: one for one in staff}
        for reader in readers:
            own = there.get(reader.agent_id)
            facts = shared | {"load": own.load if own else 0, "present": bool(own and own.present)}
            may_read = "read" in self._hub.access.rights_of(reader.role)
            await self._draw(reader, await self._page(reader, queue, facts) if may_read else None)

    async def _draw(self, reader: Reader, page: Page | None) -> None:
        desk = self._hub.desks.get(DeskName(reader.desk))
        mark = hashlib.sha256(repr(page).encode()).hexdigest()[:16]
        if not isinstance(desk, SupportsPage) or mark == reader.shown:
            return
        part = desk.part_of(reader.person) if isinstance(desk, SupportsParts) else ""
        pace = f"{reader.desk}:#page{part}"
        if await self._hub.limits.wait(pace, PACE) > 0:
            return
        try:
            await desk.show(ExternalId(reader.person), page)
        except ConnectorError as exc:
            log.warning("page.not_shown", desk=reader.desk, error=str(exc))
            if isinstance(exc, Temporary) and exc.retry_after:
                await self._hub.limits.pause(pace, exc.retry_after, PACE)
        else:
            await self._hub.store.pages.shown(reader, mark)

    async def _page(self, reader: Reader, queue: Sequence[Listed], shared: dict[str, Any]) -> Page:
        mine = await self._hub.store.pages.open_of(reader.agent_id, SHOWN)
        threads = await self._hub.store.pages.threads(reader.desk, [one.id for one in (*mine, *queue)])
        new, done = await self._figures()
        return Page(
            name=reader.name,
            may_act="answer" in self._hub.access.rights_of(reader.role),
            until=datetime.fromtimestamp(reader.until_ms / 1000, UTC) if reader.until_ms else None,
            reason=reader.reason,
            capacity=capacity_of(self._hub.routing, reader.email),
            mine=[self._seen(one, threads) for one in mine],
            queue=[self._seen(one, threads) for one in queue],
            new=new,
            answered=done.get(("message", reader.agent_id), 0),
            resolved=done.get(("resolved", reader.agent_id), 0),
            **shared,
        )

    def _seen(self, one: Listed, threads: dict[str, str]) -> Seen:
        url = f"{self._hub.public_url}/console/#c={one.id}" if self._hub.public_url else ""
        names = (one.channel, one.customer_name, one.preview, one.agent_name, one.team)
        due = datetime.fromtimestamp(one.due_ms / 1000, UTC) if one.due_ms else None
        return Seen(*names, one.waiting_since, url, one.id, threads.get(one.id, ""), due)

    async def _figures(self) -> tuple[int, dict[tuple[str, str], int]]:
        now = time.monotonic()
        if self._counted is None or now - self._counted[0] > FIGURES_S:
            since = id_at(self._hub.now().timestamp() - DAY_S)
            self._counted = (now, await self._hub.store.pages.figures(since))
        return self._counted[1]

    async def _health(self) -> list[Health]:
        """Every channel and desk, those that are broken with what broke first."""
        broken = [Health(*one) for one in await self._hub.store.troubles.all()]
        names = {one.name for one in broken}
        return broken + [Health(name) for name in sorted({*map(str, self._hub.connectors), *map(str, self._hub.desks)} - names)]


def id_at(seconds: float) -> str:
    """The smallest id that is made at a moment or later (UUIDv7)."""
    return uuid.UUID(int=int(seconds * 1000) << 80).hex


def capacity_of(rules: RoutingRules, email: str) -> int:
    """How many open conversations routing gives an agent at most, in the team that gives them most."""
    teams = [(team, team.members[email]) for team in rules.teams.values() if email in team.members]
    return max((own.capacity or team.capacity or rules.capacity for team, own in teams), default=rules.capacity)
