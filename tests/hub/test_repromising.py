"""A target that is changed counts for conversations that are open already, from the next start on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hub.promises import Promises
from hub.repromising import renew
from hub.runtime import Hub
from hub.store.tables import Conversation
from tests.fakes import answered, said
from tests.hub.hubs import rows, take_in

MakeHub = Callable[..., Awaitable[Hub]]


async def dues(hub: Hub) -> dict[str, tuple[str, int]]:
    """What is due, and after how many seconds of waiting, by preview."""
    return {
        row["preview"]: (row["due_kind"], round((row["due_ms"] - row["waiting_ms"]) / 1000) if row["due_ms"] else 0)
        for row in await rows(hub.store, Conversation)
    }


async def test_open_conversations_get_the_new_target_once_and_resolved_ones_none(make_hub: MakeHub) -> None:
    hub: Any = await make_hub(promises=Promises.model_validate({"targets": [{"first": "15m"}]}))
    await take_in(hub, said("one", customer="ann"), said("two", customer="ben"), said("done", customer="cho"))
    talk = next(row["id"] for row in await rows(hub.store, Conversation) if row["preview"] == "done")
    await take_in(hub, answered("", kind="resolve", conversation=talk))
    assert await dues(hub) == {"one": ("first", 900), "two": ("first", 900), "done": ("", 0)}
    assert await renew(hub) == 0
    hub.promises = Promises.model_validate({"targets": [{"first": "1h"}]})
    assert await renew(hub) == 2
    assert await dues(hub) == {"one": ("first", 3600), "two": ("first", 3600), "done": ("", 0)}
    hub.promises = Promises()
    assert await renew(hub) == 2
    assert set((await dues(hub)).values()) == {("", 0)}


async def test_what_happens_meanwhile_has_the_last_word(make_hub: MakeHub) -> None:
    hub: Any = await make_hub(promises=Promises.model_validate({"targets": [{"first": "15m"}]}))
    await take_in(hub, said("one", customer="ann"))
    (talk,) = await hub.store.promising.open_after("", 10)
    await take_in(hub, answered("", kind="resolve", conversation=talk.id))
    talk.due_ms += 1000
    await hub.store.promising.promise([talk])
    assert await dues(hub) == {"one": ("", 0)}
