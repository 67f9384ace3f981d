"""The store's smaller promises: reads and unread marks, files, people at desks, what a conversation is shown with."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import update

from hub.errors import Undeliverable
from hub.model import ExternalId
from hub.people import Member
from hub.runtime import Hub
from hub.store.filing import FileRow
from hub.store.store import Store
from hub.store.tables import Conversation, Identity
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import Scene, desks, named, only, rows, settle, take_in
from tests.hub.test_outbound_at_once import SEVERAL_WRITE


async def test_reading_goes_forward_only_and_never_past_the_end(hub: Hub) -> None:
    await take_in(hub, *(said(f"{n}", channel="page") for n in range(3)))
    talk = await only(hub.store, Conversation)
    await take_in(hub, answered("hi", conversation=talk["id"]))
    logs, who = hub.store.logs, talk["identity_id"]
    assert not await logs.read_up_to(who, 5), "there is no fifth"
    assert (await only(hub.store, Conversation))["unread_ms"] > 0
    assert await logs.read_up_to(who, 4)
    assert not await logs.read_up_to(who, 2)
    facts = await logs.identity("page", "ann")
    assert facts is not None
    assert (facts.read_cs, facts.head) == (4, 4)
    assert (await only(hub.store, Conversation))["unread_ms"] == 0
    assert (await only(hub.store, Identity))["seen_ms"] > 0
    assert await logs.identity("page", "nobody") is None
    assert await logs.heads([who, "nobody"]) == {who: 4}


async def test_agents_read_each_for_themselves(hub: Hub, store: Store) -> None:
    await take_in(hub, *(said(f"{n}") for n in range(3)))
    talk = await only(store, Conversation)
    await asyncio.gather(*(store.agents.has_read("ann", talk["id"], seq) for seq in (1, 3, 2)))
    assert (await store.console.conversations("ann", "all"))[0].read == 3
    assert (await store.console.conversations("bo", "all"))[0].read == 0


async def test_a_conversation_is_shown_with_its_person(hub: Hub, store: Store) -> None:
    profile = named("Ann", "ann@example.com")
    await take_in(hub, said("hi", profile=profile, locale="zh-CN"), said("later", channel="page", customer="w1"))
    talk = next(row for row in await rows(store, Conversation) if row["channel"] == "phone")
    opened = await store.console.opened(talk["id"], "me")
    assert opened is not None
    assert opened.row.customer_name == "Ann"
    assert opened.profile["email"] == "ann@example.com"
    assert opened.identities == [("phone", "ann")]
    assert (opened.locale, opened.fates, opened.others) == ("zh-CN", [], [])
    assert await store.console.opened("nothing", "me") is None
    assert await store.console.open_of(talk["identity_id"]) == talk["id"]
    assert await store.console.position(talk["identity_id"], 1) is None, "who is sent everything has no log of their own"


async def test_the_worst_of_several_calls_is_shown(scene: Scene) -> None:
    scene.phone.fail = [Undeliverable("too old")]
    await scene.answer("first")
    await scene.answer("second")
    talk = await only(scene.hub.store, Conversation)
    opened = await scene.hub.store.console.opened(talk["id"], "me")
    assert opened is not None
    assert sorted((fate.state, fate.reason) for fate in opened.fates) == [("failed", "too old"), ("sent", "")]
    failed = next(fate for fate in opened.fates if fate.state == "failed")
    assert await scene.hub.store.console.call(failed.delivery) == (talk["id"], "failed")
    assert await scene.hub.store.console.call("nothing") is None


async def test_whether_a_colleague_was_faster(hub: Hub, store: Store) -> None:
    await take_in(hub, said("hi"))
    talk = await only(store, Conversation)
    assert not await store.console.answered_since(talk["id"], 1, "me")
    await take_in(hub, answered("psst", conversation=talk["id"], kind="note"))
    assert not await store.console.answered_since(talk["id"], 1, "me"), "a note is no answer"
    await take_in(hub, answered("hello", conversation=talk["id"]))
    assert await store.console.answered_since(talk["id"], 1, "me")
    assert not await store.console.answered_since(talk["id"], 1, "agent1"), "one's own is not a colleague's"
    assert not await store.console.answered_since(talk["id"], 3, "me")


async def test_what_was_kept_is_known_by_its_id(hub: Hub) -> None:
    await hub.intake.keep([answered("hi", conversation="c", id="r99")], 5.0)
    assert await hub.store.console.kept("console", "r99")
    assert not await hub.store.console.kept("console", "r98")
    assert not await hub.store.console.kept("slack", "r99")


async def test_files_remote_stored_and_lost(hub: Hub, store: Store) -> None:
    row = FileRow("f1", "phone", "photo:1", "ann", "remote", "cat.jpg", "image/jpeg", 12, "", 0, "")
    await store.files.add(row, hub.now())
    assert await store.files.get("f1") == row
    assert await store.files.waiting() == ["f1"]
    await store.files.change("f1", wait_ms=60_000, tries=1, error="busy")
    assert await store.files.waiting() == []
    await store.files.change("f1", state="stored", sha256="ab", size=13)
    found = await store.files.get("f1")
    assert found is not None
    assert (found.state, found.sha256, found.size, found.tries) == ("stored", "ab", 13, 1)
    assert await store.files.get("nothing") is None


async def test_who_said_what_at_a_desk_and_what_was_sent_is_found_by_foreign_ids(make_hub: Any, store: Store) -> None:
    hub = await make_hub(desks=desks(slack=(slack := FakeDesk())))
    await settle(hub, said("hi", id="first"))
    await settle(hub, answered("hello", thread=next(iter(slack.threads)), desk="slack", id="ts9"))
    timeline, talk = store.timeline, await only(store, Conversation)
    async with store.db.read() as connection:
        by_customer = await timeline.said(connection, "phone", "first")
        by_agent = await timeline.said(connection, "slack", "ts9")
        assert by_customer is not None
        assert by_agent is not None
        assert by_customer[1:] == (talk["id"], "ann", True)
        assert await timeline.origin(connection, by_agent[0]) == ("slack", "ts9")
        assert await timeline.sent_to(connection, "phone", "far1") == by_agent[0]
        assert await timeline.sent_to(connection, "page", "far1") is None
        assert await timeline.threads(connection, [("slack", "C1:1"), ("slack", "C1:2")]) == {("slack", "C1:1"): talk["id"]}
        assert await timeline.said(connection, "phone", ExternalId("FIRST")) is None, "ids are case-sensitive"
    assert await store.deliveries.sent_ids(by_agent[0], "phone") == ["far1"]


async def test_a_person_at_a_desk_may_be_introduced_again(store: Store) -> None:
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    await store.staff.introduce("slack", "U1", Member("", "", ""))
    await store.staff.introduce("slack", "U1", Member("Bo", "Bo@Example.com"))
    await store.staff.introduce("slack", "U1", Member("", "", ""))  # another worker's desk did not answer
    async with store.db.read() as connection:
        found = await store.staff.persons(connection, [("slack", "U1"), ("other", "U1")])
    assert {key: (one.agent_id, one.name) for key, one in found.items()} == {("slack", "U1"): (bo, "Bo")}


@SEVERAL_WRITE
async def test_customers_are_written_in_the_order_in_which_they_are_seen(hub: Hub) -> None:
    """Else what a batch holds and what their pages tell at this moment would wait for each other."""
    await take_in(hub, said("hello", customer="ann"), said("hello", customer="bea"))
    store, [low, high] = hub.store, [row["id"] for row in await rows(hub.store, Identity)]
    who = Identity.__table__  # type: ignore[attr-defined]

    async def seen(connection: Any, id: str) -> None:
        await connection.execute(update(who).where(who.c.id == id).values(seen_ms=7))

    async def saved() -> None:
        async with store.db.write() as connection:
            people = await store.timeline.identities(connection, [low, high])
            for one in people.values():
                one.changed = True
            await store.timeline.save(connection, [people[high], people[low]], [])

    async with store.db.write() as connection:
        await seen(connection, low)
        batch = asyncio.create_task(saved())
        await asyncio.sleep(0.3)
        await seen(connection, high)
    await batch
