"""Agents in Slack ask a tracker for a task from a message's own menu; what comes of it stands in the thread."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agents_bridge.slack import tasking
from agents_bridge.slack.task_words import task_line
from connectors.tracker import SignedTracker
from connectors.tracker_settings import TrackerSettings
from hub import tasks
from hub.store.agent_tables import Audit
from hub.store.tables import Message
from hub.store.task_tables import Task
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_limits import LOCALES, LONGEST, Locale, valid_view
from tests.agents_bridge.test_slack_new import shown, view
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, put, rows, settle
from tests.servers.slack import SlackServer
from tests.servers.tracker import SECRET, TrackerServer, tracker_server


@pytest.fixture
async def there() -> AsyncIterator[TrackerServer]:
    async with tracker_server() as server:
        yield server


@pytest.fixture
async def at(slack: SlackServer, there: TrackerServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    said = {"url": there.url, "secret": SECRET, "title": "Jira", "timeout": 1.0, "private_networks": ["127.0.0.0/8"]}
    tracker = SignedTracker(TrackerSettings.model_validate(said))
    async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents", tracker=tracker) as made:
        yield made
    await tracker.aclose()
    await store.close()


async def asked(at: Room) -> str:
    """Somebody sends the modal off; returns the thread."""
    thread = await at.customer("The lamp flickers")
    line = next(one for one in at.slack.workspace.thread(thread))
    await at.hears(at.slack.shortcut(thread, line["ts"], "fd_task"))
    await shown(at, tasking.SUBMIT)
    written: dict[str, Any] = {"title": {"value": "Lamp\tflickers"}, "text": {"value": "Customer says <it> flickers"}}
    told = await at.hears(at.slack.submit(**written))
    assert told.answer == b""
    return thread


async def tried(at: Room) -> None:
    """The worker's job, and what is told of it."""
    await put(at.hub.store, Task, {}, due_ms=0)
    await tasks.run(at.hub)
    await settle(at.hub)


async def test_a_task_is_made_and_its_link_comes_into_the_thread(at: Room, there: TrackerServer) -> None:
    thread = await asked(at)
    assert (await only(at.hub.store, Task))["state"] == "queued" and there.calls == [], "it is kept before it is asked for"
    await until(lambda: any("Jira is being asked" in one for one in at.whispers()))
    await tried(at)
    [made] = there.tasks.values()
    assert (made["title"], made["text"], made["by"]) == ("Lamp flickers", "Customer says <it> flickers", "Anna")
    link = "<https://tracker.example/browse/SHOP-1?a=1&amp;b=2|SHOP-1>"
    assert at.lines(thread)[-1] == f"🗂️ Task created: {link} · Lamp flickers"
    note = (await rows(at.hub.store, Message, kind="note"))[-1]
    assert "SHOP-1" in note["parts"] and note["cs"] is None and note["author_name"] == "Anna"
    assert at.phone.texts == [], "nothing of it is for the customer"
    audit = {one["action"]: one for one in await rows(at.hub.store, Audit)}
    assert all("T0TEAM:U1ANNA" in audit[name]["actor"] for name in ("task.asked", "task.created"))
    assert "SHOP-1" in audit["task.created"]["detail"]


async def test_the_modal_holds_the_message_and_the_way_to_the_conversation(at: Room) -> None:
    thread = await at.customer("Hello?")
    written = await at.hears(at.slack.reply(thread, "!n please look at the *lamp*"))
    await at.hears(at.slack.shortcut(thread, written.ts, "fd_task"))
    await shown(at, tasking.SUBMIT)
    title, text, where = view(at)["blocks"]
    assert title["element"]["initial_value"] == "please look at the lamp"
    [row] = {one["conversation_id"] for one in await rows(at.hub.store, Message)}
    assert text["element"]["initial_value"] == f"please look at the lamp\n\nhttps://hub.example/console/#c={row}"
    assert "Jira" in str(where)
    told = await at.hears(at.slack.submit(title={"value": " "}, text={"value": "x"}))
    assert json.loads(told.answer)["errors"] == {"title": "Write a title."} and await rows(at.hub.store, Task) == []


async def test_a_tracker_that_is_away_is_asked_again_and_one_that_refuses_is_quoted(at: Room, there: TrackerServer) -> None:
    thread = await asked(at)
    there.behaviour.next("refuse:503", "limit", "accept_hang", "accept_reset")
    for n in range(4):
        await tried(at)
        row = await only(at.hub.store, Task)
        assert (row["state"], row["tries"]) == ("queued", n + 1) and row["due_ms"] > 0
    await tried(at)
    assert (await only(at.hub.store, Task))["state"] == "done" and len(there.tasks) == 1 and len(set(there.calls)) == 1
    assert sum("Task created" in one for one in at.lines(thread)) == 1
    there.behaviour.next("refuse:422")
    other = await at.customer("Another", customer="bo")
    line = at.slack.workspace.thread(other)[0]
    await at.hears(at.slack.shortcut(other, line["ts"], "fd_task"))
    await until(lambda: view(at)["callback_id"] == tasking.SUBMIT)
    await at.hears(at.slack.submit(title={"value": "Second"}, text={"value": ""}))
    await put(at.hub.store, Task, {"state": "queued"}, due_ms=0)
    await tasks.run(at.hub)
    await settle(at.hub)
    assert at.lines(other)[-1] == "⚠️ Task not created: Second\nthe other side answered 422: The project is closed"
    assert "task.failed" in [one["action"] for one in await rows(at.hub.store, Audit)]


