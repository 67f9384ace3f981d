"""Conversations in two languages in Slack, through the real SDK: translations in customers' posts, `!tr`, menu, shortcut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.translators import translator_of
from connectors.translators.settings import Service
from hub import interpreting
from hub.store.tables import Conversation
from hub.translation import TranslationRules
from tests.agents_bridge.desk_hubs import Room, room
from tests.databases import fresh_store
from tests.fakes import answered, said
from tests.hub.hubs import only, rows, settle
from tests.servers.slack import SlackServer
from tests.servers.translation import TranslationServer, translation_server

WHERE, LEAVES, LEAVES_ZH = "我的订单在哪里？", "Your order leaves today.", "您的订单今天发出。"


@pytest.fixture
async def service() -> AsyncIterator[TranslationServer]:
    async with translation_server() as server:
        yield server


@pytest.fixture
async def at(slack: SlackServer, service: TranslationServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path, lanes=1)
    own = translator_of(Service.model_validate({"type": "libretranslate", "api_url": service.url, "timeout": 10}))
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        made.hub.translator = own
        made.hub.translation = TranslationRules.model_validate({"enabled": True, "agents": "en", "hold": 60})
        yield made
    await own.aclose()
    await store.close()


async def work(at: Room) -> None:
    """The jobs, until nothing is left to do."""
    for _ in range(3):
        await settle(at.hub)
        await interpreting.run(at.hub, 5.0)
    await settle(at.hub)


async def writes(at: Room, *texts: str) -> str:
    """A customer writes Chinese; returns the thread."""
    await settle(at.hub, *(said(text, locale="zh-CN") for text in texts))
    head = at.slack.posts()[0]
    thread = f"{head['channel']}:{head['ts']}"
    await work(at)
    return thread


async def test_the_first_line_has_its_translation_below_it_in_the_head_and_the_card_stays(at: Room) -> None:
    thread = await writes(at, WHERE)
    assert at.head(thread) == [WHERE, "🌐 Where is my order?"]
    assert "fd_claim" in at.card(thread)
    await at.hears(at.slack.press(thread, "fd_claim"))
    assert at.head(thread) == [WHERE, "🌐 Where is my order?"], "a card that is drawn anew keeps it"


async def test_later_lines_have_theirs_in_their_own_post_which_stays_one(at: Room) -> None:
    thread = await writes(at, "你好")
    await settle(at.hub, said(WHERE), said("*第二* <b>行</b>"))
    before = len(at.slack.posts(thread))
    await work(at)
    (post,) = [post for post in at.slack.workspace.thread(thread)[1:] if WHERE in post["text"]]
    assert post["text"].split("\n") == [
        WHERE,
        "🌐 Where is my order?",
        "\u2217第二\u2217 &lt;b&gt;行&lt;/b&gt;",
        "🌐 [en] \u2217第二\u2217 &lt;b&gt;行&lt;/b&gt;",
    ]
    assert len(at.slack.posts(thread)) == before, "nothing new was posted"


async def test_what_can_t_be_translated_says_why_below_the_line(at: Room, service: TranslationServer) -> None:
    service.behaviour.next("revoked")
    thread = await writes(at, WHERE)
    assert at.head(thread) == [WHERE, "🌐 Not translated: LibreTranslate answered 403: Invalid API key"]


async def test_the_agent_sees_what_the_customer_got(at: Room) -> None:
    thread = await writes(at, WHERE)
    await at.hears(at.slack.reply(thread, LEAVES))
    assert at.phone.texts == []
    await work(at)
    assert at.phone.texts == [LEAVES_ZH]
    assert f"🌐 The customer got, in Chinese: {LEAVES_ZH}" in at.lines(thread)


async def test_the_words_and_the_menu_switch_it_in_one_thread(at: Room, service: TranslationServer) -> None:
    thread = await writes(at, WHERE)
    await at.hears(at.slack.reply(thread, "!tr off"))
    assert (await only(at.hub.store, Conversation))["translate"] == "off"
    await at.hears(at.slack.reply(thread, LEAVES))
    assert at.phone.texts == [LEAVES]
    await at.hears(at.slack.choose(thread, "fd_more", "translate"))
    assert (await only(at.hub.store, Conversation))["translate"] == "on"
    await at.hears(at.slack.reply(thread, "!翻译 关"))
    assert (await only(at.hub.store, Conversation))["translate"] == "off"
    await at.hears(at.slack.reply(thread, "!tr perhaps"))
    assert len(at.phone.texts) == 1, "a word that is not understood never leaves"
    shown = at.lines(thread)
    assert "🌐 Anna: this conversation is no longer translated" in shown
    assert "🌐 Anna: this conversation is translated from now on" in shown


async def test_one_message_is_translated_by_its_own_menu(at: Room, service: TranslationServer) -> None:
    at.hub.translation = TranslationRules.model_validate({"agents": "en"})
    thread = await writes(at, "你好")
    await settle(at.hub, said(WHERE))
    await work(at)
    assert service.asked == []
    post = at.slack.workspace.thread(thread)[-1]
    await at.hears(at.slack.shortcut(thread, post["ts"], "fd_translate"))
    await work(at)
    assert service.texts == [WHERE]
    assert at.slack.workspace.thread(thread)[-1]["text"] == f"{WHERE}\n🌐 Where is my order?"


async def test_without_a_service_who_asks_is_told_so(at: Room) -> None:
    at.hub.translator = None
    thread = await writes(at, WHERE)
    await at.hears(at.slack.reply(thread, "!tr on"))
    assert any("config/translation.yaml" in line for line in at.whispers())


async def test_a_long_line_shows_its_translation_although_a_changed_text_may_be_a_tenth_as_long(at: Room) -> None:
    thread = await writes(at, "你好")
    await settle(at.hub, said("订单" * 700))
    await work(at)
    post = at.slack.workspace.thread(thread)[-1]
    shown = "".join(block["text"]["text"] for block in post["blocks"])
    assert shown.startswith("订单" * 700) and "🌐 [en] 订单" in shown


async def test_who_said_what_stays_in_a_post_of_several(at: Room) -> None:
    """Lines of two people that waited together are one post, with their names in it."""
    thread, talk = await writes(at, "你好"), await only(at.hub.store, Conversation)
    await settle(at.hub, said(WHERE), answered("I look", conversation=talk["id"]))
    await work(at)
    (post,) = [post for post in at.slack.workspace.thread(thread)[1:] if WHERE in post["text"]]
    assert "I look" in post["text"] and not post.get("username"), "a post of two"
    line = next(line for line in post["text"].split("\n") if WHERE in line)
    assert line.startswith("*") and line.endswith(f": {WHERE}")
    assert "🌐 Where is my order?" in post["text"]


async def test_over_which_channel_a_merged_line_came_stays(at: Room) -> None:
    thread = await writes(at, "你好")
    await settle(at.hub, said("你好", customer="ann2", locale="zh-CN"))
    one, two = await rows(at.hub.store, Conversation)
    await at.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")
    await at.hears(at.slack.reply(thread, f"!merge {two['id']}"))
    await work(at)
    await settle(at.hub, said(WHERE, customer="ann2"), said("在吗？"))
    await work(at)
    (post,) = [post for post in at.slack.workspace.thread(thread)[1:] if WHERE in post["text"]]
    lines = post["text"].split("\n")
    assert " · via phone*" in next(line for line in lines if WHERE in line)
    assert "🌐 Where is my order?" in lines
