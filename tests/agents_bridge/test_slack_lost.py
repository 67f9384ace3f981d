"""What people do to threads in Slack: a deleted card, with a real desk and real HTTP both ways; changes that customers make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents_bridge.slack.text import inert
from hub.model import Event, ExternalId
from tests.agents_bridge.desk_hubs import Room, room
from tests.databases import fresh_store
from tests.fakes import said
from tests.hub.hubs import settle
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


def roots(slack: SlackServer) -> list[str]:
    """Threads that have their first message, as "channel:ts"."""
    return [
        f"{place.id}:{ts}"
        for place in slack.workspace.places.values()
        for ts, one in place.messages.items()
        if "thread_ts" not in one
    ]


async def test_a_deleted_card_comes_back_with_what_was_said(at: Room) -> None:
    old = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(old, "On its way"))
    at.slack.delete(old, old.split(":")[1])
    await settle(at.hub, said("It is not here yet"))
    [new] = roots(at.slack)
    assert new != old
    text = "\n".join(at.lines(new))
    assert [text.index(words) for words in ("Where is my order?", "On its way", "It is not here yet")] == sorted(
        text.index(words) for words in ("Where is my order?", "On its way", "It is not here yet")
    )
    assert "fd_claim" in at.card(new) or "fd_release" in at.card(new)
    await at.hears(at.slack.reply(old, "Sorry, tomorrow"))
    await at.hears(at.slack.reply(new, "It comes tomorrow"))
    assert at.phone.texts == ["On its way", "Sorry, tomorrow", "It comes tomorrow"]


async def test_a_button_on_another_screen_finds_the_card_gone_and_draws_it_anew(at: Room) -> None:
    old = await at.customer("Where is my order?")
    press = at.slack.press(old, "fd_claim")
    at.slack.delete(old, old.split(":")[1])
    await at.hears(press)
    [new] = roots(at.slack)
    assert new != old and "Where is my order?" in "\n".join(at.lines(new))
    assert "fd_release" in at.card(new)


async def test_customers_changes_are_shown_with_the_words_before(at: Room) -> None:
    await settle(at.hub, said("I want a *blue* one", id="m1"))
    [thread] = roots(at.slack)
    await settle(at.hub, said("I want a red one <!channel>", id="m2", edit_of=ExternalId("m1")))
    gone = said("", id="m3", edit_of=ExternalId("m1")).model_copy(update={"parts": (Event(kind="deleted"),)})
    await settle(at.hub, gone)
    first, changed, removed = at.lines(thread)
    assert first == inert("I want a *blue* one")
    assert changed.startswith("✏️") and "red one" in changed and "← I want a ∗blue∗ one" in changed and "<!channel>" not in changed
    assert removed.startswith("🗑️") and "red one" in removed


async def test_in_an_archived_channel_open_threads_move_to_the_fallback(
    slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files", fallback="C0SPARE") as at:
        old = await at.customer("Where is my order?")
        slack.workspace.place("C0SUPPORT").archived = True
        await settle(at.hub, said("Hello?"))
        [new] = [thread for thread in roots(slack) if thread != old]
        assert new.startswith("C0SPARE:")
        text = "\n".join(at.lines(new))
        assert text.index("Where is my order?") < text.index("Hello?")
        await at.hears(slack.reply(new, "On its way"))
        slack.workspace.place("C0SUPPORT").archived = False
        await at.hears(slack.reply(old, "Written in the old thread"))
        assert at.phone.texts == ["On its way", "Written in the old thread"]
    await store.close()
