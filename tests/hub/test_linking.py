"""Several identities as one customer: by what is proved, by hand, with undo, by two processes; strangers who are named."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub import inbound, linking
from hub.errors import Conflict
from hub.model import ChannelName, Event, ExternalId, Proved, bucket_of, identity_of
from hub.runtime import Hub
from hub.store.agent_tables import Audit
from hub.store.link_tables import Claim, Link
from hub.store.tables import Conversation, Customer, Delivery, Identity, Message
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import Phone, channels, desks, named, only, rows, settle, take_in, text_of

PAGE = ChannelName("page")


async def customer_of(hub: Hub, channel: str, address: str) -> str:
    row = await only(hub.store, Identity, channel=channel, external_id=address)
    return str(row["customer_id"])


async def test_the_same_verified_address_makes_one_customer_who_is_seen_with_all_conversations(hub: Hub) -> None:
    await settle(hub, said("by phone", customer="ann", proved=Proved(email="Ann@Example.org"), profile=named("Ann")))
    await settle(hub, said("on the page", channel="page", customer="u:7", proved=Proved(email="ann@example.ORG ")))
    one = await customer_of(hub, "phone", "ann")
    assert await customer_of(hub, "page", "u:7") == one
    (first, second) = await rows(hub.store, Conversation)
    opened = await hub.store.console.opened(second["id"], "somebody")
    assert opened is not None
    assert [other.id for other in opened.others] == [first["id"]]
    assert sorted(opened.identities) == [("page", "u:7"), ("phone", "ann")]
    (entry,) = await rows(hub.store, Audit)
    assert (entry["actor"], entry["action"], entry["object"]) == ("system", "customers.linked", one)


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        (Proved(phone="+86 138 0013 8000"), Proved(phone="+8613800138000"), True),
        (Proved(phone="13800138000"), Proved(phone="13800138000"), False),
        (Proved(phone="+1"), Proved(phone="+1"), False),
        (Proved(unionid="oAbC"), Proved(unionid="oAbC"), True),
        (Proved(unionid="oAbC"), Proved(unionid="oabc"), False),
        (Proved(email="nobody"), Proved(email="nobody"), False),
        (Proved(email="a@b.cn"), Proved(unionid="a@b.cn"), False),
    ],
)
async def test_what_counts_as_the_same(hub: Hub, mine: Proved, theirs: Proved, same: bool) -> None:
    await settle(hub, said("hello", customer="ann", proved=mine), said("hello", channel="page", customer="u:7", proved=theirs))
    assert (await customer_of(hub, "phone", "ann") == await customer_of(hub, "page", "u:7")) is same


async def test_what_customers_say_of_themselves_links_nobody(hub: Hub) -> None:
    await settle(hub, said("I am Ann", customer="ann", proved=Proved(email="ann@example.org")))
    await settle(hub, said("me too", channel="page", customer="v1", profile=named("Ann", "ann@example.org")))
    assert await customer_of(hub, "phone", "ann") != await customer_of(hub, "page", "v1")
    assert len(await rows(hub.store, Claim)) == 1


async def test_a_link_that_a_dead_worker_left_is_made_by_the_next_sweep(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(_: Hub) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("hub.inbound.settle", dies)
        for message in (
            said("hello", customer="ann", proved=Proved(unionid="o1")),
            said("hello", customer="bob", proved=Proved(unionid="o1")),
        ):
            await hub.intake.keep([message], 10.0)
            with pytest.raises(ConnectionError):
                await take_in(hub)
    await take_in(hub)
    assert await customer_of(hub, "phone", "ann") != await customer_of(hub, "phone", "bob")
    await linking.settle(hub)
    assert await customer_of(hub, "phone", "ann") == await customer_of(hub, "phone", "bob")


async def test_two_processes_that_link_at_once_end_in_one_result(make_hub: Any) -> None:
    hubs = [await make_hub(), await make_hub()]
    for n in range(8):
        await settle(hubs[0], said("hello", customer=f"c{n}"), said("hello", channel="page", customer=f"u:{n}"))
    people = [await customer_of(hubs[0], "phone", f"c{n}") for n in range(8)]
    others = [await customer_of(hubs[0], "page", f"u:{n}") for n in range(8)]
    async with hubs[0].store.db.write() as connection:
        await linking.noted(
            hubs[0], connection, [said("x", customer=f"c{n}", proved=Proved(email="all@example.org")) for n in range(8)]
        )
    made = await asyncio.gather(
        *(linking.settle(hub) for hub in hubs for _ in range(2)),
        *(hubs[n % 2].store.links.link(people[n], others[n], "Bo", "") for n in range(8)),
        *(hubs[1 - n % 2].store.links.link(others[n], people[n], "Cy", "") for n in range(8)),
        *(settle(hub, said("again", customer=f"c{n}")) for n, hub in enumerate(hubs)),
        return_exceptions=True,
    )
    for wrong in made:
        assert not isinstance(wrong, BaseException) or isinstance(wrong, Conflict), wrong
    for hub in hubs:
        await linking.settle(hub)
    owners = {row["customer_id"] for row in await rows(hubs[0].store, Identity)}
    by_identity = {row["id"]: row["customer_id"] for row in await rows(hubs[0].store, Identity)}
    assert len({await customer_of(hubs[0], "phone", f"c{n}") for n in range(8)}) == 1
    assert all(row["customer_id"] == by_identity[row["identity_id"]] for row in await rows(hubs[0].store, Conversation))
    assert len(await rows(hubs[0].store, Link)) == 16 - len(owners), "each link took one customer away, and none twice"


async def test_what_is_claimed_while_a_link_waits_for_lanes_is_compared_next(hub: Hub, monkeypatch: Any) -> None:
    """Another process commits the claim after the others were read."""
    await settle(hub, *(said("hello", customer=name) for name in ("ann", "bob", "cyd")))
    claims = [said("x", customer=name, proved=Proved(email="all@example.org")) for name in ("ann", "bob", "cyd")]
    async with hub.store.db.write() as connection:
        await linking.noted(hub, connection, claims[:2])
    hold, waits = hub.store.links.hold, 0

    async def held(connection: Any, customers: Any) -> list[str]:
        nonlocal waits
        waits += 1
        if waits == 1:
            await linking.noted(hub, connection, claims[2:])
        return await hold(connection, customers)

    monkeypatch.setattr(hub.store.links, "hold", held)
    await linking.settle(hub)
    await linking.settle(hub)
    assert len({await customer_of(hub, "phone", name) for name in ("ann", "bob", "cyd")}) == 1
    assert {row["state"] for row in await rows(hub.store, Claim)} == {"held"}


async def test_by_hand_and_undone_and_not_linked_again_by_itself(hub: Hub) -> None:
    await settle(hub, said("hello", customer="ann", profile=named("Ann")), said("hi", channel="page", customer="v1"))
    ann, stranger = await customer_of(hub, "phone", "ann"), await customer_of(hub, "page", "v1")
    link = await hub.store.links.link(stranger, ann, "Bo", "same order number")
    assert await hub.store.links.link(stranger, ann, "Bo", "same order number") == link, "asked again, it is the same link"
    assert await customer_of(hub, "phone", "ann") == stranger
    assert (await only(hub.store, Customer, id=stranger))["name"] == "Ann", "what only one of them knew is known of both"
    assert await hub.store.links.undo(link, "Cy", "they are sisters") == (stranger, ann)
    await hub.store.links.undo(link, "Cy", "they are sisters")
    assert await customer_of(hub, "phone", "ann") == ann
    assert (await only(hub.store, Customer, id=stranger))["name"] == ""
    assert {row["customer_id"] for row in await rows(hub.store, Conversation)} == {ann, stranger}
    assert [(row["actor"], row["action"]) for row in await rows(hub.store, Audit)] == [
        ("Bo", "customers.linked"),
        ("Cy", "customers.parted"),
    ]


async def test_what_an_agent_parted_stays_apart_though_the_same_is_proved(hub: Hub) -> None:
    proved = Proved(email="family@example.org")
    await settle(hub, said("hello", customer="ann", proved=proved), said("hello", customer="bob", proved=proved))
    (link,) = await rows(hub.store, Link)
    await hub.store.links.undo(link["id"], "Bo", "")
    await settle(hub, said("again", customer="ann", proved=proved), said("again", customer="bob", proved=proved))
    await linking.settle(hub)
    assert await customer_of(hub, "phone", "ann") != await customer_of(hub, "phone", "bob")


async def test_an_earlier_link_is_undone_after_the_later_one(hub: Hub) -> None:
    await settle(hub, *(said("hello", customer=name) for name in ("ann", "bob", "cyd")))
    ann, bob, cyd = [await customer_of(hub, "phone", name) for name in ("ann", "bob", "cyd")]
    first = await hub.store.links.link(bob, ann, "Bo", "")
    second = await hub.store.links.link(cyd, bob, "Bo", "")
    with pytest.raises(Conflict, match="undo the later link first"):
        await hub.store.links.undo(first, "Bo", "")
    await hub.store.links.undo(second, "Bo", "")
    await hub.store.links.undo(first, "Bo", "")
    assert [await customer_of(hub, "phone", name) for name in ("ann", "bob", "cyd")] == [ann, bob, cyd]
    with pytest.raises(Conflict):
        await hub.store.links.link(ann, "0" * 32, "Bo", "")


async def log_of(hub: Hub, address: str) -> list[tuple[int | None, str]]:
    found = await rows(hub.store, Message, identity_id=identity_of("page", address))
    return sorted((row["cs"], text_of(row)) for row in found if row["cs"] is not None)


async def test_a_strangers_log_comes_along_when_they_are_named(make_hub: Any) -> None:
    hub: Hub = await make_hub(desks=desks(slack=FakeDesk()))
    await settle(hub, said("who are you?", channel="page", customer="v1"))
    (talk,) = await rows(hub.store, Conversation)
    await settle(hub, answered("we are the shop", conversation=talk["id"]))
    await hub.intake.keep([said("on its way meanwhile", channel="page", customer="v1", id="v1.late")], 10.0)
    await linking.named(hub, PAGE, ExternalId("v1"), ExternalId("u:7"))
    await linking.named(hub, PAGE, ExternalId("v1"), ExternalId("u:7"))
    await settle(hub, said("it is me, Ann", channel="page", customer="u:7"), answered("hello Ann", conversation=talk["id"]))
    texts = [text for _, text in await log_of(hub, "u:7")]
    assert texts[:2] == ["who are you?", "we are the shop"]
    assert sorted(texts[2:]) == sorted(["on its way meanwhile", "it is me, Ann", "hello Ann"])
    assert [place for place, _ in await log_of(hub, "u:7")] == [1, 2, 3, 4, 5]
    assert await log_of(hub, "v1") == []
    (after,) = await rows(hub.store, Conversation)
    assert (after["id"], after["identity_id"]) == (talk["id"], identity_of("page", "u:7"))
    assert after["open_key"] == after["identity_id"]
    assert {row["lane"] for row in await rows(hub.store, Delivery)} == {after["lane"]}


async def test_a_customer_who_was_there_before_keeps_their_log_and_has_one_conversation_open(hub: Hub) -> None:
    await settle(hub, said("last year", channel="page", customer="u:7"), said("forgot to sign in", channel="page", customer="v1"))
    await linking.named(hub, PAGE, ExternalId("v1"), ExternalId("u:7"))
    await settle(hub, said("now I am here", channel="page", customer="u:7"))
    assert await log_of(hub, "u:7") == [(1, "last year"), (2, "forgot to sign in"), (3, "now I am here")]
    assert len([row for row in await rows(hub.store, Conversation) if row["open_key"]]) == 1
    assert await customer_of(hub, "page", "v1") == await customer_of(hub, "page", "u:7")
    (link,) = await rows(hub.store, Link)
    with pytest.raises(Conflict, match="stay so"):
        await hub.store.links.undo(link["id"], "Bo", "")


async def test_a_stranger_who_said_nothing_leaves_nothing(hub: Hub) -> None:
    await linking.named(hub, PAGE, ExternalId("v1"), ExternalId("u:7"))
    assert await rows(hub.store, Identity) == []


async def test_a_stranger_is_named_once_by_two_processes(make_hub: Any) -> None:
    hubs = [await make_hub(), await make_hub()]
    await settle(hubs[0], said("hello", channel="page", customer="v1"))
    await asyncio.gather(
        *(linking.named(hub, PAGE, ExternalId("v1"), ExternalId(who)) for hub in hubs for who in ("u:7", "u:8")),
        *(settle(hub, said(f"more{n}", channel="page", customer="v1", id=f"v1.{n}")) for n, hub in enumerate(hubs)),
    )
    await settle(hubs[0])
    logs = [await log_of(hubs[0], who) for who in ("v1", "u:7", "u:8")]
    assert sorted(len(log) for log in logs) == [0, 0, 3], "everything went one way"


async def test_what_a_stranger_said_is_read_before_what_they_say_once_they_are_named(make_hub: Any) -> None:
    """What was on its way waited in another lane, and the customer's own is read first."""
    hub: Hub = await make_hub()
    lane = bucket_of(PAGE, "u:7") % hub.store.lanes
    stranger = next(one for one in map("v{}".format, range(100)) if bucket_of(PAGE, one) % hub.store.lanes != lane)
    await hub.intake.keep([said("first", channel="page", customer=stranger, id=f"{stranger}.1")], 10.0)
    await linking.named(hub, PAGE, ExternalId(stranger), ExternalId("u:7"))
    await hub.intake.keep([said("second", channel="page", customer="u:7", id="u:7.2")], 10.0)
    await inbound.drain(hub, lane)
    await settle(hub)
    assert await log_of(hub, "u:7") == [(1, "first"), (2, "second")]


