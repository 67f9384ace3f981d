"""What is counted moves: each figure that operations watch, by what a conversation does."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from hub.errors import Undeliverable
from tests.fakes import answered
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
    }


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_message_and_its_answer_move_every_figure(scene: Scene) -> None:
    before = figures()
    await scene.answer("hi")
    after = figures()
    assert [after[name] - before[name] for name in ("stored", "out", "calls")] == [1, 1, 1]
    assert after["lines"] > 0, "the thread was opened and written to"
    assert figure("stored_seconds_sum") > 0


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_call_that_fails_took_time_too_and_a_note_is_not_for_customers(scene: Scene) -> None:
    before = figures()
    scene.phone.fail = [Undeliverable("too old")]
    await scene.answer("hi")
    await settle(scene.hub, answered("between us", thread="C1:1", desk="slack", kind="note"))
    after = figures()
    assert after["calls"] - before["calls"] == 1
    assert (after["out"] - before["out"], after["stored"] - before["stored"]) == (1, 2)
