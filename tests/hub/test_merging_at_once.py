"""Merging while others act: at once, in any order, and by a worker that is killed, no entry is lost or doubled."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from hub import inbound
from hub.store.agent_tables import Audit
from hub.store.store import Store
from hub.store.tables import Conversation, Identity, Inbox, Message, Thread
from tests.fakes import FakeConnector, answered, said
from tests.hub.hubs import channels, desks, put, rows, settle, take_in, text_of
from tests.hub.merged_talks import PULLED, Two, two_of
from tests.servers.warm import ran


@pytest.fixture
async def two(make_hub: Any) -> Two:
    return await two_of(make_hub)


async def test_two_agents_at_once_and_customers_who_write_meanwhile(make_hub: Any) -> None:
    """Both ways at once, in two processes, while lines come on both channels: one wins, nothing is lost or doubled."""
    two = await two_of(make_hub)
    other_hub = await make_hub(
        connectors=channels(phone=two.phone, line=two.line, page=FakeConnector(PULLED)), desks=desks(slack=two.desk)
    )
    hubs = [two.hub, other_hub]

    async def one(n: int) -> None:
        hub = hubs[n % 2]
        ways = [(two.head, two.other), (two.other, two.head)][n % 2]
        merging = answered("", kind="merge", conversation=ways[0], data={"other": ways[1]}, id=f"merge{n}")
        await take_in(hub, said(f"p{n}", id=f"p{n}"), said(f"l{n}", id=f"l{n}", channel="line", customer="ann2"), merging)

    await asyncio.gather(*(one(n) for n in range(8)))
    await settle(two.hub)
    talks = await rows(two.hub.store, Conversation)
    assert sorted(talk["status"] for talk in talks) == ["merged", "open"]
    assert len({talk["lane"] for talk in talks}) == len({row["bucket"] for row in await rows(two.hub.store, Identity)}) == 1
    texts = [text_of(row) for row in await rows(two.hub.store, Message, kind="message")]
    assert sorted(texts) == sorted(
        ["where is my parcel?", "it is me again", *(f"p{n}" for n in range(8)), *(f"l{n}" for n in range(8))]
    )
    assert len(await rows(two.hub.store, Audit, action="conversation.merged")) == 1
    await two.whole()


@pytest.mark.parametrize("where", ["put off", "in another lane"])
async def test_an_answer_from_before_the_merge_goes_where_it_was_written(two: Two, where: str) -> None:
    """It is put off, or lies in its conversation's lane already, when the merge is at the head of its own."""
    hub, lane = two.hub, (await two.talk(two.head))["lane"]
    (thread,) = [row["external_id"] for row in await rows(hub.store, Thread, conversation_id=two.head)]
    merge = answered("", kind="merge", thread=thread, desk="slack", data={"other": two.other})
    await hub.intake.keep([answered("it comes tomorrow", thread=thread, desk="slack")], 10.0)
    await put(hub.store, Inbox, {"state": 0}, lane=lane, due_ms=2**50 if where == "put off" else 0)
    await hub.intake.keep([merge], 10.0)
    away = lane if where == "put off" else (lane + 1) % hub.store.lanes
    await put(hub.store, Inbox, {"external_id": merge.id}, lane=away)
    await inbound.drain(hub, away)
    assert [row["kind"] for row in await rows(hub.store, Message) if row["kind"] == "changed"] == [], "the merge waits"
    await put(hub.store, Inbox, {"state": 0}, due_ms=0)
    await settle(hub)
    assert (two.phone.texts, two.line.texts) == (["it comes tomorrow"], [])
    assert (await two.talk(two.other))["merged_into"] == two.head
    await two.whole()


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_done_in_whatever_order_no_entry_is_lost_or_doubled(make_hub: Any, seed: int) -> None:
    two, dice = await two_of(make_hub), random.Random(seed)
    given: list[str] = []
    for n in range(25):
        match dice.choice(("phone", "line", "answer", "answer", "note", "merge", "part", "resolve", "explicit")):
            case "phone":
                item: Any = said(f"p{n}")
            case "line":
                item = said(f"l{n}", channel="line", customer="ann2")
            case "answer":
                item = answered(f"a{n}", conversation=dice.choice((two.head, two.other)))
            case "explicit":
                item = answered(f"a{n}", conversation=two.head, data={"to": two.other})
            case "note":
                item = answered(f"n{n}", conversation=dice.choice((two.head, two.other)), kind="note")
            case "resolve":
                item = answered("", conversation=two.head, kind="resolve")
            case kind:
                item = answered("", kind=kind, conversation=two.head, data={"other": two.other})
        given += [part.text for part in item.parts]
        await (settle if dice.random() < 0.5 else take_in)(two.hub, item)
    await settle(two.hub)
    await two.whole()
    written = [text_of(row) for row in await rows(two.hub.store, Message) if row["kind"] in ("message", "note")]
    assert sorted(written) == sorted([*given, "where is my parcel?", "it is me again"])
    for talk in await rows(two.hub.store, Conversation):
        own = [
            text_of(row)
            for row in await rows(two.hub.store, Message, conversation_id=talk["id"])
            if row["author_kind"] == "customer" and row["kind"] == "message"
        ]
        assert all(text.startswith(("l", "it")) for text in own) or all(text.startswith(("p", "where")) for text in own)
    answers = [text for text in given if text.startswith("a")]
    assert sorted(two.phone.texts + two.line.texts) == sorted(answers), "each answer went to one channel, once"


KILLED = """
import asyncio, sys
from pathlib import Path
from hub.store.store import open_store
from tests.fakes import fake_hub
from tests.hub.hubs import take_in

async def main(url, redis, prefix, folder):
    store = await open_store(url)
    async with fake_hub(store, redis, prefix, Path(folder)) as hub:
        await take_in(hub)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_worker_that_is_killed_while_it_merges_leaves_nothing_half_done(
    two: Two, store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """SIGKILL after all is written and before the commit, in a process of its own; the next one does it once."""
    merging = answered("", kind="merge", conversation=two.head, data={"other": two.other})
    await two.hub.intake.keep([merging, said("meanwhile", channel="line", customer="ann2")], 10.0)
    before = await rows(store, Message)
    url = store.db.engine.url.render_as_string(hide_password=False)
    trap = "merging.before_commit=kill"
    assert await ran(KILLED, url, redis_url, prefix, str(tmp_path / "other"), FRONTDESK_FAILPOINTS=trap) == -signal.SIGKILL
    assert [row for row in await rows(store, Message) if row["kind"] == "changed"] == []
    assert len(await rows(store, Message)) <= len(before) + 1
    await settle(two.hub)
    assert [talk["status"] for talk in await rows(store, Conversation)] == ["open", "merged"]
    assert len(await rows(store, Audit, action="conversation.merged")) == 1
    assert sorted(text_of(row) for row in await rows(store, Message, kind="message"))[-1] == "where is my parcel?"
    await two.whole()
