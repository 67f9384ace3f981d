"""Matters are settled from Slack: with a reason, with a rating that the customer is asked for or is not, and the card tells what
came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents_bridge.slack import blocks
from agents_bridge.slack.resolving import wish_in
from hub.model import Choice
from hub.store.rating_tables import Rating
from hub.store.tables import Conversation
from hub.surveys import SurveyRules
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import NOON, card
from tests.conftest import until
from tests.databases import fresh_store
from tests.fakes import TEXT_ONLY, said
from tests.hub.hubs import Phone, only, rows, settle
from tests.servers.slack import SlackServer

BUTTONS = replace(TEXT_ONLY, parts=frozenset({"text", "choices"}), options_limit=8)


@asynccontextmanager
async def surveyed(slack: SlackServer, redis_url: str, prefix: str, folder: Path, **rules: Any) -> AsyncIterator[Room]:
    store = await fresh_store(folder)
    more: dict[str, Any] = {"phone": Phone(BUTTONS), "survey": SurveyRules(**rules)}
    async with room(slack, store, redis_url, prefix, folder / "files", **more) as made:
        yield made
    await store.close()


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    """Customers are asked where whoever resolves says so."""
    async with surveyed(slack, redis_url, prefix, tmp_path, enabled=True, when="chosen") as made:
        yield made


@pytest.fixture
async def always(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    async with surveyed(slack, redis_url, prefix, tmp_path, enabled=True) as made:
        yield made


async def radio(at: Room, thread: str, choice: str, why: str = "") -> None:
    """Resolve by the modal."""
    n = len(at.slack.accepted.of("view"))
    await at.hears(at.slack.press(thread, "fd_why"))
    await until(lambda: len(at.slack.accepted.of("view")) > n)
    options = at.slack.accepted.of("view")[-1]["view"]["blocks"][0]["element"]["options"]
    option = next(one for one in options if one["value"] == choice)
    await at.hears(at.slack.submit(survey={"selected_option": option}, why={"value": why}))


async def test_who_resolves_in_the_modal_asks_for_a_rating_and_the_card_shows_the_answer(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, "Hi"))
    await radio(at, thread, "ask", "sent a new one")
    talk = await only(at.hub.store, Conversation)
    assert talk["status"] == "resolved" and (await only(at.hub.store, Rating))["score"] == 0
    shown = at.card(thread)
    assert "1 min · 2 messages · rating asked" in shown and "★" not in shown
    choice = Choice(id=f"rate:{talk['id']}:5", text="★★★★★ Very good")
    await settle(at.hub, said("").model_copy(update={"parts": (choice,)}))
    shown = at.card(thread)
    assert "2 messages · ★ 5" in shown and "rating asked" not in shown
    assert "“Hello”" in shown, "the answer is no matter of theirs"


async def test_who_resolves_as_configured_or_declines_asks_for_none(at: Room) -> None:
    thread = await at.customer("Hello")
    await radio(at, thread, "usual")
    assert await rows(at.hub.store, Rating) == [] and "rating" not in at.card(thread)


async def test_a_rating_that_is_always_asked_for_is_declined_in_the_modal(always: Room) -> None:
    thread = await always.customer("Hello")
    await radio(always, thread, "spare")
    assert await rows(always.hub.store, Rating) == []


@pytest.mark.parametrize("words", ["!resolve +survey sent a new one", "！解决 已补发 ＋评价", "!done +rating"])
async def test_a_word_in_the_thread_asks(at: Room, words: str) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, words))
    assert (await only(at.hub.store, Rating))["score"] == 0
    assert "rating asked" in at.card(thread)


@pytest.mark.parametrize(("words", "asked"), [("!resolve -survey rude", 0), ("!解决 -评价", 0), ("!resolve rude", 1)])
async def test_a_word_in_the_thread_declines(always: Room, words: str, asked: int) -> None:
    thread = await always.customer("Hello")
    await always.hears(always.slack.reply(thread, words))
    assert len(await rows(always.hub.store, Rating)) == asked


async def test_where_no_survey_is_configured_the_modal_asks_only_for_a_reason(
    slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    async with surveyed(slack, redis_url, prefix, tmp_path, enabled=True, channels={"phone": False}) as at:
        thread = await at.customer("Hello")
        await at.hears(at.slack.press(thread, "fd_why"))
        await until(lambda: at.slack.accepted.of("view"))
        fields = at.slack.accepted.of("view")[-1]["view"]["blocks"]
        assert [one["block_id"] for one in fields] == ["why"]
        await at.hears(at.slack.submit(why={"value": "was rude"}))
        assert (await only(at.hub.store, Conversation))["status"] == "resolved"


async def test_help_names_the_words(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, "!help"))
    await until(lambda: at.whispers())
    assert "+survey" in at.whispers()[-1] and "-survey" in at.whispers()[-1]


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("+survey why not", (True, "why not")),
        ("why not -survey", (False, "why not")),
        ("-评价", (False, "")),
        ("the +survey was broken", (None, "the +survey was broken")),
        ("", (None, "")),
    ],
)
def test_a_wish_stands_at_an_end_of_the_reason(rest: str, found: tuple[bool | None, str]) -> None:
    assert wish_in(rest) == found


@pytest.mark.parametrize(
    ("minutes", "en", "zh"),
    [(0, "1 min", "1 分钟"), (17, "17 min", "17 分钟"), (125, "2 h 5 min", "2 小时 5 分钟"), (3000, "2 d 2 h", "2 天 2 小时")],
)
def test_a_settled_matter_says_how_long_it_took(minutes: int, en: str, zh: str) -> None:
    facts = card(status="resolved", resolved_at=NOON + timedelta(minutes=minutes), messages=6, rating=0)
    assert f" · {en} · 6 messages · rating asked" in str(blocks.card(facts, "en"))
    assert f" · {zh} · 6 条消息 · 已请客户评价" in str(blocks.card(facts, "zh"))


async def test_the_headline_quotes_what_the_customer_said_last(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "On its way"))
    await at.hears(at.slack.reply(thread, "!prio high"))
    shown = at.slack.workspace.thread(thread)[0]
    assert "“Where is my order?”" in shown["text"] and "“Where is my order?”" in at.card(thread)
    assert "On its way" not in at.card(thread)
