"""Lists behind a cursor: while rows are added at the end, whoever walks one sees each older row once and misses none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hub.runtime import Hub
from hub.store.console import Place
from hub.store.store import Store
from hub.store.tables import Conversation, Inbox
from tests.fakes import answered, said
from tests.hub.hubs import named, only, put, rows, take_in


async def walked(page: Callable[[Any], Awaitable[list[Any]]], cursor: Callable[[Any], Any], add: Callable[[], Any]) -> list[Any]:
    """Every row of a list, page by page, with something new before each page."""
    found: list[Any] = []
    before = None
    for _ in range(50):
        got = await page(before)
        if not got:
            return found
        found += got
        before = cursor(got[-1])
        await add()
    raise AssertionError("the list has no end")


async def test_conversations_while_customers_come_and_write(hub: Hub) -> None:
    for n in range(12):
        await take_in(hub, said("hi", customer=f"c{n}"))
    before = {row["id"] for row in await rows(hub.store, Conversation)}
    count = iter(range(100))

    async def add() -> None:
        await take_in(hub, said("new", customer=f"new{next(count)}"), said("again", customer="c3"))

    console = hub.store.console
    first = (await console.conversations("me", "all", most=1))[0]
    found = await walked(lambda place: console.conversations("me", "all", before=place, most=5), lambda row: row.last_s, add)
    ids = [row.id for row in found]
    assert ids[0] == first.id
    assert len(ids) == len(set(ids)), "nobody twice"
    moved = (await only_talk(hub, "c3"))["id"]
    assert before - set(ids) <= {moved}, "only who wrote again has moved above the place where the walk began"
    assert [row.last_s for row in found] == sorted((row.last_s for row in found), reverse=True)


async def only_talk(hub: Hub, customer: str) -> dict[str, Any]:
    identity = await hub.store.logs.identity("phone", customer)
    assert identity is not None
    return await only(hub.store, Conversation, identity_id=identity.id)


async def test_entries_while_more_are_said(hub: Hub) -> None:
    await take_in(hub, *(said(f"{n}") for n in range(23)))
    talk = await only(hub.store, Conversation)
    place = await hub.store.console.place(talk["id"])
    assert place == Place(talk["id"], talk["identity_id"], "phone", 23)

    async def page(before: int | None) -> list[Any]:
        found, _ = await hub.store.console.entries(place, before=before, most=5)
        assert [entry.seq for entry in found] == sorted(entry.seq for entry in found)
        return found[::-1]

    found = await walked(page, lambda entry: entry.seq, lambda: take_in(hub, said("more")))
    assert [entry.seq for entry in found] == list(range(23, 0, -1))


async def test_a_customers_own_log_forwards_and_backwards(hub: Hub) -> None:
    await take_in(hub, *(said(f"{n}", channel="page") for n in range(23)))
    who = (await only(hub.store, Conversation))["identity_id"]
    logs = hub.store.logs

    async def add() -> None:
        await take_in(hub, said("more", channel="page"))

    backwards = await walked(lambda place: logs.before(who, place or 2**60, 5), lambda entry: entry.cs, add)
    assert [entry.cs for entry in backwards] == list(range(23, 0, -1))
    forwards: list[int | None] = []
    while got := await logs.after(who, forwards[-1] or 0 if forwards else 0, 5):
        forwards += [entry.cs for entry in got]
        if len(forwards) < 30:
            await add()
    assert forwards == list(range(1, len(forwards) + 1)), "what came meanwhile comes too, in its place"
    assert len(forwards) > 28


async def test_the_inbox_wide_log_has_everybodys_entries_once(hub: Hub) -> None:
    seen: list[int] = []
    for n in range(6):
        await take_in(hub, *(said(f"{n}", customer=f"c{n}{m}") for m in range(4)))
        while got := await hub.store.logs.inbox_after(seen[-1] if seen else 0, 3):
            seen += [entry.s for entry in got]
    assert seen == list(range(1, 25))
    assert await hub.store.logs.inbox_head() == 24
    assert await hub.store.console.count_between(10, 24) == 14


async def test_parked_rows_while_more_are_parked(hub: Hub) -> None:
    await hub.intake.keep([said(f"{n}") for n in range(12)], 5.0)
    await put(hub.store, Inbox, {}, state=2)
    old = [row["n"] for row in await rows(hub.store, Inbox)]

    async def add() -> None:
        await hub.intake.keep([said("bad", id=f"bad{len(await rows(hub.store, Inbox))}")], 5.0)
        await put(hub.store, Inbox, {}, state=2)

    found = await walked(lambda n: hub.store.inbox.parked(before=n, most=5), lambda row: row["n"], add)
    assert [row["n"] for row in found] == old[::-1]


async def test_who_did_what_while_more_is_done(store: Store) -> None:
    for n in range(12):
        await store.agents.record("ann", f"action {n}")

    async def add() -> None:
        await store.agents.record("ann", "more")

    found = await walked(lambda id: store.agents.records(before=id, most=5), lambda row: row["id"], add)
    assert len(found) == 12
    assert {row["action"] for row in found} == {f"action {n}" for n in range(12)}


async def test_views_and_their_sizes(hub: Hub) -> None:
    for customer in ("ann", "bob", "cy", "dee"):
        await take_in(hub, said("hi", customer=customer))
    ann, bob, cy, _ = await rows(hub.store, Conversation)
    await take_in(hub, answered("hello", conversation=ann["id"]))
    await take_in(hub, answered("", conversation=bob["id"], kind="assign", assignee="somebody"))
    await take_in(hub, answered("", conversation=cy["id"], kind="resolve"))
    console = hub.store.console

    async def ids(view: Any) -> set[str]:
        return {row.id for row in await console.conversations("agent1", view)}

    assert await ids("mine") == {ann["id"]}
    assert await ids("resolved") == {cy["id"]}
    assert len(await ids("all")) == 3
    assert len(await ids("unassigned")) == 1
    counts = await console.counts("agent1")
    assert (counts.mine, counts.unassigned, counts.all) == (1, 1, 3)


async def test_a_search_takes_words_as_they_are(hub: Hub) -> None:
    await take_in(hub, said("100% sure", customer="ann", profile=named("Ann O'Neil", "ann@example.com")))
    await take_in(hub, said("1000 times", customer="bob", profile=named("Bob_Ross")))
    await take_in(hub, said("退款", customer="li", profile=named("李雷")))
    for words, found in {
        "100%": ["ann"], "o'neil": ["ann"], "ANN@example": ["ann"], "b_r": ["bob"], "_": ["bob"], "退款": ["li"], "李": ["li"],
        "%": ["ann"], "nobody": [], "100": ["ann", "bob"],
    }.items():  # fmt: skip
        talks = await hub.store.console.conversations("me", "all", words=words)
        names = {(await hub.store.console.opened(talk.id, "me")).identities[0][1] for talk in talks}  # type: ignore[union-attr]
        assert sorted(names) == sorted(found), words
