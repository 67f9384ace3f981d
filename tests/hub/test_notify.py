"""Notices: when nobody answers, agents are called once; who left before the answer came gets it by e-mail once."""

from __future__ import annotations

import asyncio
from email import message_from_string
from email.policy import default
from typing import Any

import orjson
import pytest

from hub import sweep
from hub.model import AgentId
from hub.notices import NoticeRules
from hub.notify import TRIES, send_due
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Conversation, Identity, Message, Notice
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import data_of, desks, named, only, put, rows, settle, take_in, text_of
from tests.hub.listeners import Listener, MailServer, WebServer

apprise_imports_imghdr = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""apprise asks for a module of Python's own that 3.13 drops, and has a stand-in for it (apprise, utils/pgp.py)."""


def rules(**given: Any) -> NoticeRules:
    return NoticeRules.model_validate(given)


async def waits(hub: Hub, seconds: float, column: str = "waiting_ms", **where: Any) -> None:
    """Let somebody have waited so long, by the database's clock."""
    await put(hub.store, Conversation, where, **{column: await hub.store.sweeping.clock() - int(seconds * 1000)})


async def round_of_notices(hub: Hub) -> None:
    """One sweep, one job, and what that brings to the desks."""
    await sweep.run(hub)
    await send_due(hub)
    await settle(hub)


async def calls_in(hub: Hub) -> list[str]:
    """The lines that called an agent."""
    return [text_of(row) for row in await rows(hub.store, Message) if data_of(row).get("mention")]


async def test_when_nobody_answers_the_thread_calls_once(make_hub: Any) -> None:
    slack = FakeDesk()
    hub = await make_hub(desks=desks(slack=slack), notices=rules(unanswered={"after": "5m"}))
    await settle(hub, said("anybody there?", profile=named("Ann")))
    await waits(hub, 240)
    await round_of_notices(hub)
    assert await calls_in(hub) == [], "not yet"
    await waits(hub, 360)
    for _ in range(3):
        await round_of_notices(hub)
    assert await calls_in(hub) == ["Ann has been waiting on phone for 6 min"]
    assert slack.threads["C1:1"] == ["anybody there?", "Ann has been waiting on phone for 6 min"]
    assert (await only(hub.store, Notice))["state"] == "sent"
    entry = await only(hub.store, Message, kind="note")
    assert (entry["cs"], data_of(entry)["mention"]) == (None, "*")


async def test_the_agent_who_has_it_is_called_by_name(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=FakeDesk()), notices=rules(unanswered={"after": 60}))
    await settle(hub, said("hi"))
    talk = await only(hub.store, Conversation)
    await settle(hub, answered("", conversation=talk["id"], kind="assign", assignee=AgentId("bo")))
    await waits(hub, 100)
    await round_of_notices(hub)
    assert data_of(await only(hub.store, Message, kind="note"))["mention"] == "bo"


async def test_a_new_wait_is_a_new_notice(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=FakeDesk()), notices=rules(unanswered={"after": 60}))
    await settle(hub, said("hi"))
    talk = await only(hub.store, Conversation)
    await waits(hub, 100)
    await round_of_notices(hub)
    await settle(hub, answered("hello", conversation=talk["id"]))
    await round_of_notices(hub)
    await settle(hub, said("and now?"))
    await waits(hub, 70)
    await round_of_notices(hub)
    assert len(await calls_in(hub)) == 2


async def test_who_answers_in_time_is_not_called(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=FakeDesk()), notices=rules(unanswered={"after": 60}))
    await settle(hub, said("hi"))
    talk = await only(hub.store, Conversation)
    await waits(hub, 100)
    await sweep.run(hub)
    await settle(hub, answered("hello", conversation=talk["id"]))
    await send_due(hub)
    await settle(hub)
    assert await calls_in(hub) == []


async def test_two_workers_call_once(make_hub: Any) -> None:
    given = {"desks": desks(slack=FakeDesk()), "notices": rules(unanswered={"after": 60})}
    one, two = await make_hub(**given), await make_hub(**given)
    await settle(one, said("hi"))
    await waits(one, 100)
    await asyncio.gather(sweep.run(one), sweep.run(two))
    await asyncio.gather(send_due(one), send_due(two))
    await settle(one)
    assert len(await calls_in(one)) == 1
    assert len(await rows(one.store, Notice)) == 1


async def test_only_the_teams_that_want_it_are_called(make_hub: Any) -> None:
    notices = rules(unanswered={"after": 60, "teams": ["billing"]})
    hub = await make_hub(desks=desks(slack=FakeDesk()), notices=notices)
    await settle(hub, said("hi", customer="ann"), said("hi", customer="bob"))
    _, bob = await rows(hub.store, Conversation)
    await put(hub.store, Conversation, {"id": bob["id"]}, team="billing")
    await waits(hub, 100)
    await round_of_notices(hub)
    assert [row["conversation_id"] for row in await rows(hub.store, Message, kind="note")] == [bob["id"]]


@apprise_imports_imghdr
async def test_apprise_is_told_with_personal_data_masked(make_hub: Any) -> None:
    async with WebServer().listening() as web:
        url = f"json://127.0.0.1:{web.port}/"
        hub = await make_hub(notices=rules(unanswered={"after": 60, "mention": False, "apprise": [url]}))
        await take_in(hub, said("call me at ann@example.com"))
        await waits(hub, 100)
        for _ in range(2):
            await round_of_notices(hub)
    (told,) = map(orjson.loads, web.heard)
    assert "has been waiting on phone for 2 min" in told["title"]
    assert "ann@example.com" not in told["message"]
    assert f"#c={(await only(hub.store, Conversation))['id']}" in told["message"]


