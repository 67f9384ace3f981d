"""The two commands that show WeChat's rate and its week, in short; how fast a machine is, no test says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.wechat_rate import rate
from tests.connectors.wechat_week import week


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_the_meter_lets_go_wechat_takes_and_what_it_holds_wechat_refuses(seed: int) -> None:
    found = await week(customers=12, days=7, seed=seed)
    assert "refused_by_wechat" not in found
    assert "held_though_open" not in found
    assert min(found[kind] for kind in ("message", "menu", "follow", "scan", "place", "sent", "held")) > 5


@pytest.mark.timeout(120)
async def test_every_callback_is_acknowledged_and_stored_once(tmp_path: Path) -> None:
    found = await rate(tmp_path, 50, 2.0)
    assert (found["callbacks"], found["stored"], found["refused"]) == (100, 100, 0)
    assert found["answered"] == 0
    assert set(found["ack_ms"]) == {"p50", "p99", "max"}


@pytest.mark.timeout(120)
async def test_with_free_answers_every_callback_is_acknowledged_with_one_or_without(tmp_path: Path) -> None:
    found = await rate(tmp_path, 10, 5.0, passive=3.5)
    assert (found["callbacks"], found["stored"], found["refused"]) == (50, 50, 0)
    assert 1 <= found["answered"] + found["late"] <= 50, "as many as were ready in time, which depends on the machine"
