"""What was promised and is due: its owner is called soon, and where it is urgent it is posted late, each once."""

from __future__ import annotations

import asyncio
from typing import Any

from hub import sweep
from hub.errors import Uncertain
from hub.model import AgentId
from hub.notices import NoticeRules
from hub.notify import send_due
from hub.promises import Promises
from hub.store.tables import Conversation, Delivery, Message, Notice
from tests.fakes import answered, said
from tests.hub.calling import Calling, again
from tests.hub.hubs import data_of, desks, named, only, put, rows, settle, text_of

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