async def test_what_was_tried_for_half_a_day_is_told_as_failed(at: Room, there: TrackerServer) -> None:
    thread = await asked(at)
    there.behaviour.next("refuse:503")
    await put(at.hub.store, Task, {}, until_ms=0)
    await tried(at)
    assert at.lines(thread)[-1].startswith("⚠️ Task not created: Lamp flickers") and "503" in at.lines(thread)[-1]


async def test_what_waits_when_the_tracker_is_taken_out_waits_for_half_a_day_and_then_fails(
    at: Room, there: TrackerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread, woken = await asked(at), []

    async def track() -> None:
        woken.append(1)

    monkeypatch.setattr(at.hub.jobs, "track", track)
    tracker, at.hub.tracker = at.hub.tracker, None
    await tried(at)
    row = await only(at.hub.store, Task)
    assert (row["state"], row["reason"]) == ("queued", "no tracker is named any more") and row["due_ms"] > 0
    await put(at.hub.store, Task, {}, until_ms=0, due_ms=0)
    await tasks.look(at.hub)
    assert woken == [1], "the sweep finds it without a tracker too"
    await tried(at)
    assert at.lines(thread)[-1] == "⚠️ Task not created: Lamp flickers\nno tracker is named any more"
    assert (await only(at.hub.store, Task))["state"] == "failed" and there.calls == []
    at.hub.tracker = tracker


async def test_a_tracker_that_is_named_again_in_time_gets_what_waited(at: Room, there: TrackerServer) -> None:
    thread = await asked(at)
    tracker, at.hub.tracker = at.hub.tracker, None
    await tried(at)
    at.hub.tracker = tracker
    await tried(at)
    assert len(there.tasks) == 1 and "Task created" in at.lines(thread)[-1]


async def test_an_error_of_ours_is_tried_again_and_ends(at: Room, there: TrackerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(task: Any) -> Any:
        raise RuntimeError("bug")

    thread = await asked(at)
    monkeypatch.setattr(at.hub.tracker, "create", broken)
    for n in range(2):
        await tried(at)
        row = await only(at.hub.store, Task)
        assert (row["state"], row["tries"]) == ("queued", n + 1) and row["due_ms"] > 0
    await put(at.hub.store, Task, {}, until_ms=int(datetime.now(UTC).timestamp() * 1000))
    await tried(at)
    assert at.lines(thread)[-1] == "⚠️ Task not created: Lamp flickers\nsomething went wrong here: RuntimeError"
    assert (await only(at.hub.store, Task))["state"] == "failed"


async def test_a_task_of_which_every_try_dies_ends_without_another(at: Room, there: TrackerServer) -> None:
    """Whoever takes it is killed each time."""
    thread = await asked(at)
    for _ in range(2):
        assert await at.hub.store.tasks.take(60_000) is not None
        await put(at.hub.store, Task, {}, due_ms=0, until_ms=0)
    await tried(at)
    assert at.lines(thread)[-1].endswith("no try came to an end in time") and there.calls == []


async def test_two_workers_and_one_that_died_make_one_task_and_tell_it_once(at: Room, there: TrackerServer) -> None:
    """The first worker dies after the tracker took the task; the lease ends, and two others come at once."""
    thread = await asked(at)
    due = await at.hub.store.tasks.take(60_000)
    assert due is not None and await at.hub.store.tasks.take(60_000) is None, "nobody else has it meanwhile"
    await tasks._one(at.hub, due)
    await put(at.hub.store, Task, {}, due_ms=0)
    await tasks.run(at.hub)
    await settle(at.hub)
    assert len(there.calls) == 2 and len(there.tasks) == 1
    assert sum("Task created" in one for one in at.lines(thread)) == 1


async def test_without_a_tracker_an_agent_hears_how_an_admin_names_one(
    slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as at:
        thread = await at.customer("Hello?")
        line = at.slack.workspace.thread(thread)[0]
        await at.hears(at.slack.shortcut(thread, line["ts"], "fd_task"))
        await until(lambda: slack.accepted.of("response"))
        assert "config/tasks.yaml" in slack.accepted.of("response")[-1]["text"] and slack.accepted.of("view") == []
    await store.close()


@LONGEST
@LOCALES
def test_the_modal_and_the_line_hold_with_the_longest_of_everything(long: str, locale: Locale) -> None:
    link = "https://hub.example/console/#c=" + "c" * 32
    for made in (tasking.loading_view(locale), tasking.task_view(long, link, long[:60], "C0SUPPORT99:1700000000.000100", locale)):
        valid_view(made)
    field = tasking.task_view(long, link, "Jira", "C0:1.1", locale)["blocks"][1]["element"]
    assert len(field["initial_value"]) <= tasking.TEXT_LIMIT and field["initial_value"].endswith(link)
    told = {"state": "failed", "title": long, "reason": long}
    made_of = {"state": "done", "title": long, "key": long, "url": "https://x.example/" + "a" * 900}
    assert all(len(task_line(one, ": ", locale)) < 3000 and "<!" not in task_line(one, ": ", locale) for one in (told, made_of))
