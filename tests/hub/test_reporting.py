"""Reports against a naive recount of the whole log: any order of acts, any page size, several processes, business hours."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from hub.errors import Undeliverable
from hub.hours import Hours
from hub.model import AgentId, AgentReply, Message
from hub.reporting import Report, gather, report, spread
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.store.rating_tables import Rating
from hub.store.report_tables import Milestone
from hub.store.reports import Scope
from hub.store.tables import Conversation
from hub.store.tables import Message as MessageRow
from tests.fakes import FakeConnector, answered, said
from tests.hub.hubs import channels, rows, settle, take_in

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SHOP = {
    "timezone": "Asia/Shanghai",
    "week": {"mon-fri": "09:00-12:00, 13:30-18:00", "sat": "22:00-02:00"},
    "holidays": ["2026-03-06"],
}
RULES = {"strategy": "manual", "teams": {"sales": {"hours": "shop"}, "care": {}}, "hours": {"shop": SHOP, "default": SHOP}}
EVERYTHING = Scope(START - timedelta(days=2), START + timedelta(days=60))


class Clock:
    """A hub's time, in whole minutes."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


async def live(hub: Hub, seed: int, steps: int) -> None:
    """Customers and agents do anything in any order, while the facts are gathered in pages of any size."""
    chance, clock = random.Random(seed), Clock()
    hub.now = clock
    agents = [await hub.store.agents.invite(f"{name}@example.com", name, "agent") for name in ("ann", "bo")]
    for n in range(steps):
        clock.at += timedelta(minutes=chance.choice((0, 1, 7, 90, 700)))
        talks = await rows(hub.store, Conversation)
        if not talks or chance.random() < 0.4:
            await take_in(hub, said("hello", customer=f"c{chance.randrange(8)}", channel=chance.choice(("phone", "page"))))
        else:
            await take_in(hub, act(chance, chance.choice(talks)["id"], agents))
        if n % 5 == 0:
            await gather(hub, page=chance.choice((1, 2, 7, 1000)), pages=chance.choice((1, 3)))
    while await gather(hub, page=13):
        pass


def act(chance: random.Random, talk: str, agents: list[str]) -> AgentReply | Message:
    kind = chance.choice(("reply", "reply", "note", "resolve", "resolve", "reopen", "assign"))
    more: dict[str, Any] = {"kind": kind}
    if kind == "assign":
        more |= {"assignee": AgentId(chance.choice((*agents, ""))) or None, "team": chance.choice(("", "sales", "care"))}
    return answered("hi" if kind in ("reply", "note") else "", conversation=talk, **more)


def open_minutes(hours: Hours, start: datetime, end: datetime) -> int:
    """Counted one by one."""
    return sum(hours.open_at(start + timedelta(minutes=n)) for n in range(round((end - start).total_seconds() / 60)))


async def recount(hub: Hub) -> list[dict[str, Any]]:
    """What happened in each conversation, from its entries alone."""
    entries = defaultdict(list)
    for row in await rows(hub.store, MessageRow):
        entries[row["conversation_id"]].append(row)
    hours, found = Hours.model_validate(SHOP), []
    for talk in await rows(hub.store, Conversation):
        own = entries[talk["id"]]
        said = [row for row in own if row["kind"] == "message"]
        asked = next((row["stored_at"] for row in said if row["author_kind"] == "customer"), None)
        replies = [row["stored_at"] for row in said if row["author_kind"] == "agent" and asked]
        ends = [row for row in own if row["kind"] in ("resolved", "reopened")]
        resolved = ends[-1]["stored_at"] if ends and ends[-1]["kind"] == "resolved" else None
        one = {"id": talk["id"], "channel": talk["channel"], "team": talk["team"], "agent": talk["agent_id"]}
        one |= {"opened": own[0]["stored_at"], "answered": replies[0] if replies else None, "resolved": resolved}
        one["first"] = open_minutes(hours, asked, replies[0]) * 60 if asked and replies else None
        one["resolution"] = open_minutes(hours, asked or own[0]["stored_at"], resolved) * 60 if resolved else None
        found.append(one)
    return found


def same(made: Report, facts: list[dict[str, Any]]) -> None:
    """Every figure, in all and by every part."""
    for what, took in (("opened", None), ("answered", "first"), ("resolved", "resolution")):
        counted = [one for one in facts if one[what]]
        assert getattr(made.total, what) == len(counted)
        for name, tallies in (("channel", made.channels), ("team", made.teams), ("agent", made.agents)):
            for key, tally in tallies.items():
                assert getattr(tally, what) == sum(one[name] == key for one in counted), (what, name, key)
        for day, tally in made.days.items():
            assert getattr(tally, what) == sum(one[what].astimezone(ZONE).date() == day for one in counted), (what, day)
        if took is not None:
            times = [one[took] for one in counted]
            assert sorted(getattr(made.total, took)) == sorted(times)
            told = made.total.figures()[took]
            assert (told["median"] if told else None) == (median(times) if times else None)


