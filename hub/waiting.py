"""How long somebody in line will wait, from what happened lately; and nothing where that says nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOUR_S = 3600.0
ENOUGH = 3
"""Conversations that were answered within the last hour: of fewer nobody can say how fast it goes."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in line, from 1, and the seconds until the turn comes; None: nobody can know."""

    place: int
    wait_s: int | None


def places(lines: Sequence[tuple[str, str]], answered: Mapping[str, int], there: bool) -> dict[str, Place]:
    """The places of (customer, line) pairs, longest wait first. `answered` counts the answers of the last hour by line; `there`
    is whether anybody is at work: while nobody is, no wait is told."""
    counted: Counter[str] = Counter()
    found: dict[str, Place] = {}
    for who, line in lines:
        counted[line] += 1
        found[who] = Place(counted[line], _wait(counted[line], answered.get(line, 0)) if there else None)
    return found


def _wait(place: int, answered: int) -> int | None:
    """Whole minutes, rounded up: a promise is better kept early than late."""
    return math.ceil(place * HOUR_S / answered / 60) * 60 if answered >= ENOUGH else None
