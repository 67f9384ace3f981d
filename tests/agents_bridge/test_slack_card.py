"""The card at a thread's head: who the customer is proved to be, what was before, how far in line, and in which workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents_bridge.slack.desk import SlackDesk
from hub.model import ChannelName, DeskName, Profile, Proved
from hub.ports import Kit
from hub.reading import read
from hub.store.tables import Conversation, Identity, Message
from tests.agents_bridge.desk_hubs import Room, over_http, room
from tests.agents_bridge.desks import MemoryFiles, settings
from tests.databases import fresh_store
from tests.fakes import fake_hub, said
from tests.hub.hubs import EDITABLE, Phone, only, rows, settle
from tests.servers.serving import serving
from tests.servers.slack import SlackServer, slack_server


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


def threads(slack: SlackServer) -> list[str]:
    """The threads that have something in them."""
    return list(dict.fromkeys(f"{post['channel']}:{post['thread_ts']}" for post in slack.posts() if post["thread_ts"]))


async def test_a_card_shows_who_is_verified_what_was_before_and_how_far_in_line_somebody_is(at: Room) -> None:
    first = await at.customer("Where is my order?")
    assert "not verified" in at.card(first) and "number 1 in line" in at.card(first) and "earlier" not in at.card(first)
    proved = said("And mine?", customer="bo").model_copy(update={"proved": Proved(email="bo@shop.example")})
    await settle(at.hub, proved)
    [second] = [name for name in threads(at.slack) if name != first]
    assert "🛡️ E-mail" in at.card(second) and "number 2 in line" in at.card(second)
    await at.hears(at.slack.press(first, "fd_resolve"))
    assert "in line" not in at.card(first)
    talks = await rows(at.hub.store, Conversation)
    at.hub.reopen_within_s = 0
    again = await at.customer("It is me again")
    assert again != first
    shown = at.card(again)
    assert "1 earlier" in shown and f"#c={talks[0]['id']}" in shown and "<!date^" in shown


async def test_a_card_shows_what_a_site_says_of_a_customer_and_that_it_is_no_word_of_ours(at: Room) -> None:
    own = {"plan": "gold <!channel>", "Identity": "🛡️ E-mail"}
    await settle(at.hub, said("Where is my order?", profile=Profile(name="Mei", attributes=own)))
    shown = at.card(threads(at.slack)[0])
    assert "*ℹ️ plan*" in shown and "gold" in shown and "<!channel>" not in shown
    assert "*ℹ️ Identity*" in shown and "not verified" in shown


async def test_who_answered_sees_that_the_customer_has_read_it(at: Room) -> None:
    at.phone.capabilities = replace(EDITABLE, pulled=True)
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "On its way"))
    ts = at.slack.accepted.of("reply")[-1]["ts"]
    who = await only(at.hub.store, Identity)
    assert await read(at.hub, who["id"], 1) and not await read(at.hub, who["id"], 1)
    await settle(at.hub)
    assert at.slack.accepted.of("mark") == [], "that was the customer's own line"
    assert await read(at.hub, who["id"], who["head"])
    await settle(at.hub)
    assert [(one["ts"], one["name"]) for one in at.slack.accepted.of("mark")] == [(ts, "eyes")]


async def test_two_workspaces_each_have_their_own_threads_private_channels_too(
    slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """The same conversation at both; a thread's name counts in its own workspace alone."""
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(slack_server())
        store = await fresh_store(tmp_path)
        stack.push_async_callback(store.close)
        kit = Kit(MemoryFiles(), "https://hub.example", lambda: datetime.now(UTC), ("billing",))
        private = settings(api_url=slack.api_url, channel="C0OPEN", channels={"phone": "G0PRIVATE"})
        ours = SlackDesk(DeskName("ours"), private, kit)
        theirs = SlackDesk(DeskName("theirs"), settings(api_url=other.api_url, channel="G0PARTNER"), kit)
        for desk in (ours, theirs):
            stack.push_async_callback(desk.aclose)
        phone = Phone(EDITABLE)
        places = {"desks": {ours.name: ours, theirs.name: theirs}, "connectors": {ChannelName("phone"): phone}}
        hub = await stack.enter_async_context(fake_hub(store, redis_url, prefix, tmp_path / "files", **places))
        url = await stack.enter_async_context(serving(over_http(hub)))
        for server, name in ((slack, "ours"), (other, "theirs")):
            server.sender.hook, server.echo = f"{url}/hooks/{name}", False
        await settle(hub, said("Where is my order?"))
        here, there = threads(slack), threads(other)
        assert [name.split(":")[0] for name in here + there] == ["G0PRIVATE", "G0PARTNER"]
        told = other.reply(there[0], "On its way")
        await told.done()
        await settle(hub)
        assert phone.texts == ["On its way"]
        assert "On its way" in slack.workspace.thread(here[0])[-1]["text"], "the other workspace reads along"
        lost = slack.reply(there[0], "From a thread of the other workspace")
        await lost.done()
        await settle(hub)
        assert phone.texts == ["On its way"]
        press = other.press(there[0], "fd_resolve")
        await press.done()
        await settle(hub)
        assert [row["status"] for row in await rows(store, Conversation)] == ["resolved"]
        assert "✅" in slack.workspace.thread(here[0])[0]["text"] and "✅" in other.workspace.thread(there[0])[0]["text"]
        assert len(await rows(store, Message, kind="message")) == 2
