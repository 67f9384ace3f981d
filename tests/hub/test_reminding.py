"""Agents who do not come: one message alone, in their own waking hours; and where it is urgent, one post for each stage."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub import sweep
from hub.errors import Temporary, Uncertain
from hub.model import AgentId, ChannelName, ExternalId, ThreadId
from hub.notices import NoticeRules, quiet_s
from hub.notify import send_due
from hub.outcomes import expire
from hub.people import Member
from hub.ports import IdempotencyKey, Pace
from hub.promises import Promises
from hub.runtime import Hub
from hub.store.tables import Conversation, Delivery, Message, Notice
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import data_of, deliver, desks, named, only, put, rows, settle, take_in, text_of


class Calling(FakeDesk):
    """A desk that reaches people alone, and has a place for what is urgent."""

    def __init__(self, place: str = "") -> None:
        super().__init__()
        self.urgent = place
        self.alone: list[tuple[str, str, dict[str, str]]] = []
        self.escalated: list[str] = []
        self.zone = ""
        self.after: list[Exception] = []

    async def person(self, agent: ExternalId) -> Member:
        return Member("Bo", "bo@shop.example" if str(agent).endswith("U2BO") else "", zone=self.zone)

    async def find(self, email: str) -> ExternalId | None:
        return ExternalId("T:U2BO") if email == "bo@shop.example" else None

    async def direct(self, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        if self.fail:
            raise self.fail.pop(0)
        self.alone.append((str(person), about, dict(facts)))
        if self.after:
            raise self.after.pop(0)

    def urgent_place(self, channel: ChannelName, team: str) -> str:
        return self.urgent

    async def escalate(self, place: str, thread: ThreadId | None, text: str, url: str, key: IdempotencyKey) -> ExternalId:
        self.escalated.append(f"{place} {thread} {text}")
        self.keys[str(key)] = "posted"
        if self.after:
            raise self.after.pop(0)
        return ExternalId("posted")


UNSEEN = {"unseen": {"after": "10m"}}


async def given(make_hub: Any, slack: Calling, **rules: Any) -> tuple[Hub, str, str]:
    """A conversation that a colleague has given to Bo; (hub, conversation, Bo)."""
    hub: Hub = await make_hub(desks=desks(slack=slack), notices=NoticeRules.model_validate(rules or UNSEEN))
    bo = await hub.store.agents.invite("bo@shop.example", "Bo", "agent")
    await settle(hub, said("hello", profile=named("Ann")))
    talk = (await only(hub.store, Conversation))["id"]
    agent = next(one.id for one in await hub.store.agents.everyone()) if not isinstance(bo, str) else bo
    await settle(hub, answered("", conversation=talk, kind="assign", assignee=AgentId(agent)))
    return hub, talk, agent


async def later(hub: Hub) -> None:
    """The time is over: a sweep, the job, and what it brings."""
    await put(hub.store, Notice, {"state": "queued"}, due_ms=1)
    await again(hub)


async def again(hub: Hub) -> None:
    await sweep.run(hub)
    await send_due(hub)
    await settle(hub)


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


PROMISED = Promises.model_validate({"targets": [{"first": "15m"}]})


async def test_soon_calls_the_owner_late_is_posted_where_it_is_urgent_each_once(make_hub: Any) -> None:
    slack = Calling("C0URGENT")
    hub = await make_hub(desks=desks(slack=slack), promises=PROMISED)
    await hub.store.agents.invite("bo@shop.example", "Bo", "agent")
    bo = (await hub.store.agents.everyone())[0].id
    await settle(hub, said("hello", profile=named("Ann")))
    talk = await only(hub.store, Conversation)
    assert (talk["warn_ms"] - talk["waiting_ms"], talk["due_ms"] - talk["waiting_ms"]) == (720_000, 900_000)
    await settle(hub, answered("", conversation=talk["id"], kind="assign", assignee=AgentId(bo)))
    now = await hub.store.sweeping.clock()
    await put(hub.store, Conversation, {}, warn_ms=now - 1000, due_ms=now + 179_000)
    for _ in range(3):
        await again(hub)
    mentions = [row for row in await rows(hub.store, Message) if data_of(row).get("mention")]
    assert [(text_of(row), data_of(row)["mention"]) for row in mentions] == [
        ("Ann on phone: what was promised is due in 3 min", bo)
    ]
    assert slack.escalated == []
    await put(hub.store, Conversation, {}, due_ms=now - 60_000)
    for _ in range(3):
        await again(hub)
    assert slack.escalated == ["C0URGENT C1:1 Ann on phone: what was promised is 1 min late"]
    assert len([row for row in await rows(hub.store, Message) if data_of(row).get("mention")]) == 1, "no second ping"


async def test_what_nobody_answers_is_urgent_later(make_hub: Any) -> None:
    slack = Calling("C0URGENT")
    rules = NoticeRules.model_validate({"unanswered": {"after": "2m", "escalate": "10m"}})
    hub = await make_hub(desks=desks(slack=slack), notices=rules)
    await settle(hub, said("hello", profile=named("Ann")))
    for minutes, posts in ((5, 0), (11, 1), (12, 1)):
        since = await hub.store.sweeping.clock() - minutes * 60_000
        talk = await only(hub.store, Conversation)
        if talk["waiting_ms"] > since and not slack.escalated:
            await put(hub.store, Conversation, {}, waiting_ms=since)
            await put(hub.store, Notice, {}, about_ms=since)
        await again(hub)
        assert len(slack.escalated) == posts
    assert slack.escalated == ["C0URGENT C1:1 Ann has been waiting on phone for 11 min"]
    calls = [row for row in await rows(hub.store, Message) if data_of(row).get("mention")]
    assert len(calls) == 1, "the thread was called once, by the first stage"


async def test_an_urgent_post_whose_answer_was_lost_is_found_again(make_hub: Any) -> None:
    slack = Calling("C0URGENT")
    hub = await make_hub(desks=desks(slack=slack), promises=PROMISED)
    await settle(hub, said("hello"))
    await put(hub.store, Conversation, {}, due_ms=await hub.store.sweeping.clock() - 1000)
    slack.after = [Uncertain("no answer")]
    await again(hub)
    await asyncio.sleep(0.3)
    await settle(hub)
    assert len(slack.escalated) == 1 and (await only(hub.store, Delivery, kind="urgent"))["state"] == "sent"


async def test_what_was_settled_in_the_night_is_not_called_late_in_the_morning(make_hub: Any) -> None:
    slack = Calling("C0URGENT")
    hub = await make_hub(desks=desks(slack=slack), promises=PROMISED)
    await settle(hub, said("hello"))
    talk = (await only(hub.store, Conversation))["id"]
    await put(hub.store, Conversation, {}, due_ms=await hub.store.sweeping.clock() - 1000)
    await sweep.run(hub)
    await settle(hub, answered("hi", conversation=talk))
    await send_due(hub)
    await settle(hub)
    assert slack.escalated == []


async def test_a_card_is_drawn_anew_when_what_is_due_changes(make_hub: Any) -> None:
    slack = Calling()
    hub = await make_hub(
        desks=desks(slack=slack), promises=Promises.model_validate({"targets": [{"first": "15m", "next": "5m"}]})
    )
    await settle(hub, said("hello"))
    talk = (await only(hub.store, Conversation))["id"]
    assert (slack.cards[-1].due_kind, slack.cards[-1].due_at is not None) == ("first", True)
    await settle(hub, answered("hi", conversation=talk))
    assert (slack.cards[-1].due_kind, slack.cards[-1].due_at) == ("", None)
    await settle(hub, said("and?"))
    assert slack.cards[-1].due_kind == "next"
    count = len(slack.cards)
    await settle(hub, said("hello?"))
    assert len(slack.cards) == count, "the wait has begun already"
