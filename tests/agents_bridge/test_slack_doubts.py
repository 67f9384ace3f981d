"""Asked first: a reply in a conversation that is settled, or that a colleague has, leaves when its author says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from agents_bridge.slack.beside import alert_text
from agents_bridge.slack.manifest import SCOPES
from agents_bridge.slack.telling import told
from hub import checking
from hub.people import Trouble
from hub.store.tables import Conversation
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_limits import LOCALES, LONGEST, TEXT, message
from tests.databases import fresh_store
from tests.hub.hubs import only, settle
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    slack.workspace.people["U2BO"]["email"] = "bo@shop.example"
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    await store.agents.invite("bo@shop.example", "Bo", "agent")
    options: dict[str, Any] = {"who_answers": "agents", "ask_first": True, "escalation": "C0URGENT"}
    async with room(slack, store, redis_url, prefix, tmp_path / "files", **options) as made:
        yield made
    await store.close()


async def test_in_a_resolved_conversation_the_author_is_asked_and_may_reopen(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.press(thread, "fd_resolve"))
    await at.hears(at.slack.reply(thread, "One more *thing*"))
    assert at.phone.texts == [] and (await only(at.hub.store, Conversation))["status"] == "resolved"
    assert "resolved" in at.whispers()[-1]
    await at.hears(at.slack.answer("fd_say"))
    await at.hears(at.slack.answer("fd_say"))
    assert at.phone.texts == ["One more thing"], "once, however often it is pressed"
    assert (await only(at.hub.store, Conversation))["status"] == "open"


async def test_in_a_colleagues_conversation_the_author_is_asked_by_name(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "On its way", "U2BO"))
    await at.hears(at.slack.reply(thread, "It is lost"))
    assert at.phone.texts == ["On its way"] and "Bo has this conversation" in at.whispers()[-1]
    await at.hears(at.slack.answer("fd_keep"))
    assert at.phone.texts == ["On its way"]
    await at.hears(at.slack.answer("fd_say"))
    assert at.phone.texts == ["On its way", "It is lost"]
    await at.hears(at.slack.reply(thread, "Sorry", "U2BO"))
    assert at.phone.texts[-1] == "Sorry", "whose it is, is not asked"


async def test_a_forged_id_sends_nothing(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "On its way", "U2BO"))
    await at.hears(at.slack.reply(thread, "It is lost"))
    for forged in ("T0TEAM:C0SUPPORT:1.1", "", "x" * 3000):
        press = at.slack.answer("fd_say")
        press.payload["actions"][0]["value"] = forged
        await press.done()
    await settle(at.hub)
    assert at.phone.texts == ["On its way"]
    assert "Not sent after all" in at.whispers()[-1], "to whom pressed it was said that it is sent"


async def test_a_missing_scope_is_told_where_people_are_with_what_it_costs_and_how_to_mend_it(at: Room) -> None:
    at.slack.scopes = [name for name in SCOPES if name != "files:read"]
    await checking._check(at.hub, "slack", at.desk)
    await checking._check(at.hub, "slack", at.desk)
    [told] = [post for post in at.slack.posts() if post["channel"] == "C0URGENT"]
    assert "files:read" in told["text"] and "do not reach customers" in told["text"] and "install the app again" in told["text"]
    assert [place for place, *_ in await at.hub.store.troubles.all()] == ["slack"]
    at.slack.scopes = list(SCOPES)
    await checking._check(at.hub, "slack", at.desk)
    assert await at.hub.store.troubles.all() == []


async def test_a_token_that_serves_no_more_stands_where_agents_look(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await checking.check(at.hub)
    assert await at.hub.store.troubles.all() == []
    monkeypatch.setattr("tests.servers.slack.TOKEN", "another")
    await checking._check(at.hub, "slack", at.desk)
    [(place, said, mend)] = await at.hub.store.troubles.all()
    assert place == "slack" and "invalid_auth" in said and "bot_token" in mend


@LONGEST
@LOCALES
def test_questions_and_alerts_of_everything(long: str, locale: Literal["en", "zh"]) -> None:
    for about in ("settled", "theirs"):
        message(told(about, {"name": long, "note": "T0TEAM:C0SUPPORT:1700000000.000100"}, locale)["blocks"])
    assert len(alert_text([Trouble("k", long, long)] * 50, locale)) <= TEXT
