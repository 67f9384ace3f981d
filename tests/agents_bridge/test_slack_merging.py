"""Two threads of one customer become one matter in Slack, by a word and by the menu, with a way to the other one and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents_bridge.slack.merging import other_of
from hub.store.tables import Conversation
from tests.agents_bridge.desk_hubs import Room, room
from tests.conftest import until
from tests.databases import fresh_store
from tests.fakes import said
from tests.hub.hubs import rows, settle
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def two_threads(at: Room, *, linked: bool = True) -> tuple[str, str, str]:
    """(the first thread, the second one, a link to the second)."""
    first = await at.customer("Where is my order?")
    await settle(at.hub, said("It is me again", customer="ann2"))
    (post,) = [one for one in at.slack.posts() if one["thread_ts"] and "It is me again" in one["text"]]
    second = f"{post['channel']}:{post['thread_ts']}"
    one, two = await rows(at.hub.store, Conversation)
    if linked:
        await at.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")
    channel, _, root = second.partition(":")
    return first, second, f"<https://team.slack.com/archives/{channel}/p{root.replace('.', '')}>"


async def statuses(at: Room) -> list[str]:
    return [talk["status"] for talk in await rows(at.hub.store, Conversation)]


async def test_a_word_merges_the_other_thread_and_another_parts_them(at: Room) -> None:
    first, second, link = await two_threads(at)
    await at.hears(at.slack.reply(first, f"!merge {link}"))
    assert await statuses(at) == ["open", "merged"]
    there, here = at.lines(second)[-1], at.lines(first)[-1]
    assert first.partition(":")[2].replace(".", "") in there and "Go on there" in there, "the old thread shows the way"
    assert second.partition(":")[2].replace(".", "") in here
    assert "Merged into another conversation" in at.card(second) and "fd_part" in at.card(second)
    await settle(at.hub, said("On the other line", customer="ann2"))
    assert "On the other line" in at.lines(first)[-1]
    assert not any("On the other line" in line for line in at.lines(second))
    shown = at.slack.workspace.thread(first)[-1]
    assert "via phone" in f"{shown.get('username')} {shown['text']}", "with its channel named"
    await at.hears(at.slack.reply(first, "On its way"))
    assert at.phone.sent[-1][:2] == ("ann2", "On its way"), "the answer goes where the customer wrote last"
    await at.hears(at.slack.reply(second, "Here too"))
    assert at.phone.sent[-1][:2] == ("ann2", "Here too"), "what is written in the old thread goes there by choice"
    await at.hears(at.slack.reply(first, "!part"))
    assert await statuses(at) == ["open", "open"]
    assert "go on by itself" in at.lines(second)[-1]


async def test_the_menu_asks_for_the_link_and_the_card_parts(at: Room) -> None:
    first, second, link = await two_threads(at)
    await at.hears(at.slack.press(first, "merge"))
    await until(lambda: at.slack.accepted.of("view"))
    await at.hears(at.slack.submit(merge_with={"value": link.strip("<>")}, why={"value": "same order"}))
    assert await statuses(at) == ["open", "merged"]
    assert "same order" in at.lines(first)[-1]
    await at.hears(at.slack.press(second, "fd_part"))
    assert await statuses(at) == ["open", "open"]


async def test_why_not_is_told_to_the_one_who_asked(at: Room) -> None:
    first, _, link = await two_threads(at, linked=False)
    await at.hears(at.slack.reply(first, f"!merge {link}"))
    assert await statuses(at) == ["open", "open"]
    assert "two customers" in at.whispers()[-1]
    await at.hears(at.slack.reply(first, "!part"))
    assert "nothing to part" in at.whispers()[-1]
    await at.hears(at.slack.reply(first, "!merge"))
    assert "lacks something" in at.whispers()[-1]
    assert at.phone.texts == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("https://t.slack.com/archives/C1/p1700000000123456", {"thread": "C1:1700000000.123456"}),
        ("<https://t.slack.com/archives/C1/p1700000001000000?thread_ts=17.12&amp;cid=C1>", {"thread": "C1:17.12"}),
        ("01a22442f2f672c9bfacbf65765e67a1", {"other": "01a22442f2f672c9bfacbf65765e67a1"}),
        ("<https://hub.example/console/#c=01a22442f2f672c9bfacbf65765e67a1>", {"other": "01a22442f2f672c9bfacbf65765e67a1"}),
        ("https://evil.example/p1", None),
        ("12", None),
    ],
)  # fmt: skip
def test_what_names_a_conversation(words: str, found: dict[str, str] | None) -> None:
    assert other_of(words) == found