def moves(before: str, after: str) -> Any:
    """A platform tells that a group goes on under another id."""
    event = Event(kind="moved", data=after)
    return said("", customer=before, id=f"{before}.moved.{after}").model_copy(update={"parts": (event,)})


async def test_a_group_that_gets_another_id_keeps_its_conversation(make_hub: Any) -> None:
    phone, desk = Phone(), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=desk))
    await settle(hub, said("when do you open?", customer="-77"))
    await settle(hub, moves("-77", "-100777"))
    await settle(hub, moves("-77", "-100777"))
    await settle(hub, said("hello?", customer="-100777"))
    await settle(hub, said("a late one", customer="-77"))
    talk = await only(hub.store, Conversation)
    assert (talk["status"], talk["identity_id"]) == ("open", identity_of(ChannelName("phone"), ExternalId("-100777")))
    await settle(hub, answered("at nine", conversation=talk["id"]))
    assert [sent[:2] for sent in phone.sent] == [("-100777", "at nine")]
    texts = [text_of(row) for row in await rows(hub.store, Message, kind="message")]
    assert texts == ["when do you open?", "hello?", "a late one", "at nine"]
    assert len(desk.threads) == 1


async def test_what_a_group_said_under_its_new_id_before_we_knew_is_one_matter_with_the_rest(make_hub: Any) -> None:
    phone = Phone()
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("when do you open?", customer="-77"))
    await settle(hub, said("anybody?", customer="-100777"))
    await settle(hub, moves("-77", "-100777"))
    first, second = await rows(hub.store, Conversation)
    assert (first["status"], second["status"], second["merged_into"]) == ("open", "merged", first["id"])
    assert first["waiting_ms"] > 0
    await settle(hub, said("hello?", customer="-100777"))
    await settle(hub, answered("at nine", conversation=first["id"]))
    assert [sent[:2] for sent in phone.sent] == [("-100777", "at nine")]
    assert len(await rows(hub.store, Conversation)) == 2


async def test_a_move_that_a_dead_worker_left_is_made_by_the_next_sweep(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = await make_hub(connectors=channels(phone=Phone()))
    await settle(hub, said("when do you open?", customer="-77"))
    await settle(hub, said("anybody?", customer="-100777"))

    async def dies(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("hub.linking.together", dies)
        await hub.intake.keep([moves("-77", "-100777")], 10.0)
        with pytest.raises(ConnectionError):
            await take_in(hub)
    assert [row["status"] for row in await rows(hub.store, Conversation)] == ["open", "open"], "it died half-way"
    for _ in range(2):
        await linking.settle(hub)
    assert [row["status"] for row in await rows(hub.store, Conversation)] == ["open", "merged"]
