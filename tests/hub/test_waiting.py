"""Places in line, and how long that takes: from what happened lately, and nothing where nobody can know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.model import AgentId
from hub.store.tables import Conversation
from hub.waiting import places
from tests.fakes import answered, said
from tests.hub.hubs import only, rows, settle


def test_each_line_is_counted_by_itself() -> None:
    found = places([("a", "x"), ("b", "y"), ("c", "x")], {"x": 6}, there=True)
    assert {who: (one.place, one.wait_s) for who, one in found.items()} == {"a": (1, 600), "b": (1, None), "c": (2, 1200)}


def test_while_nobody_is_there_no_wait_is_told() -> None:
    assert places([("a", "x")], {"x": 60}, there=False)["a"].wait_s is None


@given(st.integers(1, 500), st.integers(0, 500))
def test_a_wait_is_whole_minutes_and_never_less_than_the_figures_say(place: int, count: int) -> None:
    wait = places([(str(n), "x") for n in range(place)], {"x": count}, there=True)[str(place - 1)].wait_s
    assert (wait is None) == (count < 3)
    assert wait is None or (wait % 60 == 0 and wait >= place * 3600 / count)


async def test_the_line_is_in_order_of_waiting_and_ends_with_an_answer(make_hub) -> None:  # type: ignore[no-untyped-def]
    hub = await make_hub()
    for name in ("ann", "bob", "eve"):
        await settle(hub, said("hello", customer=name))
    talks = {row["identity_id"]: row["id"] for row in await rows(hub.store, Conversation)}
    line = await hub.store.queueing.waiting()
    assert len(line) == 3
    assert {one.line for one in line} == {"team "}
    first = talks[line[0].identity_id]
    await settle(hub, answered("hi", conversation=first))
    assert [one.identity_id for one in await hub.store.queueing.waiting()] == [one.identity_id for one in line[1:]]
    await settle(hub, answered("hi again", conversation=first))
    counted = await hub.store.queueing.answered(datetime.now(UTC) - timedelta(hours=1))
    assert counted == {"agent1": 1, "team ": 1}, "two answers in one conversation are one turn"
    assert not await hub.store.queueing.answered(datetime.now(UTC) + timedelta(hours=1))
    await settle(hub, answered("", conversation=talks[line[1].identity_id], kind="assign", assignee=AgentId("bo")))
    assert {one.line for one in await hub.store.queueing.waiting()} == {"bo", "team "}
    assert (await only(hub.store, Conversation, id=first))["waiting_ms"] == 0
