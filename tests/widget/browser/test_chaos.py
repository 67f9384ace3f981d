"""The short form of `tests.widget.browser.chaos`: a dozen cuts of socket and poll lose, double and swap nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.widget.browser.chaos import Found, impatient, run


@pytest.mark.parametrize("sockets", [True, False], ids=["socket", "poll"])
async def test_cuts_in_the_middle_of_a_conversation_change_nothing(
    browser: Browser, tmp_path: Path, redis_url: str, sockets: bool
) -> None:
    with impatient():
        found = await run(browser, tmp_path, redis_url, cuts=12, sockets=sockets, seed=7)
    assert found.wrong() == []
    assert len(found.kept) >= 9
    assert found.held == 2, "each page noticed a silence by itself"
    assert found.upgrades > 2 or not sockets, "the visitor's line was a socket, again and again"


def test_the_judge_sees_a_lost_a_doubled_and_a_swapped_line() -> None:
    right = ["a", "b"]
    assert Found(1, 1.0, right, right, right, 1, 0).wrong() == []
    for shown in (["a"], ["a", "b", "b"], ["b", "a"]):
        assert Found(1, 1.0, right, shown, right, 1, 0).wrong()
        assert Found(1, 1.0, right, right, shown, 1, 0).wrong()
    assert Found(1, 1.0, ["a", "a"], ["a", "a"], ["a", "a"], 1, 0).wrong()
