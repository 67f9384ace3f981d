"""Rows that fail are put aside only while they wait: the lane is free by then, and another process may have handled them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from hub import inbound
from hub.metrics import PARKED
from hub.parking import set_aside
from hub.runtime import Hub
from hub.store.tables import Inbox, Message
from hub.writing import write
from tests.fakes import said
from tests.hub.hubs import only, put, rows, take_in, text_of


async def test_a_row_that_another_process_could_handle_after_all_is_not_parked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replayed, it would be said twice."""
    await hub.intake.keep([said("hello")], 10.0)
    await put(hub.store, Inbox, {"state": 0}, tries=2)
    aside, before = set_aside, PARKED._value.get()

    async def fails(*_: Any) -> None:
        raise ValueError("no")

    async def late(*args: Any) -> None:
        monkeypatch.undo()
        await take_in(hub)
        await aside(*args)

    monkeypatch.setattr(inbound, "heard", fails)
    monkeypatch.setattr(inbound, "set_aside", late)
    await inbound.drain(hub, (await only(hub.store, Inbox))["lane"])
    assert (await only(hub.store, Inbox))["state"] == 1
    assert text_of(await only(hub.store, Message)) == "hello"
    assert PARKED._value.get() == before


async def test_what_the_database_refuses_is_not_laid_to_the_row_that_waits_by_then(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.intake.keep([said("one"), said("two")], 10.0)
    first, second = [row["n"] for row in await rows(hub.store, Inbox)]
    refused = inbound._refused

    async def refuses(hub: Hub, connection: Any, batch: Any, finished: list[int]) -> None:
        if first in finished:
            raise DBAPIError("INSERT", {}, Exception("no"))
        await write(hub, connection, batch, finished)

    async def late(hub: Hub, lane: int, most: int, *more: Any) -> Any:
        if most == 1:
            await put(hub.store, Inbox, {"n": first}, state=1)
        return await refused(hub, lane, most, *more)

    monkeypatch.setattr(inbound, "write", refuses)
    monkeypatch.setattr(inbound, "_refused", late)
    await take_in(hub)
    assert [(row["n"], row["state"]) for row in await rows(hub.store, Inbox)] == [(first, 1), (second, 1)]
    assert (await only(hub.store, Inbox, n=second))["tries"] == 0
