"""What is counted moves: each figure that operations watch, by what a conversation does."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import REGISTRY

from hub.errors import Temporary, Undeliverable
from tests.fakes import answered, said
from tests.hub.hubs import Scene, settle


def figure(name: str, **labels: str) -> float:
    """A sample's value in this process."""
    return REGISTRY.get_sample_value(f"frontdesk_{name}", labels) or 0.0


def figures() -> dict[str, float]:
    return {
        "stored": figure("stored_seconds_count"),
        "out": figure("messages_total", channel="phone", direction="out"),
        "calls": figure("call_seconds_count", target="phone"),
        "lines": figure("call_seconds_count", target="slack"),
        "come": figure("delivered_seconds_count", target="phone"),
        "shown": figure("delivered_seconds_count", target="slack"),
    }


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_message_and_its_answer_move_every_figure(scene: Scene) -> None:
    before = figures()
    await scene.answer("hi")
    after = figures()
    assert [after[name] - before[name] for name in ("stored", "out", "calls", "come")] == [1, 1, 1, 1]
    assert after["lines"] > 0 and after["shown"] > 0, "the thread was opened and written to"
    assert figure("stored_seconds_sum") > 0


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_customers_message_counts_once_whoever_brings_it_and_however_often(scene: Scene) -> None:
    before = figure("messages_total", channel="phone", direction="in")
    for _ in range(2):
        await scene.hub.intake.keep([said("hello", id="first"), said("again", id="second"), answered("no", thread="C1:1")], 5)
    assert figure("messages_total", channel="phone", direction="in") - before == 2


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_call_that_fails_took_time_too_and_a_note_is_not_for_customers(scene: Scene) -> None:
    before = figures()
    scene.phone.fail = [Undeliverable("too old")]
    await scene.answer("hi")
    await settle(scene.hub, answered("between us", thread="C1:1", desk="slack", kind="note"))
    after = figures()
    assert after["calls"] - before["calls"] == 1
    assert (after["out"] - before["out"], after["stored"] - before["stored"]) == (1, 2)
    assert after["come"] == before["come"], "what did not come took no time to come"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_how_long_a_message_took_is_counted_from_when_it_was_written_to_where_it_came(scene: Scene) -> None:
    before, took = figures(), figure("delivered_seconds_sum", target="phone")
    scene.phone.fail = [Temporary("busy", retry_after=0.3)]
    await scene.answer("hi")
    await asyncio.sleep(0.35)
    await scene.answer("there")
    after = figures()
    assert after["come"] - before["come"] == 2, "once each, however often it was tried"
    assert after["shown"] == before["shown"], "an answer is in its thread already, and a mark on it is no message"
    assert figure("delivered_seconds_sum", target="phone") - took > 0.3
