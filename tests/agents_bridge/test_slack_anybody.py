"""Where every full member may answer (`who_answers: members`), members who are no agents save replies and ask for tasks too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agents_bridge.slack import saving, tasking
from connectors.tracker import SignedTracker
from connectors.tracker_settings import TrackerSettings
from hub.store.agent_tables import Agent
from hub.store.saved_tables import SavedReply
from hub.store.task_tables import Task
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_new import view
from tests.agents_bridge.test_slack_saving import EVERY
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, put, rows
from tests.servers.slack import SlackServer
from tests.servers.tracker import SECRET, tracker_server

OTHERS: dict[str, dict[str, Any]] = {
    "U4GUEST": {"name": "Dan", "email": "dan@shop.example", "is_restricted": True},
    "U3OUT": {"name": "Cy", "email": "cy@shop.example", "is_stranger": True},
    "U5OFF": {"name": "Eve", "email": "eve@shop.example"},
}


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    slack.workspace.people |= OTHERS
    await store.agents.invite("eve@shop.example", "Eve", "agent")
    await put(store, Agent, {"email": "eve@shop.example"}, disabled=True)
    async with tracker_server() as server:
        said = {"url": server.url, "secret": SECRET, "title": "Jira", "timeout": 1.0, "private_networks": ["127.0.0.0/8"]}
        tracker = SignedTracker(TrackerSettings.model_validate(said))
        async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="members", tracker=tracker) as made:
            yield made
        await tracker.aclose()
    await store.close()


async def chosen(at: Room, what: str, by: str) -> dict[str, Any]:
    """The modal that somebody gets who chooses it in a message's menu, once it says more than to wait."""
    thread = await at.customer("The lamp flickers")
    before = len(at.slack.accepted.of("view"))
    await at.hears(at.slack.shortcut(thread, at.slack.workspace.thread(thread)[0]["ts"], what, by=by))
    await until(lambda: len(at.slack.accepted.of("view")) == before + 2)
    return view(at)


async def test_a_member_who_is_no_agent_saves_a_reply(at: Room) -> None:
    assert (await chosen(at, "fd_save", "U2BO"))["callback_id"] == saving.SUBMIT
    await at.hears(at.slack.submit("U2BO", name={"value": "lamp"}, text={"value": "It flickers"}, locale=EVERY))
    row = await only(at.hub.store, SavedReply)
    assert row["name"] == "lamp" and "T0TEAM:U2BO Bo" in row["actor"]


async def test_a_member_who_is_no_agent_asks_for_a_task(at: Room) -> None:
    assert (await chosen(at, "fd_task", "U2BO"))["callback_id"] == tasking.SUBMIT
    await at.hears(at.slack.submit("U2BO", title={"value": "Lamp"}, text={"value": "It flickers"}))
    row = await only(at.hub.store, Task)
    assert row["title"] == "Lamp" and "T0TEAM:U2BO Bo" in row["actor"]


@pytest.mark.parametrize("by", OTHERS)
@pytest.mark.parametrize("what", ["fd_save", "fd_task"])
async def test_guests_people_from_elsewhere_and_agents_who_were_switched_off_get_neither(at: Room, what: str, by: str) -> None:
    made = await chosen(at, what, by)
    assert made.get("callback_id") not in (saving.SUBMIT, tasking.SUBMIT) and "agents" in str(made["blocks"])
    assert await rows(at.hub.store, SavedReply) == [] and await rows(at.hub.store, Task) == []
