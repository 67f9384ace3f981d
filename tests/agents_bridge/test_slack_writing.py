"""That a customer types: a status of the thread where Slack shows one, silence where it does not, a post never."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents_bridge.slack.desk import SlackDesk
from hub import typists
from hub.model import DeskName
from hub.store.store import Store
from hub.store.tables import Conversation, Identity
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import card, desk_at, new_key, opened
from tests.conftest import until
from tests.databases import fresh_store
from tests.fakes import said
from tests.hub.hubs import named, only, put, settle
from tests.servers.slack import SlackServer
from tests.widget.customers import customer, say, web_house


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def types(at: Room, on: bool = True) -> None:
    """The one customer types, or stops."""
    typists.customer_types(at.hub, (await only(at.hub.store, Identity))["id"], on)
    for task in list(typists._tasks):
        await task


def shown(slack: SlackServer) -> list[tuple[str, str]]:
    return [(one["username"], one["status"]) for one in slack.accepted.of("status")]


async def test_a_customer_who_types_is_the_threads_status_and_no_post(at: Room) -> None:
    await settle(at.hub, said("Where is my order?", profile=named("张伟")))
    posts = len(at.slack.accepted.of("post"))
    for _ in range(5):
        await types(at)
    assert shown(at.slack) == [("张伟", "is typing…")], "as often as it helps"
    [sign] = at.slack.accepted.of("status")
    assert sign["channel"] == "C0SUPPORT" and sign["thread_ts"] in at.slack.workspace.places["C0SUPPORT"].messages
    await types(at, False)
    await types(at, False)
    assert shown(at.slack)[1:] == [("", "")], "taken away once"
    assert len(at.slack.accepted.of("post")) == posts


async def test_who_has_no_open_conversation_is_shown_nowhere(at: Room) -> None:
    await settle(at.hub, said("Where is my order?"))
    await put(at.hub.store, Conversation, {}, open_key=None)
    await types(at)
    assert shown(at.slack) == []


@pytest.mark.parametrize(
    ("code", "silent"),
    [
        ("invalid_thread_ts", "C0SUPPORT"),
        ("channel_not_found", "C0SUPPORT"),
        ("unknown_method", ""),
        ("no_permission", ""),
    ],
)
async def test_what_slack_refuses_is_not_asked_again(slack: SlackServer, code: str, silent: str) -> None:
    slack.workspace.status_refused = code
    async with desk_at(slack) as desk:
        thread = await opened(desk)
        for on in (True, False, True):
            await desk.typing_in(thread, "Mei", on)
        asked = [call for call in slack.calls if call[0] == "assistant.threads.setStatus"]
        assert len(asked) == 1 and list(desk._typing._silent) == [silent]
        slack.workspace.status_refused = ""
        other = await desk.open("C0OTHER", card(), new_key())
        await desk.typing_in(other, "Mei", True)
        assert len(shown(slack)) == (1 if silent else 0), "another Slack channel may show it"
        assert len(slack.posts()) == 2, "the two cards"


async def test_a_missing_scope_silences_it_everywhere_and_a_limit_for_its_time(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    slack.behaviour.reset({"limit:30": 1.0})
    await desk.typing_in(thread, "Mei", True)
    slack.behaviour.reset({})
    await desk.typing_in(thread, "Mei", True)
    assert shown(slack) == []
    desk._typing._silent.clear()
    slack.scopes.remove("chat:write")
    await desk.typing_in(thread, "Mei", True)
    slack.scopes.append("chat:write")
    await desk.typing_in(thread, "Mei", True)
    assert shown(slack) == [] and list(desk._typing._silent) == [""]


async def test_without_names_the_status_says_who(slack: SlackServer) -> None:
    async with desk_at(slack, customize=False, locale="zh") as desk:
        await desk.typing_in(await opened(desk), "", True)
    assert shown(slack) == [("", "客户正在输入…")]


async def test_typing_in_the_web_chat_is_in_the_thread(
    slack: SlackServer, store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    async with desk_at(slack) as desk, web_house(store, redis_url, prefix, tmp_path) as home:
        home.hub.desks = {DeskName("slack"): desk}
        someone = await customer(home)
        await someone.poll(say("a", "I need a human"))
        await settle(home.hub)
        await someone.poll({"t": "typing", "on": True})
        await until(lambda: shown(slack))
        assert shown(slack)[0][1] == "is typing…"
