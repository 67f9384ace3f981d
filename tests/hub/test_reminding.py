"""Agents who do not come: told once, alone, in their own waking hours, and of what is new."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.errors import Temporary, Uncertain
from hub.model import AgentId, ExternalId
from hub.notices import NoticeRules, quiet_s
from hub.notify import send_due
from hub.outcomes import expire
from hub.ports import Pace
from hub.store.tables import Conversation, Delivery, Message, Notice
from tests.fakes import answered
from tests.hub.calling import Calling, again, given, later
from tests.hub.hubs import deliver, desks, only, put, rows, settle, take_in


async def test_who_was_given_something_and_does_not_come_is_told_once_with_the_way_there(make_hub: Any) -> None:
    slack = Calling()
    hub, talk, _ = await given(make_hub, slack)
    await again(hub)
    assert slack.alone == [], "not yet"
    due = (await only(hub.store, Notice))["due_ms"]
    assert abs(due - await hub.store.sweeping.clock() - 600_000) < 20_000
    for _ in range(3):
        await later(hub)
    [(person, about, facts)] = slack.alone
    assert (person, about) == ("T:U2BO", "assigned")
    assert facts["customer"] == "Ann" and facts["thread"] == "C1:1" and facts["url"].endswith(f"#c={talk}")
    assert facts["by"] == "Bo", "the console's agent is called so here"


@pytest.mark.parametrize("how", ["wrote", "noted", "read in the console", "resolved", "given to somebody else", "off now"])
async def test_who_has_been_there_is_left_alone(make_hub: Any, how: str) -> None:
    slack = Calling()
    hub, talk, bo = await given(make_hub, slack)
    mine = {"conversation": talk}
    if how in ("wrote", "noted"):
        reply = answered("hi", kind="reply" if how == "wrote" else "note", **mine)
        await settle(hub, reply.model_copy(update={"agent": ExternalId(bo)}))
    elif how == "read in the console":
        await hub.store.agents.has_read(bo, talk, 99)
    elif how == "resolved":
        await settle(hub, answered("", kind="resolve", **mine))
    elif how == "given to somebody else":
        await settle(hub, answered("", kind="assign", assignee=AgentId("c" * 32), **mine))
    else:
        hub.notices = NoticeRules()
    await later(hub)
    assert [one for one in slack.alone if one[0] == "T:U2BO"] == []


async def test_a_colleagues_call_in_the_thread_is_followed_up(make_hub: Any) -> None:
    slack = Calling()
    hub, _, _ = await given(make_hub, slack)
    await put(hub.store, Notice, {}, state="needless")
    calls = {"calls": ["T:U2BO", "T:U9NOBODY", "T:U2BO", "agent1"]}
    await settle(hub, answered("@Bo can you?", thread="C1:1", desk="slack", kind="note", data=calls))
    await later(hub)
    [(person, about, facts)] = slack.alone
    assert (person, about, facts["by"]) == ("T:U2BO", "mention", "Bo"), "who is no agent gets nothing"


async def test_who_was_told_and_came_is_told_again_of_what_is_new(make_hub: Any) -> None:
    slack = Calling()
    hub, _, bo = await given(make_hub, slack)
    await later(hub)
    call = answered("@Bo can you?", thread="C1:1", desk="slack", kind="note", data={"calls": ["T:U2BO"]})
    await settle(hub, call)
    await later(hub)
    assert len(slack.alone) == 1, "they know, and have not been there since"
    note = answered("looking", thread="C1:1", desk="slack", kind="note")
    await settle(hub, note.model_copy(update={"agent": ExternalId(bo)}))
    await settle(hub, call.model_copy(update={"id": ExternalId("another")}))
    await later(hub)
    assert len(slack.alone) == 2


async def test_a_notices_call_is_followed_up_too(make_hub: Any) -> None:
    slack = Calling()
    hub, _, _ = await given(make_hub, slack, unseen={"after": 60}, unanswered={"after": "1m"})
    await put(hub.store, Notice, {}, state="needless")
    await put(hub.store, Conversation, {}, waiting_ms=await hub.store.sweeping.clock() - 90_000)
    await again(hub)
    assert slack.alone == []
    await later(hub)
    assert [(one[0], one[1], one[2]["by"]) for one in slack.alone] == [("T:U2BO", "mention", "Frontdesk")]


async def test_quiet_hours_are_by_their_own_clock_and_end(make_hub: Any) -> None:
    slack = Calling()
    quiet = {"timezone": "UTC", "start": "22:00", "end": "07:00"}
    hub, _, _ = await given(make_hub, slack, unseen={"after": 60}, quiet_hours=quiet)
    slack.zone = "Asia/Shanghai"
    day = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    hub.now = lambda: day
    await later(hub)
    assert slack.alone == [], "half past eleven at night where they are"
    notice = await only(hub.store, Notice)
    wait = (notice["due_ms"] - await hub.store.sweeping.clock()) / 1000
    assert (notice["state"], notice["tries"]) == ("queued", 0) and abs(wait - 7.5 * 3600) < 30
    hub.now = lambda: day.replace(hour=23, minute=1)
    await later(hub)
    assert len(slack.alone) == 1, "a minute past seven"


def test_quiet_hours_without_a_zone_and_with_one_that_is_none() -> None:
    rules = NoticeRules.model_validate({"quiet_hours": {"timezone": "Europe/Berlin", "start": "00:00", "end": "06:00"}})
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert quiet_s(rules, night, "") == quiet_s(rules, night, "Mars/Olympus") == quiet_s(rules, night, "../etc") == 3.5 * 3600
    assert quiet_s(rules, night.replace(hour=12), "") == 0 == quiet_s(NoticeRules(), night, "")


async def test_two_workers_tell_once(make_hub: Any) -> None:
    slack = Calling()
    hub, _, _ = await given(make_hub, slack)
    other = await make_hub(desks=desks(slack=slack), notices=hub.notices)
    await put(hub.store, Notice, {}, due_ms=1)
    await asyncio.gather(send_due(hub), send_due(other))
    await asyncio.gather(take_in(hub), take_in(other))
    await asyncio.gather(deliver(hub), deliver(other))
    await settle(hub)
    assert len(slack.alone) == 1


async def test_a_worker_that_died_while_it_told_somebody_is_not_repeated(make_hub: Any) -> None:
    """Nobody can be asked whether it arrived: once at most is right for it."""
    slack = Calling()
    hub, _, _ = await given(make_hub, slack)
    await put(hub.store, Notice, {}, due_ms=1)
    await send_due(hub)
    await take_in(hub)
    call = await only(hub.store, Delivery, kind="direct")
    await put(hub.store, Delivery, {"id": call["id"]}, state="sending", lease_ms=1, attempt=1, owner="dead")
    for lane in range(hub.store.lanes):
        await expire(hub, lane)
    await later(hub)
    assert slack.alone == [] and (await only(hub.store, Delivery, kind="direct"))["state"] == "unknown"


async def test_a_limit_is_waited_out_and_a_silence_is_not_repeated(make_hub: Any) -> None:
    slack = Calling()
    hub, _, _ = await given(make_hub, slack)
    slack.capabilities = replace(slack.capabilities, pace=Pace(0.001))
    slack.fail = [Temporary("slow down", retry_after=0.01, paused=True)]
    slack.after = [Uncertain("no answer")]
    await later(hub)
    await asyncio.sleep(0.1)
    for _ in range(3):
        await settle(hub)
    assert len(slack.alone) == 1 and (await only(hub.store, Delivery, kind="direct"))["state"] == "unknown"
    assert await rows(hub.store, Message, kind="status") == [], "no customer's matter"
    assert await hub.limits.wait("slack:C1", Pace(0.001)) == 0, "and lines for customers' threads did not wait for it"
