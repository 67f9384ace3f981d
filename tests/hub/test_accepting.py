"""The mark that says of an agent's answer that it is on its way: only where that lasts, and gone with its end."""

from __future__ import annotations

import asyncio
from typing import Any

from hub import accepting
from hub.model import ExternalId
from hub.store.tables import Delivery
from tests.conftest import until
from tests.fakes import answered
from tests.hub.hubs import Scene, only, rows, settle, take_in


async def accepted_calls(scene: Scene) -> list[str]:
    return [row["state"] for row in await rows(scene.hub.store, Delivery, kind="mark") if "accepted" in row["data"]]


async def test_an_answer_that_leaves_at_once_gets_no_mark_before_its_last(scene: Scene) -> None:
    await scene.answer()
    assert scene.slack.marks == [("ts.hi", "sent")]
    assert await accepted_calls(scene) == ["cancelled"]


async def test_while_a_platform_is_stuck_the_answer_is_on_its_way_and_then_sent(scene: Scene, monkeypatch: Any) -> None:
    monkeypatch.setattr(accepting, "AFTER_MS", 200)
    scene.phone.gate.clear()
    delivering = asyncio.create_task(scene.answer())
    try:
        await until(lambda: scene.slack.marks == [("ts.hi", "accepted")])
    finally:
        scene.phone.gate.set()
        await delivering
    await settle(scene.hub)
    assert scene.slack.marks == [("ts.hi", "accepted"), ("ts.hi", "sent")]


async def test_while_an_answer_can_be_taken_back_it_is_on_its_way_and_then_taken_back(scene: Scene, monkeypatch: Any) -> None:
    monkeypatch.setattr(accepting, "AFTER_MS", 1)
    own: dict[str, Any] = {"thread": "C1:1", "desk": "slack"}
    await take_in(scene.hub, answered("oops", id="ts1", data={"delay_ms": 60_000}, **own))
    await asyncio.sleep(0.01)
    await settle(scene.hub)
    assert scene.slack.marks == [("ts1", "accepted")]
    await settle(scene.hub, answered("", kind="undo", id="u1", edit_of=ExternalId("ts1"), **own))
    assert scene.slack.marks == [("ts1", "accepted"), ("ts1", "undone")] and scene.phone.texts == []


async def test_notes_and_answers_of_the_console_get_none(scene: Scene) -> None:
    talk = (await only(scene.hub.store, Delivery, kind="open"))["conversation_id"]
    note = answered("a note", kind="note", thread="C1:1", desk="slack", id="n1")
    await take_in(scene.hub, note, answered("hi", conversation=talk))
    assert await accepted_calls(scene) == []
