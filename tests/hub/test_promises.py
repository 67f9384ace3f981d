"""What was promised: due in business hours, by team, channel and priority; told of once when it is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hub import sweep
from hub.notify import send_due
from hub.promises import Promises
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.store.tables import Conversation, Notice
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import desks, named, only, put, rows, settle, take_in

TARGETS = {
    "targets": [
        {"priorities": ["urgent"], "first": "5m", "next": "1m"},
        {"teams": ["sales"], "channels": ["page"], "resolve": "2d"},
        {"first": "15m", "next": "30m", "resolve": "8h"},
    ]
}


async def promising(make_hub: Any, **more: Any) -> Hub:
    hub: Hub = await make_hub(promises=Promises.model_validate(TARGETS), **more)
    return hub


async def due(hub: Hub) -> tuple[str, int]:
    """For what the one conversation is due, and in how many seconds from its beginning."""
    row = await only(hub.store, Conversation)
    return row["due_kind"], round(row["due_ms"] / 1000 - row["at"].timestamp()) if row["due_ms"] else 0


async def test_first_next_and_resolution_are_due_in_turn(make_hub: Any) -> None:
    hub = await promising(make_hub)
    start = hub.now()
    hub.now = lambda: start
    await take_in(hub, said("hello"))
    talk = (await only(hub.store, Conversation))["id"]
    kind, seconds = await due(hub)
    assert (kind, abs(seconds - 900) <= 2) == ("first", True)
    await take_in(hub, said("are you there?"))
    assert (await due(hub)) == (kind, seconds), "the wait began with the first line"
    await take_in(hub, answered("yes", conversation=talk))
    assert await due(hub) == ("resolve", 8 * 3600)
    await take_in(hub, said("and?"))
    kind, seconds = await due(hub)
    assert (kind, abs(seconds - 1800) <= 5) == ("next", True)
    await take_in(hub, answered("", conversation=talk, kind="priority", data={"level": 3}))
    kind, seconds = await due(hub)
    assert (kind, abs(seconds - 60) <= 5) == ("next", True)
    await take_in(hub, answered("", conversation=talk, kind="resolve"))
    assert await due(hub) == ("", 0)
    await take_in(hub, answered("", conversation=talk, kind="reopen"))
    await take_in(hub, answered("", conversation=talk, kind="priority", data={"level": 0}))
    assert await due(hub) == ("resolve", 8 * 3600)


async def test_what_sleeps_is_not_due_and_teams_have_their_own(make_hub: Any) -> None:
    hub = await promising(make_hub, routing=RoutingRules.model_validate({"strategy": "manual", "teams": {"sales": {}}}))
    await take_in(hub, said("hello", channel="page"))
    talk = (await only(hub.store, Conversation))["id"]
    await take_in(hub, answered("", conversation=talk, kind="assign", team="sales"))
    assert await due(hub) == ("resolve", 2 * 86400)
    later = (hub.now() + timedelta(days=1)).isoformat()
    await take_in(hub, answered("", conversation=talk, kind="snooze", data={"until": later}))
    assert await due(hub) == ("", 0)


async def test_only_business_hours_count(make_hub: Any) -> None:
    week = {"default": {"timezone": "Asia/Shanghai", "week": {"mon-fri": "09:00-18:00"}}}
    hub = await promising(make_hub, routing=RoutingRules.model_validate({"strategy": "manual", "hours": week}))
    await take_in(hub, said("hello"))
    talk = await only(hub.store, Conversation)
    waiting = datetime.fromtimestamp(talk["waiting_ms"] / 1000, UTC)
    hours = hub.routing.hours["default"]
    at = datetime.fromtimestamp(talk["due_ms"] / 1000, UTC)
    assert hours.worked(waiting, at) == pytest.approx(900, abs=0.01)
    assert hours.worked(waiting, at - timedelta(seconds=1)) < 900


async def test_what_is_late_is_told_once(make_hub: Any) -> None:
    slack = FakeDesk()
    hub = await promising(make_hub, desks=desks(slack=slack))
    await settle(hub, said("hello", profile=named("Ann")))
    await sweep.run(hub)
    assert await rows(hub.store, Notice) == []
    now = await hub.store.sweeping.clock()
    await put(hub.store, Conversation, {}, waiting_ms=now - 18 * 60_000, due_ms=now - 3 * 60_000)
    for _ in range(3):
        await sweep.run(hub)
        await send_due(hub)
        await settle(hub)
    assert slack.threads["C1:1"] == ["hello", "Ann on phone: what was promised is 3 min late"]
    notice = await only(hub.store, Notice)
    assert (notice["kind"], notice["state"]) == ("overdue", "sent")
    assert (await due(hub))[0] == "first", "it is still due"


@pytest.mark.parametrize("wrong", [{}, {"first": "soon"}, {"first": 0}, {"priorities": ["high!"], "next": 1}])
def test_targets_that_say_nothing_are_mistakes(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Promises.model_validate({"targets": [wrong]})
