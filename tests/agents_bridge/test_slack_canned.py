"""Canned replies in Slack: by a word, and by a modal that searches, fills and lets agents edit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agents_bridge.slack.canned import CANNED, PICK, TEXT, TEXT_LIMIT, canned_view, options
from hub.canned import CannedReplies
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import hook
from tests.conftest import until
from tests.databases import fresh_store
from tests.servers.slack import SlackServer

READY = CannedReplies.model_validate(
    {
        "replies": [
            {
                "name": "thanks",
                "title": "Thanks for waiting",
                "text": {"zh": "谢谢，我是{agent}", "*": "Thanks, {agent} here on {channel}"},
            },
            {"name": "退款", "title": "Refund", "text": "{name}: refunds take 3 days & more <soon>"},
        ]
    }
)


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files", canned=READY) as made:
        yield made
    await store.close()


async def test_a_word_sends_a_canned_reply_filled_and_the_thread_shows_it(at: Room) -> None:
    thread = await at.customer("Hello")
    told = await at.hears(at.slack.reply(thread, "!r thanks"))
    assert at.phone.texts == ["Thanks, Anna here on phone"]
    assert any("Thanks, Anna here on phone" in one for one in at.lines(thread))
    await at.hears(at.slack.edit(thread, told.ts, "!r 退款"))
    assert (at.phone.texts, at.phone.changes) == (["Thanks, Anna here on phone"], [])


@pytest.mark.parametrize(("text", "said"), [("!r thank", "!r thanks"), ("！快捷 nothing", "退款"), ("!r", "退款")])
async def test_a_word_that_names_none_sends_nothing_and_lists_what_there_is(at: Room, text: str, said: str) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, text))
    await until(lambda: at.whispers())
    assert said in at.whispers()[0] and at.phone.texts == []


async def test_the_cards_button_searches_shows_and_sends_what_was_edited(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.press(thread, CANNED))
    await until(lambda: at.slack.accepted.of("view"))
    await at.hears(at.slack.submit())
    assert at.phone.texts == []
    await at.hears(at.slack.pick(PICK, "thanks"))
    await until(lambda: len(at.slack.accepted.of("view")) == 2)
    field = at.slack.accepted.of("view")[-1]["view"]["blocks"][1]
    assert field["element"]["initial_value"] == "Thanks, {agent} here on phone"
    chosen: dict[str, Any] = {f"{TEXT}thanks": {"value": "Thanks a lot, {agent} here"}}
    sent = at.slack.submit(**chosen)
    await at.hears(sent)
    assert at.phone.texts == ["Thanks a lot, Anna here"]


async def test_the_list_is_searched_by_name_title_and_text(at: Room) -> None:
    async def listed(query: str) -> list[str]:
        body = {"type": "block_suggestion", "action_id": PICK, "value": query, "team": {"id": "T0TEAM"}}
        found = await at.desk.receive(hook(body, form=True))
        return [one["value"] for one in json.loads(found.body)["options"]]

    assert await listed("") == ["thanks", "退款"]
    assert await listed("REFUND") == await listed("3 days") == ["退款"]
    assert await listed("nothing of the kind") == []


@pytest.mark.parametrize("long", ["汉" * 4000, "👩‍👩‍👧‍👦" * 500, '"\\\n' * 1300])
def test_the_modal_stays_within_the_limits(long: str) -> None:
    many = [{"name": f"reply{n}", "title": long[:150], "text": long} for n in range(150)]
    ready = CannedReplies.model_validate({"replies": many})
    shown = options(ready, "")
    assert len(shown) == 100 and all(0 < len(one["text"]["text"]) <= 75 and len(one["value"]) <= 150 for one in shown)
    facts = {"name": "{agent}" * 20, "locale": "zh-CN", "channel": "wechat", "team": "汉" * 80}
    view = canned_view(ready, "C0:1.1", facts, "zh", "reply7")
    assert len(view["blocks"][1]["element"]["initial_value"]) <= TEXT_LIMIT and len(view["private_metadata"]) <= 3000
    assert all(len(view[name]["text"]) <= 24 for name in ("title", "submit", "close"))
