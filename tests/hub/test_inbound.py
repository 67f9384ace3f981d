"""Inbound: what was acknowledged becomes entries, all of it, once and in order, on each database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest

from hub import inbound
from hub.model import ChannelName, ExternalId, Media, Text, Unsupported, bucket_of
from hub.ports import Unread
from hub.runtime import Hub
from hub.store.tables import Conversation, Customer, Delivery, File, Identity, Inbox, Message
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import desks, happened, named, only, put, rows, settle, take_in, text_of


async def drained(hub: Hub, *items: Any) -> None:
    """One worker's pass over every lane."""
    await hub.intake.keep(items, 10.0)
    for lane in range(hub.store.lanes):
        await inbound.drain(hub, lane)


async def seqs(hub: Hub) -> dict[str, list[int]]:
    """The positions in each conversation, in the order of the inbox-wide log."""
    found: dict[str, list[int]] = {}
    for entry in await rows(hub.store, Message):
        found.setdefault(entry["conversation_id"], []).append(entry["seq"])
    return found


async def test_a_first_message_makes_everything_that_it_needs(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    profile = named("Ann Lee", "ann@example.com")
    await take_in(hub, said("my parcel is late", id="m1", locale="en-GB", profile=profile, raw={"update_id": 1}))
    person, who = await only(hub.store, Customer), await only(hub.store, Identity)
    talk, entry = await only(hub.store, Conversation), await only(hub.store, Message)
    assert (person["name"], person["email"], person["locale"]) == ("Ann Lee", "ann@example.com", "en-GB")
    assert (who["channel"], who["external_id"], who["customer_id"]) == ("phone", "ann", person["id"])
    assert who["bucket"] == talk["bucket"] == bucket_of("phone", "ann")
    assert (talk["identity_id"], talk["open_key"], talk["status"]) == (who["id"], who["id"], "open")
    assert (talk["head"], talk["last_s"], talk["preview"], talk["preview_by"]) == (1, 1, "my parcel is late", "customer")
    assert talk["waiting_ms"] > 0
    assert (entry["seq"], entry["s"], entry["kind"], entry["author_kind"]) == (1, 1, "message", "customer")
    assert (entry["source"], entry["external_id"], text_of(entry)) == ("phone", "m1", "my parcel is late")
    calls = await rows(hub.store, Delivery)
    assert [(call["kind"], call["target"], call["state"]) for call in calls] == [
        ("open", "slack", "queued"),
        ("line", "slack", "queued"),
    ]
    assert (await only(hub.store, Inbox))["state"] == 1


async def test_the_transaction_is_all_or_nothing(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies before the commit leaves nothing but the inbox row."""
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    await hub.intake.keep([said("hello")], 5.0)

    async def dies(*_: Any) -> int:
        raise RuntimeError("the process was killed here")

    with monkeypatch.context() as patched:
        patched.setattr(type(hub.store.inbox), "finish", dies)
        with pytest.raises(RuntimeError):
            await inbound.drain(hub, bucket_of("phone", "ann") % hub.store.lanes)
    for table in (Message, Delivery, Conversation, Identity, Customer):
        assert await rows(hub.store, table) == []
    assert (await only(hub.store, Inbox))["state"] == 0
    await take_in(hub)
    assert len(await rows(hub.store, Message)) == 1


async def test_two_workers_on_the_same_lanes_leave_no_gap_and_no_double(make_hub: Any) -> None:
    """They drain while two web processes still write; each customer's messages keep their order."""
    one, two = await make_hub(), await make_hub()
    texts = {customer: [f"{customer} {n}" for n in range(30)] for customer in ("ann", "bob", "cy", "dee", "eve")}

    async def writes(hub: Hub, customer: str) -> None:
        for text in texts[customer]:
            await hub.intake.keep([said(text, customer=customer)], 20.0)

    async def works(hub: Hub) -> None:
        while not over.is_set() or await hub.store.inbox.waiting_lanes():
            for lane in range(hub.store.lanes):
                await inbound.drain(hub, lane)
            await asyncio.sleep(0)

    over = asyncio.Event()
    workers = [asyncio.create_task(works(hub)) for hub in (one, two)]
    await asyncio.gather(*(writes((one, two)[n % 2], customer) for n, customer in enumerate(texts)))
    over.set()
    await asyncio.gather(*workers)
    assert list((await seqs(one)).values()) == [list(range(1, 31))] * 5
    entries = await rows(one.store, Message)
    assert [entry["s"] for entry in entries] == list(range(1, 151)), "the inbox-wide log has no gap either"
    assert {c: [text_of(e) for e in entries if e["author_id"] == c] for c in texts} == texts


async def test_more_rows_than_one_transaction_takes(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "MOST", 10)
    await drained(hub, *(said(f"{n}") for n in range(35)))
    assert [text_of(entry) for entry in await rows(hub.store, Message)] == [f"{n}" for n in range(35)]
    assert len(await rows(hub.store, Conversation)) == 1


async def test_the_customers_own_log_has_no_gap_and_no_notes(hub: Hub) -> None:
    await take_in(hub, said("hello", channel="page"))
    talk = await only(hub.store, Conversation)
    await take_in(hub, answered("psst", conversation=talk["id"], kind="note"), answered("hi", conversation=talk["id"]))
    own = await hub.store.logs.after(talk["identity_id"], 0)
    assert [(entry.cs, entry.kind) for entry in own] == [(1, "message"), (2, "message")]
    assert [row["cs"] for row in await rows(hub.store, Message, kind="note")] == [None]
    assert (await only(hub.store, Identity))["head"] == 2


async def test_an_edit_names_what_it_changes_and_goes_to_the_desks(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=(desk := FakeDesk())))
    await settle(hub, said("helo", id="m1"))
    await settle(hub, said("hello", id="m1.e1", edit_of=ExternalId("m1")))
    first, edit = (row for row in await rows(hub.store, Message) if row["kind"] in ("message", "edit"))
    assert (edit["kind"], edit["edit_of"], text_of(edit)) == ("edit", first["id"], "hello")
    assert list(desk.threads.values()) == [["helo", "hello\n← helo"]]


async def test_an_edit_in_the_same_batch_as_what_it_changes(hub: Hub) -> None:
    await drained(hub, said("helo", id="m1"), said("hello", id="m1.e1", edit_of=ExternalId("m1")))
    first, edit = await rows(hub.store, Message)
    assert (edit["kind"], edit["edit_of"]) == ("edit", first["id"])


async def test_an_edit_of_what_we_never_saw_is_the_message(hub: Hub) -> None:
    await take_in(hub, said("hello", id="m1.e1", edit_of=ExternalId("m1")))
    entry = await only(hub.store, Message)
    assert (entry["kind"], entry["edit_of"], text_of(entry)) == ("message", None, "hello")


async def test_a_deletion_is_shown_and_deletes_nothing(hub: Hub) -> None:
    await take_in(hub, said("my pin is 1234", id="m1"), happened("deleted", id="m1.d", edit_of=ExternalId("m1")))
    first, deleted = await rows(hub.store, Message)
    assert (deleted["kind"], deleted["edit_of"], deleted["parts"]) == ("delete", first["id"], "[]")
    assert text_of(first) == "my pin is 1234"


async def test_an_answer_to_something_names_our_entry(hub: Hub) -> None:
    await take_in(hub, said("one", id="m1"), said("two", id="m2"))
    await take_in(hub, said("about the first", id="m3", reply_to=ExternalId("m1")))
    await take_in(hub, said("about nothing that we know", id="m4", reply_to=ExternalId("m0")))
    first, _, third, fourth = await rows(hub.store, Message)
    assert third["reply_to"] == first["id"]
    assert fourth["reply_to"] is None


async def test_what_nobody_knows_to_show_is_shown_as_unsupported(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    strange = said("").model_copy(update={"parts": (Unsupported(kind="story", text="a story"), Text(text="see"))})
    await take_in(hub, strange)
    entry, talk = await only(hub.store, Message), await only(hub.store, Conversation)
    assert [part["type"] for part in orjson.loads(entry["parts"])] == ["unsupported", "text"]
    assert "story" in talk["preview"]
    line = await only(hub.store, Delivery, kind="line", rank=1000)
    assert "story" in text_of(line)


async def test_a_file_that_lies_with_its_platform_gets_an_id_of_ours(hub: Hub) -> None:
    picture = Media(kind="image", remote="photo:17", name="cat.jpg", mime="image/jpeg", size=12)
    await take_in(hub, said("look").model_copy(update={"parts": (picture,)}))
    entry, file = await only(hub.store, Message), await only(hub.store, File)
    part = orjson.loads(entry["parts"])[0]
    assert (part["file"], part["remote"]) == (file["id"], "")
    assert (file["source"], file["remote"], file["state"], file["name"]) == ("phone", "photo:17", "remote", "cat.jpg")
    assert await hub.store.files.waiting() == [file["id"]]


async def test_who_follows_opens_nothing_when_the_bot_is_silent(hub: Hub) -> None:
    await take_in(hub, happened("followed"))
    assert await rows(hub.store, Conversation) == []
    assert (await only(hub.store, Inbox))["state"] == 1


async def test_who_blocks_is_unreachable_until_they_write_again(hub: Hub) -> None:
    await take_in(hub, said("hello"), happened("blocked"))
    assert (await only(hub.store, Identity))["unreachable"]
    assert [entry["kind"] for entry in await rows(hub.store, Message)] == ["message", "event"]
    await take_in(hub, said("I am back"))
    assert (await only(hub.store, Identity))["unreachable"] == ""
    assert len(await rows(hub.store, Conversation)) == 1


async def test_an_event_is_shown_where_there_is_a_conversation_and_opens_none(hub: Hub) -> None:
    await take_in(hub, happened("scanned", customer="stranger"))
    assert await rows(hub.store, Message) == []
    await take_in(hub, said("hello"), happened("scanned"))
    assert [entry["kind"] for entry in await rows(hub.store, Message)] == ["message", "event"]


async def test_a_customer_who_writes_soon_after_goes_on_in_the_same_conversation(hub: Hub) -> None:
    await take_in(hub, said("hello"))
    talk = await only(hub.store, Conversation)
    await take_in(hub, answered("", conversation=talk["id"], kind="resolve"))
    await take_in(hub, said("one more thing"))
    again = await only(hub.store, Conversation)
    assert (again["id"], again["status"], again["open_key"], again["resolved_at"]) == (
        talk["id"],
        "open",
        talk["identity_id"],
        None,
    )
    assert [entry["kind"] for entry in await rows(hub.store, Message)] == ["message", "resolved", "reopened", "message"]


async def test_a_customer_who_writes_much_later_begins_another(hub: Hub) -> None:
    await take_in(hub, said("hello"))
    first = await only(hub.store, Conversation)
    await take_in(hub, answered("", conversation=first["id"], kind="resolve"))
    long_ago = hub.now() - timedelta(seconds=hub.reopen_within_s + 60)
    await put(hub.store, Conversation, {"id": first["id"]}, resolved_at=long_ago)
    await take_in(hub, said("another matter"))
    old, new = await rows(hub.store, Conversation)
    assert (old["status"], new["status"]) == ("resolved", "open")
    assert (old["head"], new["head"]) == (2, 1)
    assert old["customer_id"] == new["customer_id"], "the person stays the same"


async def test_resolve_and_the_next_message_in_one_batch(hub: Hub) -> None:
    await take_in(hub, said("hello"))
    talk = await only(hub.store, Conversation)
    await hub.intake.keep([answered("", conversation=talk["id"], kind="resolve"), said("one more thing")], 5.0)
    await put(hub.store, Inbox, {"state": 0}, lane=talk["lane"])
    assert await inbound.drain(hub, talk["lane"]) == 2
    assert [entry["kind"] for entry in await rows(hub.store, Message)] == ["message", "resolved", "reopened", "message"]
    assert (await only(hub.store, Conversation))["status"] == "open"


async def test_what_the_channel_learns_later_is_kept_and_what_it_forgets_too(hub: Hub) -> None:
    await take_in(hub, said("hi"))
    await take_in(hub, said("it is me", profile=named("Ann", "ann@example.com")))
    await take_in(hub, said("again", profile=named("Ann Lee")))
    person, who = await only(hub.store, Customer), await only(hub.store, Identity)
    assert (person["name"], person["email"]) == ("Ann Lee", "ann@example.com")
    assert orjson.loads(who["profile"]) == {"name": "Ann Lee", "email": "ann@example.com"}


async def test_a_message_that_overtakes_is_marked_late(hub: Hub) -> None:
    """The platform accepted message 1 before message 2, and repeated 1 after we had 2: history stays, the mark says so."""
    second = said("two", id="m2")
    await take_in(hub, second)
    await take_in(hub, said("one", id="m1").model_copy(update={"at": second.at - timedelta(seconds=30)}))
    two, one = await rows(hub.store, Message)
    assert (two["seq"], one["seq"]) == (1, 2)
    assert (two["late"], one["late"]) == (False, True)


async def test_what_nobody_could_read_is_kept_and_parked_for_people(hub: Hub) -> None:
    odd = Unread(ChannelName("phone"), ExternalId("u1"), {"update_id": 1, "message": []}, "not as documented")
    assert await hub.intake.keep([odd], 5.0) == ["new"]
    assert await hub.intake.keep([odd], 5.0) == ["same"], "a platform that sends it again is told that it was taken"
    await take_in(hub, said("and what comes after it goes on"))
    row = await only(hub.store, Inbox, external_id="u1")
    assert (row["state"], row["tries"], orjson.loads(row["raw"])) == (2, 1, {"update_id": 1, "message": []})
    assert "not as documented" in row["body"]
    assert len(await rows(hub.store, Message)) == 1


async def test_a_lane_that_never_gets_empty_is_left_between_two_transactions(
    make_hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """arq cuts a job off after its timeout, in the middle of a transaction: work that goes on for long ends by itself before."""
    hub = await make_hub()
    monkeypatch.setattr(inbound, "DRAIN_S", -1.0)
    monkeypatch.setattr(inbound, "MOST", 2)
    await hub.intake.keep([said(f"{n}", id=f"m{n}") for n in range(5)], 10.0)
    lane = bucket_of("phone", "ann") % hub.store.lanes
    assert [await inbound.drain(hub, lane) for _ in range(4)] == [2, 2, 1, 0]
    assert [text_of(entry) for entry in await rows(hub.store, Message) if entry["author_kind"] == "customer"] == list("01234")