@apprise_imports_imghdr
async def test_what_could_not_be_sent_is_tried_again_and_then_stands_as_failed(make_hub: Any) -> None:
    async with WebServer().listening() as web:
        web.broken = True
        url = f"json://127.0.0.1:{web.port}/secret-path"
        hub = await make_hub(notices=rules(unanswered={"after": 60, "apprise": [url]}))
        await take_in(hub, said("hi"))
        await waits(hub, 100)
        await round_of_notices(hub)
        notice = await only(hub.store, Notice)
        assert (notice["state"], notice["tries"]) == ("queued", 1)
        assert notice["due_ms"] > await hub.store.sweeping.clock() + 30_000, "later, and later each time"
        assert "secret" not in notice["error"]
        for _ in range(TRIES + 2):
            await put(hub.store, Notice, {}, due_ms=0)
            await send_due(hub)
        notice = await only(hub.store, Notice)
        assert (notice["state"], notice["tries"]) == ("failed", TRIES)
        web.broken = False
        await put(hub.store, Notice, {}, due_ms=0)
        await round_of_notices(hub)
        assert web.heard == []


async def test_in_quiet_hours_agents_are_left_alone_until_they_are_over(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    notices = rules(unanswered={"after": 60}, quiet_hours={"start": "22:00", "end": "07:00"})
    hub = await make_hub(desks=desks(slack=FakeDesk()), notices=notices)
    await settle(hub, said("hi"))
    await waits(hub, 100)
    day = hub.now()
    hub.now = lambda: day.replace(hour=23, minute=30)
    await round_of_notices(hub)
    assert await calls_in(hub) == []
    hub.now = lambda: day.replace(hour=7, minute=30)
    await round_of_notices(hub)
    assert len(await calls_in(hub)) == 1


def mailing(mail: Listener) -> NoticeRules:
    server = {"host": "127.0.0.1", "port": mail.port, "tls": "none", "sender": "Help <help@example.com>"}
    return rules(left={"after": "5m"}, smtp=server)


async def left(hub: Hub, **more: Any) -> dict[str, Any]:
    """A customer on a page asks, gets an answer, and is not there to see it."""
    profile = named("Ann", more.pop("email", "ann@example.com"))
    await settle(hub, said("when?", channel=more.pop("channel", "page"), profile=profile, **more))
    talk = (await rows(hub.store, Conversation))[-1]
    await settle(hub, answered("tomorrow", conversation=talk["id"]))
    return talk


async def test_who_left_gets_the_answer_by_mail_once(make_hub: Any) -> None:
    async with MailServer().listening() as mail:
        hub = await make_hub(notices=mailing(mail))
        talk = await left(hub)
        await waits(hub, 240, "unread_ms")
        await round_of_notices(hub)
        assert mail.heard == [], "not yet"
        await waits(hub, 360, "unread_ms")
        for _ in range(3):
            await round_of_notices(hub)
    (told,) = mail.heard
    letter = message_from_string(told, policy=default)
    assert letter["To"] == "ann@example.com"
    assert letter["From"] == "Help <help@example.com>"
    assert talk["id"] in str(letter["Message-ID"])
    assert "tomorrow" in letter.get_content()
    assert "Hello Ann" in letter.get_content()


@pytest.mark.parametrize("how", ["no address", "has read it", "wrote again", "rules without it"])
async def test_who_needs_no_mail_gets_none(make_hub: Any, how: str) -> None:
    async with MailServer().listening() as mail:
        hub = await make_hub(notices=NoticeRules() if how == "rules without it" else mailing(mail))
        talk = await left(hub, email="" if how == "no address" else "ann@example.com")
        await waits(hub, 360, "unread_ms")
        if how == "has read it":
            who = await only(hub.store, Identity)
            assert await hub.store.logs.read_up_to(who["id"], who["head"])
        elif how == "wrote again":
            await settle(hub, said("thanks", channel="page"))
        await round_of_notices(hub)
        assert mail.heard == []
        assert talk["id"]


async def test_who_got_the_answer_on_their_channel_needs_no_mail(make_hub: Any) -> None:
    async with MailServer().listening() as mail:
        hub = await make_hub(notices=mailing(mail))
        await left(hub, channel="phone")
        assert len(hub.connectors["phone"].sent) == 1
        await waits(hub, 360, "unread_ms")
        await round_of_notices(hub)
        assert mail.heard == []


async def test_a_mail_server_that_is_away_is_tried_again(make_hub: Any) -> None:
    async with MailServer().listening() as mail:
        mail.broken = True
        hub = await make_hub(notices=mailing(mail))
        await left(hub)
        await waits(hub, 360, "unread_ms")
        await round_of_notices(hub)
        notice = await only(hub.store, Notice)
        assert (notice["kind"], notice["state"], notice["tries"]) == ("left", "queued", 1)
        assert "ann@example.com" not in notice["error"]
        mail.broken = False
        await put(hub.store, Notice, {}, due_ms=0)
        await round_of_notices(hub)
        assert len(mail.heard) == 1
        assert (await only(hub.store, Notice))["state"] == "sent"


async def test_a_worker_that_died_with_a_notice_leaves_it_to_the_next(hub: Hub, store: Store) -> None:
    await take_in(hub, said("hi"))
    waiting = (await store.sweeping.unanswered(-1000))[0]
    assert await store.sweeping.queue_notice(waiting, "unanswered")
    assert not await store.sweeping.queue_notice(waiting, "unanswered"), "one for each wait"
    assert len(await store.sweeping.take_notices(60_000, ("unanswered",))) == 1
    assert await store.sweeping.take_notices(60_000, ("unanswered",)) == [], "somebody has it"
    await put(store, Notice, {}, due_ms=1)
    assert len(await store.sweeping.take_notices(60_000, ("unanswered",))) == 1, "its lease is over"
