"""What agents have saved is sent and listed whatever fails: Slack, which lost an event, or the database, which hangs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from agents_bridge.slack.canned import CANNED, PICK
from hub import listening
from hub.canned import CannedReplies
from hub.store.saved import Saved
from hub.store.saved_tables import SavedReply
from hub.store.store import Store
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import hook
from tests.agents_bridge.several import Hall, hall
from tests.agents_bridge.test_slack_missed import read_again, silence
from tests.agents_bridge.test_slack_saving import opened, save
from tests.agents_bridge.test_slack_workspaces import BOTH
from tests.agents_bridge.two_workspaces import partner, threads
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import rows, settle
from tests.servers.slack import SlackServer

READY = CannedReplies.model_validate({"replies": [{"name": "thanks", "text": "Thanks, {name}"}]})
BROKEN = pytest.mark.parametrize("how", ["fails", "hangs"])


async def keep(store: Store) -> None:
    """A reply that somebody has saved."""
    one = Saved("sent", "On its way", "*", "It is on its way", "slack:T0TEAM:U1ANNA")
    assert await store.db.transact(lambda connection: store.saved.put(connection, one))


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    await keep(store)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    async with room(slack, store, redis_url, prefix, tmp_path / "files", canned=READY) as made:
        yield made
    await store.close()


@pytest.fixture
async def both(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Hall]:
    store = await fresh_store(tmp_path)
    await keep(store)
    async with hall(slack, store, redis_url, prefix, tmp_path / "files", routing=BOTH) as made:
        await made.installs("T2PARTNER")
        yield made
    await store.close()


def stop(at: Room, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """The database tells no more what is saved."""

    async def broken() -> Any:
        await asyncio.sleep(0 if how == "fails" else 60)
        raise OSError("the database is gone")

    monkeypatch.setattr(at.hub.store.saved, "all", broken)


async def test_a_saved_reply_whose_event_was_lost_is_sent_and_a_name_that_is_none_is_told(at: Room) -> None:
    thread = await at.customer("Where is it?", profile={"name": "Ann"})
    there = await silence(at)
    at.slack.reply(thread, "!r sent")
    at.slack.reply(thread, "!r thanks")
    at.slack.reply(thread, "!r gone")
    at.slack.sender.hook = there
    await listening.doubt(at.hub, "slack", datetime.now(UTC))
    await read_again(at)
    assert at.phone.texts == ["It is on its way", "Thanks, Ann"]
    [told] = [one for one in at.whispers() if "`!r " in one]
    assert "gone" in told and "`!r sent`" in told and "`!r thanks`" in told


async def test_a_saved_reply_whose_event_was_lost_in_one_of_several_workspaces_is_sent(both: Hall) -> None:
    await both.customer("My invoice is wrong")
    [thread] = threads(partner(both))
    there, both.slack.sender.hook = both.slack.sender.hook, ""
    partner(both).reply(thread, "!r sent")
    partner(both).reply(thread, "!r gone")
    both.slack.sender.hook = there
    await listening.doubt(both.hub, "slack", datetime.now(UTC))
    await listening.catch_up(both.hub)
    await settle(both.hub)
    assert both.phone.texts == ["It is on its way"]
    assert any("`!r sent`" in one["text"] for one in partner(both).accepted.of("ephemeral"))


@BROKEN
async def test_the_list_shows_the_files_replies_while_the_database_does_not_answer(
    at: Room, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Slack shows what comes within three seconds."""
    thread = await at.customer("Where is it?")
    stop(at, monkeypatch, how)
    await at.hears(at.slack.press(thread, CANNED))
    await until(lambda: at.slack.accepted.of("view"))
    began = monotonic()
    asked = {"type": "block_suggestion", "action_id": PICK, "value": "", "team": {"id": "T0TEAM"}}
    found = await at.desk.receive(hook(asked, form=True))
    assert monotonic() - began < 2
    assert [one["value"] for one in json.loads(found.body)["options"]] == ["thanks"]
    began = monotonic()
    await at.hears(at.slack.pick(PICK, "thanks"))
    assert monotonic() - began < 2.5
    await until(lambda: len(at.slack.accepted.of("view")) == 2)
    assert "Thanks, " in str(at.slack.accepted.of("view")[-1])


@BROKEN
async def test_a_reply_is_saved_while_the_list_can_not_be_read(at: Room, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Whether its name is free is seen again when it is kept."""
    await opened(at, "On its way", {})
    stop(at, monkeypatch, how)
    assert await save(at, "sent", "It is late") == {}
    at.slack.accepted.of("view")[-1]["view"]["id"] = "V2"
    assert await save(at, "late", "It is late") == {}
    kept = {one["name"]: one["text"] for one in await rows(at.hub.store, SavedReply)}
    assert kept == {"sent": "It is on its way", "late": "It is late"}
    await until(lambda: any(one.startswith("Not saved") for one in at.whispers()))


async def test_a_word_for_a_saved_reply_comes_again_until_the_database_answers(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the file needs no database."""
    thread = await at.customer("Where is it?", profile={"name": "Ann"})
    real, left = at.hub.store.saved.all, [1, 1]
    stop(at, monkeypatch, "fails")
    await at.hears(at.slack.reply(thread, "!r thanks"))
    assert at.phone.texts == ["Thanks, Ann"]

    async def twice() -> Any:
        if left:
            raise OSError(f"the database is gone {left.pop()}")
        return await real()

    monkeypatch.setattr(at.hub.store.saved, "all", twice)
    told = await at.slack.reply(thread, "!r sent").done()
    await settle(at.hub)
    assert told.statuses == [500, 500, 200] and at.phone.texts == ["Thanks, Ann", "It is on its way"]
