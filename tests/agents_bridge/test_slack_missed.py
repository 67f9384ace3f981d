"""What agents write while Slack's events do not reach us is found again: after an outage, a pause of Slack's, a lost socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents_bridge.slack import errors
from hub import listening, sweep
from hub.ports import Receipt
from hub.store.tables import Message
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import desk_at, event, hook
from tests.conftest import until
from tests.databases import fresh_store
from tests.fakes import said
from tests.hub.hubs import rows, settle, text_of
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def read_again(at: Room) -> None:
    """The sweeps that follow, until nothing is doubted."""
    for _ in range(20):
        await listening.catch_up(at.hub)
        await settle(at.hub)
        if await at.hub.store.threads.doubted("slack") is None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("still doubted")


async def silence(at: Room) -> str:
    """Slack gives events up; returns where it sent them."""
    there, at.slack.sender.hook = at.slack.sender.hook, ""
    return there


async def test_after_an_outage_open_threads_are_read_again_and_nothing_counts_twice(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    first = at.slack.reply(thread, "One moment")
    await at.hears(first)
    there = await silence(at)
    at.slack.reply(thread, "It leaves *today*")
    at.slack.reply(thread, "!n tell the warehouse")
    at.slack.edit(thread, first.ts, "One moment please")
    at.slack.sender.hook = there
    await at.hears(at.slack.reply(thread, "Anything else?"))
    assert at.phone.texts == ["One moment", "Anything else?"]

    await at.hub.store.threads.listened("slack", listening.GAP_MS)
    assert not await at.hub.store.threads.listened("slack", listening.GAP_MS), "no gap, no doubt"
    assert await at.hub.store.threads.listened("slack", -1), "as after a long silence"
    await read_again(at)
    assert sorted(at.phone.texts) == ["Anything else?", "It leaves today", "One moment"]
    assert [text for what, _, text in at.phone.changes] == ["One moment please"]
    late = [text_of(row) for row in await rows(at.hub.store, Message) if row["late"]]
    assert late == ["It leaves today", "tell the warehouse"], "the log says which came out of their order"
    assert ["only now" in said for said in at.whispers()] == [True], "and whoever answered is told"
    await listening.doubt(at.hub, "slack", datetime.now(UTC) - timedelta(minutes=5))
    await read_again(at)
    assert len(at.phone.texts) == 3 and len(at.phone.changes) == 1


async def test_an_answer_whose_event_comes_after_that_of_the_next_one_is_marked_and_its_author_told(at: Room) -> None:
    """Slack tells again what it heard no 2xx for, up to five minutes later; agents write on meanwhile."""
    thread = await at.customer("Where is my order?")
    there = await silence(at)
    first = at.slack.reply(thread, "It left yesterday")
    second = at.slack.reply(thread, "Here is its number")
    third = at.slack.reply(thread, "!n told them")
    at.slack.sender.hook = there
    for told in (second, first, third):
        await at.hears(at.slack.sender.again(told))
    assert at.phone.texts == ["Here is its number", "It left yesterday"], "nothing is held back for what may never come"
    assert [text_of(row) for row in await rows(at.hub.store, Message) if row["late"]] == ["It left yesterday"]
    assert ["only now" in said for said in at.whispers()] == [True]


async def test_a_thread_that_is_gone_and_one_that_is_limited_hold_nobody_up(at: Room) -> None:
    lost = await at.customer("first")
    at.slack.delete(lost, lost.split(":")[1])
    await listening.doubt(at.hub, "slack", datetime.now(UTC))
    at.slack.behaviour.next("limit:1")
    await listening.catch_up(at.hub)
    assert await at.hub.store.threads.doubted("slack") is not None, "Slack asked to slow down: later"
    await asyncio.sleep(1.1)
    await read_again(at)


async def test_slack_pauses_our_events_and_what_was_written_meanwhile_arrives(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    there = await silence(at)
    at.slack.reply(thread, "It leaves today")
    at.slack.sender.hook = there
    for _ in range(2):
        told = {"type": "app_rate_limited", "team_id": "T0TEAM", "minute_rate_limited": int(time.time()) // 60 * 60}
        receipt = await at.desk.receive(hook(told))
        assert receipt.missed is not None and receipt.status == 200
        await listening.doubt(at.hub, "slack", receipt.missed)
        if receipt.after is not None:
            await receipt.after()
    warned = [post["text"] for post in at.slack.posts() if "paused" in post["text"]]
    assert len(warned) == 1, "agents are told once"
    await sweep.run(at.hub)
    await settle(at.hub)
    assert at.phone.texts == ["It leaves today"]
    for odd in (None, "x", -1, True, 2**40):
        assert (await at.desk.receive(hook({"type": "app_rate_limited", "minute_rate_limited": odd}))).missed is None


async def test_an_event_that_comes_minutes_late_says_that_others_may_be_lost(at: Room) -> None:
    for turn, doubted in (("1", False), ("2", True), ("3", True), ("", False), ("x", False)):
        receipt = await at.desk.receive(hook(event(), x_slack_retry_num=turn))
        assert (receipt.missed is not None) is doubted


async def test_a_new_socket_means_that_the_time_between_is_read_again(slack: SlackServer) -> None:
    kept: list[Receipt] = []

    async def keep(receipt: Receipt) -> None:
        kept.append(receipt)

    async with desk_at(slack, socket_mode=True) as desk:
        polling = asyncio.create_task(desk.poll(keep))
        await until(lambda: len(slack.sender.sockets) == 1, 10)
        assert not [receipt for receipt in kept if receipt.missed]
        before = datetime.now(UTC)
        await slack.sender.disconnect()
        await until(lambda: any(receipt.missed for receipt in kept), 10)
        assert next(receipt.missed for receipt in kept if receipt.missed) < datetime.now(UTC)
        assert (datetime.now(UTC) - before).total_seconds() < 10
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)


async def test_a_revoked_token_holds_everything_and_nothing_is_missing_once_it_serves_again(
    at: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "SETTINGS_S", 0.3)
    thread = await at.customer("Where is my order?")
    await at.slack.sender.event({"type": "tokens_revoked", "tokens": {"bot": ["U0FRONTDESK"]}, "event_ts": "1.2"}).done()
    assert await at.hub.store.threads.doubted("slack") is not None
    there = await silence(at)
    at.slack.behaviour.reset({"revoked": 1.0})
    await settle(at.hub, said("Hello?"))
    at.slack.reply(thread, "It leaves today")
    await listening.catch_up(at.hub)
    assert "Hello?" not in "".join(at.lines(thread)) and at.phone.texts == []
    at.slack.behaviour.reset({})
    at.slack.sender.hook = there
    await asyncio.sleep(0.4)
    await read_again(at)
    assert [text for text in at.lines(thread) if "Hello?" in text or "It leaves" in text] == ["It leaves today", "Hello?"]
    assert at.phone.texts == ["It leaves today"]
