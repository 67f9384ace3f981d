"""The short form of the rush, and that its judge finds what must not be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.agents_bridge import times
from tests.agents_bridge.burst import at_best, burst, percentile, wrong

FINE: dict[str, Any] = dict.fromkeys(("lost", "doubled", "disordered", "stray", "told_twice", "refused", "kills"), 0)
FINE |= {"posts": 400, "seen_p95_s": 2.0}


@pytest.mark.timeout(120)
async def test_twenty_customers_at_once_are_all_in_slack_in_order_at_slacks_own_pace(tmp_path: Path) -> None:
    figures = await burst(tmp_path, 20, 4.0, patience=60)
    assert wrong(figures) == [], figures
    assert figures["conversations"] == 20 and figures["lines"] == 60
    assert figures["posts"] <= 30, "lines that wait go together, with their card where that waits too"


@pytest.mark.timeout(120)
async def test_each_question_is_in_its_thread_and_each_answer_with_its_customer_once(tmp_path: Path) -> None:
    figures = await times.measured(tmp_path, 6, 0.4)
    assert figures["threads"] == figures["answers"] == 6 and figures["doubled"] == 0
    assert figures["in_p95_s"] > 0 and figures["out_p95_s"] > 0
    assert times.wrong({**figures, "in_p95_s": 2.1, "out_p95_s": 1.6}) == ["in_p95_s", "out_p95_s"]
    assert times.wrong({**figures, "in_p95_s": 0.1, "out_p95_s": 0.1, "answers": 5}) == ["answers"]


def test_at_best_a_channel_takes_a_post_a_second_with_all_that_its_conversation_has_said() -> None:
    said = [(100.0, (1, 0)), (100.0, (2, 0)), (100.5, (1, 1)), (100.6, (2, 1)), (200.0, (3, 0))]
    assert at_best(said) == {(1, 0): 100.0, (2, 0): 101.0, (2, 1): 101.0, (1, 1): 102.0, (3, 0): 200.0}
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0 and percentile([], 0.5) == -1.0


@pytest.mark.parametrize(
    ("figure", "value", "found"),
    [
        ("lost", 1, ["lost"]),
        ("doubled", 1, ["doubled"]),
        ("disordered", 1, ["disordered"]),
        ("stray", 1, ["stray"]),
        ("told_twice", 1, ["told_twice"]),
        ("refused", 1, ["refused"]),
        ("seen_p95_s", 10.1, ["late"]),
        ("seen_p95_s", -1.0, ["late"]),
    ],
)
def test_what_must_not_be_is_found(figure: str, value: float, found: list[str]) -> None:
    assert wrong({**FINE, figure: value}) == found
