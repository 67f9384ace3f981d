"""Bolt between Slack and the hub: what is pressed is kept before it is acknowledged, and what has no listener is answered."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents_bridge.slack import routing
from hub.errors import Malformed
from hub.model import AgentReply
from hub.ports import Receipt
from hub.sign import Sign
from hub.store.tables import Conversation
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import PLACE, bare_desk, card, desk_at, hook, new_key
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, settle
from tests.servers.slack import SlackServer
from tests.servers.slack_events import Told


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


class Kept:
    """What was kept of what came over a socket, after failing as often as told; while `ready` is not set, a commit waits."""

    def __init__(self) -> None:
        self.items: list[AgentReply] = []
        self.signs: list[Sign] = []
        self.failures = 0
        self.ready = asyncio.Event()
        self.ready.set()

    async def keep(self, receipt: Receipt) -> None:
        await self.ready.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the database is away")
        self.items += [one for one in receipt.items if isinstance(one, AgentReply)]
        self.signs += receipt.signs


@asynccontextmanager
async def over_a_socket(slack: SlackServer) -> AsyncIterator[tuple[Kept, str]]:
    """A desk in Socket Mode, and a thread of it."""
    kept, slack.echo = Kept(), False
    async with desk_at(slack, socket_mode=True) as desk:
        task = asyncio.create_task(desk.poll(kept.keep))
        try:
            await until(lambda: slack.sender.sockets)
            yield kept, await desk.open(PLACE, card(), new_key())
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_over_http_a_press_whose_commit_fails_is_not_acknowledged(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = await at.customer("Hello")
    keep, fails = at.hub.store.inbox.keep, [RuntimeError("the database is away")] * 2

    async def failing(*items: Any) -> Any:
        if fails:
            raise fails.pop()
        return await keep(*items)

    monkeypatch.setattr(at.hub.store.inbox, "keep", failing)
    told = await at.slack.press(thread, "fd_resolve").done()
    assert told.statuses[0] >= 500 and told.statuses[-1] == 200 and fails == []
    await settle(at.hub)
    assert (await only(at.hub.store, Conversation))["status"] == "resolved"


async def test_over_a_socket_a_press_whose_commit_fails_is_not_acknowledged(slack: SlackServer) -> None:
    async with over_a_socket(slack) as (kept, thread):
        kept.failures = 1
        told = await slack.press(thread, "fd_resolve").done()
        assert told.statuses == [0, 200] and [one.kind for one in kept.items] == ["resolve"]


async def test_over_a_socket_answers_come_with_the_acknowledgement(slack: SlackServer) -> None:
    async with over_a_socket(slack) as (kept, thread):
        await slack.press(thread, "fd_assign").done()
        await until(lambda: any("callback_id" in one["view"] for one in slack.accepted.of("view")))
        wrong = json.loads((await slack.submit().done()).answer)
        assert wrong["response_action"] == "errors" and list(wrong["errors"]) == ["person"]
        assert (await slack.submit(person={"selected_user": "U2BO"}).done()).answer == b""
        assert [one.kind for one in kept.items] == ["assign"]
        assert "!claim" in json.loads((await slack.command("help").done()).answer)["text"]


def unheard(slack: SlackServer, thread: str) -> list[Told]:
    """A button, a shortcut and a command of which Frontdesk knows nothing."""
    pressed = copy.deepcopy(slack.press(thread, "fd_resolve").payload)
    pressed["actions"][0]["action_id"] = "fd_of_another_version"
    shortcut = slack.shortcut(thread, thread.partition(":")[2], "of_another_version")
    return [slack.sender.interaction(pressed), shortcut, slack.command("queue", name="/hub")]


async def answered(slack: SlackServer, told: list[Told]) -> None:
    for one in told:
        assert (await one.done()).statuses == [200] and one.answer == b""
    said = "Frontdesk has no such button or command"
    await until(lambda: len([one for one in slack.accepted.of("response") if said in one["text"]]) == 3)
    assert not any(one["replace_original"] for one in slack.accepted.of("response"))


async def test_over_http_what_has_no_listener_is_answered_in_words(at: Room) -> None:
    await answered(at.slack, unheard(at.slack, await at.customer("Hello")))


async def test_over_a_socket_what_has_no_listener_is_answered_in_words(slack: SlackServer) -> None:
    async with over_a_socket(slack) as (kept, thread):
        await answered(slack, unheard(slack, thread))
        await until(lambda: len(kept.items) == 1)


BASE = {
    "team": {"id": "T0TEAM"},
    "user": {"id": "U1ANNA", "team_id": "T0TEAM"},
    "channel": {"id": PLACE},
    "container": {"channel_id": PLACE, "thread_ts": "1700000000.000100"},
    "message": {"ts": "1700000000.000100", "text": "note: yes"},
    "trigger_id": "1.2",
    "response_url": "https://hooks.slack.com/actions/1",
}


def pressed(**more: Any) -> dict[str, Any]:
    action = {"action_id": "fd_resolve", "value": "c1", "action_ts": "1700000005.000100"}
    return {"type": "block_actions", **BASE, "actions": [action | more]}


async def test_a_modal_that_nobody_knows_says_so_in_its_place_and_one_that_was_closed_nothing() -> None:
    view = {"type": "modal", "id": "V1", "callback_id": "of_another_version", "blocks": []}
    found = await bare_desk().receive(hook({"type": "view_submission", **BASE, "view": view}, form=True))
    said = json.loads(found.body)
    assert said["response_action"] == "update" and "no such button" in said["view"]["blocks"][0]["text"]["text"]
    found = await bare_desk().receive(hook({"type": "view_closed", **BASE, "view": view}, form=True))
    assert (found.status, found.body, found.after) == (200, b"", None)


async def test_on_app_home_where_slack_gives_no_address_for_answers_a_modal_says_it(slack: SlackServer) -> None:
    async with desk_at(slack) as desk:
        body = pressed(action_id="fd_gone") | {"view": {"type": "home", "id": "V1"}, "trigger_id": slack.workspace.trigger()}
        del body["response_url"]
        found = await desk.receive(hook(body, form=True))
        assert found.after is not None and not found.items
        await found.after()
    assert "no such button" in str(slack.accepted.of("view"))


async def test_people_of_another_workspace_are_told_nothing() -> None:
    found = await bare_desk(team_id="T0OTHER").receive(hook(pressed(action_id="fd_gone"), form=True))
    assert (found.status, found.body, found.after) == (200, b"", None)


async def test_a_link_is_no_press(at: Room) -> None:
    thread = await at.customer("Hello")
    told = await at.hears(at.slack.press(thread, "fd_console"))
    assert told.answer == b"" and at.slack.accepted.of("response") == []


async def test_bolt_takes_nothing_from_the_environment_and_asks_slack_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token or an OAuth app in the environment would be read silently, and `auth.test` asked of a Slack that is away."""
    for name in ("BOT_TOKEN", "SIGNING_SECRET", "CLIENT_ID", "CLIENT_SECRET", "VERIFICATION_TOKEN", "SCOPES"):
        monkeypatch.setenv(f"SLACK_{name}", "another")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    routing.app.cache_clear()
    try:
        desk = bare_desk(api_url="http://127.0.0.1:9/api/")
        [item] = (await desk.receive(hook(pressed(), form=True))).items
    finally:
        routing.app.cache_clear()
    assert isinstance(item, AgentReply) and item.kind == "resolve"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "actions", "view"]), inner),
)
KINDS = ("block_actions", "view_submission", "view_closed", "message_action", "shortcut", "block_suggestion", "x", None)
NAMES = sorted({*BASE, "actions", "view", "callback_id", "command", "action_id", "enterprise", "text"})


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5))
async def test_wrong_types_anywhere_are_refused_or_left_alone(kind: str | None, wrong: dict[str, Any]) -> None:
    with suppress(Malformed):
        found = await bare_desk().receive(hook(pressed() | {"type": kind} | wrong, form=True))
        assert found.status == 200
