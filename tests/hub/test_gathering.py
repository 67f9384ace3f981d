"""In a rush ten conversations that wait for threads are told of in one post, each in one; their threads come all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hub import gathering
from hub.calling import RUSH
from hub.errors import Uncertain
from hub.model import ChannelName, ExternalId
from hub.people import Seen
from hub.ports import IdempotencyKey
from hub.runtime import Hub
from hub.store.tables import Conversation, Delivery
from tests.fakes import TEXT_ONLY, FakeDesk, said
from tests.hub.hubs import data_of, desks, named, put, rows, settle, take_in


class Rushed(FakeDesk):
    """A desk with two places that tells of several in one post."""

    def __init__(self, after: int = 12) -> None:
        super().__init__(replace(TEXT_ONLY, idempotency="lookup", lookup_after=0.1))
        self.digest_after = after
        self.digests: list[tuple[str, list[str]]] = []
        self.order: list[str] = []
        self.after: list[Exception] = []

    def place(self, channel: ChannelName, team: str) -> str:
        return "C2" if team == "sales" else "C1"

    async def open(self, place: str, card: Any, key: IdempotencyKey, lines: Sequence[Any] = ()) -> Any:
        self.order.append(card.customer)
        return await super().open(place, card, key, lines)

    async def digest(self, place: str, found: Sequence[Seen], key: IdempotencyKey) -> ExternalId:
        self.order.append("digest")
        self.digests.append((place, [one.customer for one in found]))
        self.keys[str(key)] = "posted"
        if self.after:
            raise self.after.pop(0)
        return ExternalId("posted")


async def rush(make_hub: Any, slack: Rushed, count: int) -> Hub:
    hub: Hub = await make_hub(desks=desks(slack=slack))
    for n in range(count):
        await take_in(hub, said(f"question {n}", customer=f"c{n}", profile=named(f"C{n:02}")))
    return hub


async def test_tens_are_told_of_and_all_threads_follow(make_hub: Any) -> None:
    slack = Rushed()
    hub = await rush(make_hub, slack, 25)
    for _ in range(3):
        await gathering.look(hub)
    await settle(hub)
    names = [f"C{n:02}" for n in range(25)]
    assert sorted(slack.digests) == [("C1", names[:10]), ("C1", names[10:20])]
    assert sorted(name for name in slack.order if name != "digest") == names and len(slack.threads) == 25
    await gathering.look(hub)
    await settle(hub)
    assert len(slack.digests) == 2
    assert {row["state"] for row in await rows(hub.store, Delivery)} == {"sent"}


@pytest.mark.parametrize(("count", "after"), [(9, 1), (12, 12), (30, 0)])
async def test_who_can_be_shown_soon_is_not_told_of(make_hub: Any, count: int, after: int) -> None:
    slack = Rushed(after)
    hub = await rush(make_hub, slack, count)
    await gathering.look(hub)
    assert await rows(hub.store, Delivery, kind=RUSH) == []


async def test_a_rush_of_long_ago_is_over_and_places_count_by_themselves(make_hub: Any) -> None:
    slack = Rushed()
    hub = await rush(make_hub, slack, 20)
    talks = await rows(hub.store, Conversation)
    for one in talks[:9]:
        await put(hub.store, Conversation, {"id": one["id"]}, team="sales")
    await gathering.look(hub)
    assert await rows(hub.store, Delivery, kind=RUSH) == [], "nine in one place, eleven in the other"
    for one in talks[:9]:
        await put(hub.store, Conversation, {"id": one["id"]}, team="")
    now = hub.now
    hub.now = lambda: now().replace(year=now().year + 1)
    await gathering.look(hub)
    assert await rows(hub.store, Delivery, kind=RUSH) == []
    hub.now = now
    await gathering.look(hub)
    assert len(await rows(hub.store, Delivery, kind=RUSH)) == 2


async def test_two_workers_tell_of_each_once(make_hub: Any) -> None:
    slack = Rushed()
    one = await rush(make_hub, slack, 24)
    two = await make_hub(desks=desks(slack=slack))
    await asyncio.gather(*(gathering.look(hub) for hub in (one, two, one, two)))
    told = [talk for row in await rows(one.store, Delivery, kind=RUSH) for talk in data_of(row)["of"]]
    assert len(told) == len(set(told)) == 20


async def test_a_post_whose_answer_was_lost_is_found_again(make_hub: Any) -> None:
    slack = Rushed()
    hub = await rush(make_hub, slack, 14)
    await gathering.look(hub)
    slack.after = [Uncertain("no answer")]
    await settle(hub)
    await asyncio.sleep(0.2)
    await settle(hub)
    assert len(slack.digests) == 1
    assert [row["state"] for row in await rows(hub.store, Delivery, kind=RUSH)] == ["sent"]
