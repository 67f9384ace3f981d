"""Every parser under random change, for a short while: `python -m tests.connectors.fuzz` does it for as long as one likes."""

from __future__ import annotations

import random

import pytest

from tests.connectors.fuzz import fuzz, mutant, seeds, tried
from tests.connectors.parsers import PARSERS

SHORT = {"frames": 300}
"""Tries of parsers that take longer than a fraction of a millisecond."""


@pytest.mark.parametrize("name", PARSERS)
async def test_nothing_but_messages_or_malformed_comes_of_changed_payloads(name: str) -> None:
    tries = SHORT.get(name, 3000)
    bodies, found = await fuzz(name, seed=1, tries=tries)
    assert bodies == tries
    assert found > tries / 100


async def test_the_fuzz_finds_a_parser_that_breaks() -> None:
    async def broken(body: bytes) -> None:
        raise KeyError("chat")

    with pytest.raises(AssertionError, match="KeyError"):
        await tried(broken, mutant(random.Random(1), seeds("telegram")))  # type: ignore[arg-type]