@pytest.mark.parametrize("seed", [2, 3])
async def test_every_figure_is_what_a_naive_recount_finds(make_hub: Any, seed: int) -> None:
    hub = await make_hub(
        connectors=channels(phone=FakeConnector(), page=FakeConnector()), routing=RoutingRules.model_validate(RULES)
    )
    await live(hub, seed, 80)
    facts = await recount(hub)
    assert sum(bool(one["answered"]) for one in facts) > 3
    assert sum(bool(one["resolved"]) for one in facts) > 3
    same(await report(hub, EVERYTHING), facts)
    for what in ("opened", "answered", "resolved"):
        for narrowed in ({}, {"channel": "phone"}, {"team": "sales"}, {"team": ""}, {"agent": facts[0]["agent"]}):
            scope = Scope(START, START + timedelta(days=9), **narrowed)
            wanted = [one for one in facts if one[what] and scope.since <= one[what] < scope.until]
            wanted = [one for one in wanted if all(one[name] == value for name, value in narrowed.items())]
            assert getattr((await report(hub, scope)).total, what) == len(wanted)
            listed = await pages(hub, scope, what)
            assert sorted(listed) == sorted(one["id"] for one in wanted)
            times = {one["id"]: one[what] for one in wanted}
            assert [times[id] for id in listed] == sorted((times[id] for id in listed), reverse=True)


async def pages(hub: Hub, scope: Scope, measure: str, most: int = 3) -> list[str]:
    """All pages of the conversations behind a number."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page, cursor = await hub.store.reports.conversations(scope, measure, "me", ["phone", "page"], before=cursor, most=most)
        found += [row.id for row in page]
    return found


async def test_two_processes_that_gather_at_once_count_nothing_twice(make_hub: Any) -> None:
    one, other = await make_hub(), await make_hub()
    for n in range(30):
        await take_in(one, said("hello", customer=f"c{n}"))
    await asyncio.gather(*(gather(hub, page=4, pages=20) for hub in (one, other, one, other)))
    while await gather(one):
        pass
    assert await one.store.reports.behind() == 0
    assert len(await rows(one.store, Milestone)) == 30
    assert (await report(one, Scope(datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)))).total.opened == 30


async def test_what_waits_and_what_failed_is_counted_and_listed(make_hub: Any) -> None:
    phone = FakeConnector()
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("one", customer="a"), said("two", customer="b"))
    first, second = [row["id"] for row in await rows(hub.store, Conversation)]
    phone.fail.append(Undeliverable("blocked"))
    await settle(hub, answered("no", conversation=first))
    await settle(hub, answered("yes", conversation=second))
    await gather(hub)
    scope = Scope(datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1))
    made = await report(hub, scope)
    assert (made.total.failed, made.channels["phone"].failed) == (1, 1)
    assert len(made.delays["phone"]) == 1
    assert await pages(hub, scope, "failed") == [first]
    assert sorted(await pages(hub, scope, "open", most=1)) == sorted([first, second])
    waiting = sum(count for _, count in made.backlog.values())
    assert len(await pages(hub, scope, "waiting", most=1)) == waiting


async def test_ratings_are_counted_by_everything_that_they_belong_to(make_hub: Any) -> None:
    hub = await make_hub()
    await take_in(hub, *(said("hello", customer=f"c{n}") for n in range(4)))
    talks = await rows(hub.store, Conversation)
    at = datetime.now(UTC)
    told = [(5, "a" * 32, "sales"), (2, "a" * 32, "care"), (4, "b" * 32, "sales"), (0, "b" * 32, "care")]
    made = [
        {"conversation_id": talk["id"], "identity_id": talk["identity_id"], "channel": "phone", "asked_at": at, "score": score}
        | {"answered_at": at if score else None, "agent_id": agent, "team": team}
        for talk, (score, agent, team) in zip(talks, told, strict=True)
    ]
    async with hub.store.db.write() as connection:
        await connection.execute(insert(Rating), made)
    scope = Scope(at - timedelta(hours=1), at + timedelta(hours=1))
    found = await report(hub, scope)
    assert (found.total.rated, found.total.figures()["score"]) == (3, round(11 / 3, 2))
    assert {name: sorted(tally.scores) for name, tally in found.teams.items()} == {"sales": [4, 5], "care": [2]}
    assert {name[0]: sorted(tally.scores) for name, tally in found.agents.items()} == {"a": [2, 5], "b": [4]}
    assert sorted(await pages(hub, scope, "rated", most=2)) == sorted(talk["id"] for talk in talks[:3])
    assert await pages(hub, Scope(scope.since, scope.until, team="care"), "rated") == [talks[1]["id"]]


def test_business_time_is_what_counting_minutes_finds() -> None:
    hours, chance = Hours.model_validate(SHOP), random.Random(4)
    for _ in range(40):
        start = START + timedelta(minutes=chance.randrange(20_000))
        end = start + timedelta(minutes=chance.randrange(6_000))
        worked = open_minutes(hours, start, end)
        assert hours.worked(start, end) == worked * 60
        if worked:
            due = hours.after(start, worked * 60)
            assert due is not None
            assert due <= end
            assert hours.worked(start, due) == worked * 60
    assert Hours(week={}).after(START, 1) is None


def test_overlapping_shifts_count_once() -> None:
    hours = Hours.model_validate({"week": {"mon": "09:00-17:00, 12:00-20:00", "sun": "20:00-10:00"}})
    day = datetime(2026, 3, 2, tzinfo=UTC)
    assert hours.worked(day, day + timedelta(days=1)) == 20 * 3600


def test_spreads() -> None:
    assert spread([]) is None
    assert spread([5]) == {"median": 5, "p90": 5}
    assert spread(list(range(1, 12))) == {"median": 6, "p90": 10}
