"""Answers from Slack that need a second thought: taken back before they leave, asked about, or not delivered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub import accepting
from hub.errors import Uncertain, Undeliverable
from hub.model import ExternalId, ThreadId
from hub.ports import Window
from hub.store.agent_tables import Audit
from hub.store.tables import Conversation, Delivery, Message
from tests.agents_bridge.desk_hubs import Room, room
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import EDITABLE, only, put, rows, settle, take_in, text_of
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files", undo_s=20) as made:
        yield made
    await store.close()


async def later(at: Room) -> None:
    """The time for taking answers back is over."""
    await put(at.hub.store, Delivery, {"target": "phone"}, due_ms=1)
    await settle(at.hub)


async def told(at: Room) -> str:
    """What the author alone reads last, once it is there."""
    await settle(at.hub)
    return at.whispers()[-1]


async def test_an_answer_is_taken_back_before_it_leaves_and_the_platform_is_never_called(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "In the bin"))
    assert at.phone.begun == [] and "20" in at.whispers()[-1]
    await at.hears(at.slack.answer("fd_undo"))
    assert "had not left" in await told(at)
    await later(at)
    assert at.phone.begun == []
    assert [row["state"] for row in await rows(at.hub.store, Delivery, target="phone")] == ["cancelled"]
    assert [row["kind"] for row in await rows(at.hub.store, Message)][-1] == "delete"


async def test_who_undoes_too_late_is_told_and_what_nobody_undoes_leaves(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "On its way"))
    await later(at)
    assert at.phone.texts == ["On its way"]
    await at.hears(at.slack.answer("fd_undo"))
    assert "left already" in await told(at)
    assert at.phone.texts == ["On its way"]


async def test_a_stuck_platforms_answer_is_marked_on_its_way_until_it_is_sent(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "AFTER_MS", 200)
    thread = await at.customer("Where is my order?")
    at.phone.gate.clear()
    told_of = at.slack.reply(thread, "It left")
    await told_of.done()
    ts = at.slack.accepted.of("reply")[-1]["ts"]
    channel = thread.partition(":")[0]

    def marks() -> list[str]:
        return [one["name"] for one in at.slack.workspace.message(channel, ts).get("reactions") or ()]

    await take_in(at.hub)
    await put(at.hub.store, Delivery, {"target": "phone"}, due_ms=1)
    delivering = asyncio.create_task(settle(at.hub))
    try:
        await until(lambda: marks() == ["outbox_tray"])
    finally:
        at.phone.gate.set()
        await delivering
    await settle(at.hub)
    assert marks() == ["white_check_mark"]
    name = ExternalId(f"T0TEAM:{channel}:{ts}")
    await at.desk.mark(name, "accepted", ThreadId(thread))
    assert marks() == ["white_check_mark"], "one that comes too late gives way"


async def test_the_last_answer_that_a_channel_takes_is_asked_about_first(at: Room) -> None:
    at.phone.capabilities = replace(EDITABLE, window=Window(48 * 3600, 2))
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "One moment"))
    await later(at)
    await at.hears(at.slack.reply(thread, "It left *yesterday* <https://x.example|here>"))
    assert at.phone.texts == ["One moment"]
    asked = await told(at)
    assert "takes 1 more" in asked and "It left yesterday" in asked
    await at.hears(at.slack.answer("fd_say"))
    await later(at)
    assert at.phone.texts == ["One moment", "It left yesterday here (https://x.example)"]
    await at.hears(at.slack.answer("fd_say"))
    await later(at)
    assert len(at.phone.texts) == 2, "pressed twice, sent once"


async def test_what_was_asked_about_and_kept_stays_a_note(at: Room) -> None:
    at.phone.capabilities = replace(EDITABLE, window=Window(48 * 3600, 1))
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "It left"))
    await at.hears(at.slack.answer("fd_keep"))
    await later(at)
    assert at.phone.begun == []
    assert [(row["kind"], text_of(row)) for row in await rows(at.hub.store, Message, kind="note")] == [("note", "It left")]


async def test_where_a_channel_cannot_change_what_was_sent_a_correction_is_offered(at: Room) -> None:
    at.phone.capabilities = replace(EDITABLE, edit=False)
    thread = await at.customer("When?")
    told_of = at.slack.reply(thread, "On Mnday")
    await at.hears(told_of)
    await later(at)
    ts = at.slack.accepted.of("reply")[-1]["ts"]
    await at.hears(at.slack.edit(thread, ts, "On Monday"))
    assert "can't change what was sent" in await told(at)
    assert at.phone.texts == ["On Mnday"] and at.phone.changes == []
    await at.hears(at.slack.answer("fd_say"))
    await later(at)
    assert at.phone.texts == ["On Mnday", "On Monday"]


async def failed(at: Room, error: Exception, **more: str) -> str:
    """A thread with an answer that the platform did not take."""
    thread = await at.customer("Where is my order?")
    at.phone.fail = [error]
    if more:
        at.slack.echo = True
        await at.hears(at.slack.upload(thread, more["name"], b"%PDF-1.4", more["mime"]))
    else:
        await at.hears(at.slack.reply(thread, "On its way"))
    await later(at)
    return thread


def buttons(at: Room, thread: str) -> list[str]:
    """What the newest line of trouble offers."""
    blocks = next(one["blocks"] for one in reversed(at.slack.workspace.thread(thread)[1:]) if one.get("blocks"))
    return [button["action_id"].rsplit("_", 1)[0] for block in blocks for button in block.get("elements") or ()]


async def test_what_the_platform_refused_is_shown_in_its_words_and_sent_again_or_made_a_note(at: Room) -> None:
    thread = await failed(at, Undeliverable("Forbidden: bot was blocked by the user", "403"))
    assert "bot was blocked by the user" in at.lines(thread)[-1]
    assert buttons(at, thread) == ["fd_resend", "fd_note"]
    at.phone.fail = [Undeliverable("Forbidden: bot was blocked by the user", "403")]
    await at.hears(at.slack.press(thread, "fd_resend"))
    await at.hears(at.slack.press(thread, "fd_note"))
    assert at.phone.texts == []
    assert {row["state"] for row in await rows(at.hub.store, Delivery, target="phone")} == {"cancelled"}
    assert [text_of(row) for row in await rows(at.hub.store, Message, kind="note")] == ["On its way"]
    await at.hears(at.slack.press(thread, "fd_resend"))
    assert at.phone.texts == [], "what is a note now does not leave after all"
    talk = await only(at.hub.store, Conversation)
    acts = await rows(at.hub.store, Audit, object=talk["id"], action="desk.resend")
    assert len(acts) == 3 and all("U1ANNA Anna" in row["actor"] for row in acts)


async def test_what_may_have_arrived_cannot_be_called_a_note(at: Room) -> None:
    thread = await failed(at, Uncertain("no answer"))
    assert buttons(at, thread) == ["fd_resend"]
    await at.hears(at.slack.press(thread, "fd_resend"))
    assert at.phone.texts == ["On its way"]


async def test_a_file_that_the_platform_refused_leaves_as_a_link(at: Room) -> None:
    at.phone.capabilities = replace(EDITABLE, parts=frozenset({"text", "media"}), media=frozenset({"file"}))
    thread = await failed(at, Undeliverable("file is too dangerous"), name="bill.pdf", mime="application/pdf")
    assert buttons(at, thread) == ["fd_resend", "fd_link", "fd_note"]
    await at.hears(at.slack.press(thread, "fd_link"))
    assert "bill.pdf" in at.phone.texts[-1] and "http" in at.phone.texts[-1]


async def test_a_reply_that_failed_is_sent_again_by_its_own_menu(at: Room) -> None:
    thread = await failed(at, Undeliverable("refused"))
    ts = at.slack.accepted.of("reply")[-1]["ts"]
    assert at.phone.texts == []
    await at.hears(at.slack.shortcut(thread, ts, "fd_again"))
    assert at.phone.texts == ["On its way"]
    await at.hears(at.slack.shortcut(thread, ts, "fd_again"))
    assert "nothing to send again" in await told(at)
    assert at.phone.texts == ["On its way"]
