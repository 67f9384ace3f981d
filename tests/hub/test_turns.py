"""Turns at a place: who can wait least is first, then the order of coming; whoever gives up is passed over."""

from __future__ import annotations

import asyncio

import pytest

from hub import turns as there
from hub.turns import Turns


async def test_what_was_said_goes_in_the_order_of_coming_and_cards_that_are_drawn_anew_last() -> None:
    turns, order = Turns(), list[str]()
    gate = asyncio.Event()

    async def one(name: str, kind: str) -> None:
        async with turns.turn("C1", kind):
            await gate.wait()
            order.append(name)

    kinds = [
        ("first", "card"),
        ("card", "card"),
        ("open1", "open"),
        ("line1", "line"),
        ("open2", "open"),
        ("line2", "line"),
    ]
    tasks = [asyncio.create_task(one(*pair)) for pair in kinds]
    await asyncio.sleep(0)
    assert turns.taken("C1") and not turns.taken("C2")
    tasks[3].cancel()
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["first", "open1", "open2", "line2", "card"]
    assert not turns.taken("C1")


async def test_who_is_cancelled_as_its_turn_comes_hands_it_on() -> None:
    turns, order = Turns(), list[int]()

    async def one(n: int) -> None:
        async with turns.turn("C1", "line"):
            order.append(n)

    async with turns.turn("C1", "line"):
        tasks = [asyncio.create_task(one(n)) for n in range(3)]
        await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [1, 2] and not turns.taken("C1")


async def test_nobody_is_passed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(there, "PATIENCE_S", {"card": 0.02})
    turns, order = Turns(), list[str]()

    async def one(name: str, kind: str) -> None:
        async with turns.turn("C1", kind):
            order.append(name)

    async with turns.turn("C1", "line"):
        tasks = [asyncio.create_task(one("card", "card"))]
        await asyncio.sleep(0.03)
        tasks.append(asyncio.create_task(one("open", "open")))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == ["card", "open"]
