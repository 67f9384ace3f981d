"""Use-case: keep the facts that reports are made of, read from the log in the sweep, and make figures of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from statistics import quantiles
from typing import Any
from zoneinfo import ZoneInfo

from hub.hours import Hours
from hub.routing import hours_of
from hub.runtime import Hub
from hub.store.reports import Milestone, Scope, moved_on

PAGE = 1_000
PAGES = 5
"""Of one sweep: reports may be late, and nobody else waits for them."""


async def gather(hub: Hub, *, page: int = PAGE, pages: int = PAGES) -> int:
    """Read on in the log; returns how many entries were read."""
    read = 0
    for _ in range(pages):
        since = await hub.store.reports.read_up_to()
        steps = await hub.store.reports.steps(since, page)
        if not steps:
            break
        facts = await hub.store.reports.known(step.conversation_id for step in steps)
        for step in steps:
            if step.conversation_id in facts:
                facts[step.conversation_id] = _timed(hub, moved_on(facts[step.conversation_id], step))
        if not await hub.store.reports.keep(since, steps[-1].s, list(facts.values())):
            break
        read += len(steps)
        if len(steps) < page:
            break
    return read


def _timed(hub: Hub, one: Milestone) -> Milestone:
    """With how long the answer and the solution took, once they are there."""
    if one.answered_at is not None and one.first_s is None and one.asked_at is not None:
        one = replace(one, first_s=_took(hub, one.team, one.asked_at, one.answered_at))
    if one.resolved_at is not None and one.resolve_s is None:
        one = replace(one, resolve_s=_took(hub, one.team, one.asked_at or one.opened_at, one.resolved_at))
    return one


def _took(hub: Hub, team: str, start: datetime, end: datetime) -> int:
    hours = hours_of(hub.routing, team)
    return round(hours.worked(start, end) if hours is not None else max(0.0, (end - start).total_seconds()))


def zone_of(hub: Hub) -> str:
    """The time zone by which the inbox's days are told."""
    hours = hours_of(hub.routing, "") or next(iter(hub.routing.hours.values()), Hours())
    return hours.timezone


@dataclass(slots=True)
class Tally:
    """What was counted for one day, channel, team or agent."""

    opened: int = 0
    answered: int = 0
    resolved: int = 0
    rated: int = 0
    failed: int = 0
    first: list[float] = field(default_factory=list)
    resolution: list[float] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """As a report shows it."""
        counts = {name: getattr(self, name) for name in ("opened", "answered", "resolved", "rated", "failed")}
        score = round(sum(self.scores) / len(self.scores), 2) if self.scores else None
        return {**counts, "first": spread(self.first), "resolution": spread(self.resolution), "score": score}


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median and the ninth tenth; None of nothing."""
    if not values:
        return None
    if len(values) == 1:
        return {"median": values[0], "p90": values[0]}
    cuts = quantiles(values, n=10, method="inclusive")
    return {"median": cuts[4], "p90": cuts[8]}


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of a period: in all, by day, channel, team and agent, and what is open now."""

    total: Tally = field(default_factory=Tally)
    days: defaultdict[date, Tally] = field(default_factory=lambda: defaultdict(Tally))
    channels: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    teams: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    agents: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    backlog: dict[str, tuple[int, int]] = field(default_factory=dict)
    delays: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


async def report(hub: Hub, scope: Scope) -> Report:
    """The figures of a period."""
    store, zone = hub.store.reports, ZoneInfo(zone_of(hub))
    channels = [str(name) for name in hub.connectors]
    made = Report()

    def count(at: datetime, channel: str, team: str | None, agent: str | None, add: Callable[[Tally], None]) -> None:
        """To everything that this belongs to."""
        tallies = [made.total, made.days[at.astimezone(zone).date()], made.channels[channel]]
        tallies += [made.teams[team]] if team is not None else []
        tallies += [made.agents[agent]] if agent is not None else []
        for tally in tallies:
            add(tally)

    for what in ("opened", "answered", "resolved"):
        _count_facts(what, await store.facts(scope, what), count)
    for at, channel, team, agent, score in await store.ratings(scope):
        count(at, channel, team, agent, lambda tally, score=score: _rate(tally, score))  # type: ignore[misc]
    if scope.team is None and scope.agent is None:
        for at, channel, _ in await store.failures(scope, channels):
            count(at, channel, None, None, _fail)
        for channel, seconds in await store.delays(scope, channels):
            if scope.channel in (None, channel):
                made.delays[channel].append(seconds)
    made.backlog.update(await store.backlog(scope))
    return made


Count = Callable[[datetime, str, str | None, str | None, Callable[[Tally], None]], None]


def _count_facts(what: str, facts: Iterable[Milestone], count: Count) -> None:
    for one in facts:
        at = {"opened": one.opened_at, "answered": one.answered_at, "resolved": one.resolved_at}[what]
        took = {"opened": None, "answered": one.first_s, "resolved": one.resolve_s}[what]
        if at is not None:
            count(at, one.channel, one.team, one.agent_id, lambda tally, took=took: _add(tally, what, took))  # type: ignore[misc]


def _add(tally: Tally, what: str, took: int | None) -> None:
    setattr(tally, what, getattr(tally, what) + 1)
    if took is not None:
        (tally.first if what == "answered" else tally.resolution).append(took)


def _rate(tally: Tally, score: int) -> None:
    tally.rated += 1
    tally.scores.append(score)


def _fail(tally: Tally) -> None:
    tally.failed += 1
