"""How a platform misbehaves: one seeded script that every test server draws from, so that a bad run can be run again.

    ok                 accept, answer
    slow:d             accept, answer after d seconds
    refuse:status      accept nothing, answer with an HTTP error (503)
    limit:d            accept nothing, answer 429 with retry_after d
    accept_hang        accept, never answer
    accept_reset       accept, then reset the connection
    accept_late:d      accept only after d seconds, even when the caller has long given up; then answer
    garbage            accept, answer 200 with a page that is not JSON
    revoked            accept nothing, answer as if the token had been revoked

`Behaviour({"accept_hang": 0.01, "limit:2": 0.02}, seed=7)` draws by shares; `behaviour.next("refuse:500", "ok")` says exactly
what happens next. The server that draws an act carries it out; what "accepted" means is its own affair.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("ok", "slow", "refuse", "limit", "accept_hang", "accept_reset", "accept_late", "garbage", "revoked")
DEFAULTS = {"slow": 0.2, "refuse": 503.0, "limit": 1.0, "accept_late": 20.0}


@dataclass(frozen=True, slots=True)
class Act:
    """What happens to one request; `value` is seconds, or the status of `refuse`."""

    kind: str = "ok"
    value: float = 0.0

    @property
    def accepts(self) -> bool:
        """Whether the request takes effect, now or later."""
        return self.kind not in ("refuse", "limit", "revoked")


OK = Act()


def act(words: str) -> Act:
    """`limit:2` → Act("limit", 2.0)."""
    kind, _, value = words.strip().partition(":")
    if kind not in KINDS:
        raise ValueError(f"no such behaviour: {kind}; one of {', '.join(KINDS)}")
    return Act(kind, float(value) if value else DEFAULTS.get(kind, 0.0))


def parse_shares(words: str) -> dict[str, float]:
    """`accept_hang=0.01,limit:2=0.02` → {"accept_hang": 0.01, "limit:2": 0.02}, as command lines say it."""
    return {name.strip(): float(share) for name, _, share in (pair.partition("=") for pair in words.split(",") if pair.strip())}


class Behaviour:
    """A schedule of acts. The queue of `next` goes first, then shares (of 1.0, the rest is ok) are drawn by the seed."""

    def __init__(self, shares: Mapping[str, float] | None = None, seed: int = 0) -> None:
        self.drawn: Counter[str] = Counter()
        self._queue: deque[Act] = deque()
        self.reset(shares, seed)

    def reset(self, shares: Mapping[str, float] | None = None, seed: int = 0) -> None:
        """Begin a new script; what was queued is forgotten."""
        self._queue.clear()
        self._random = random.Random(seed)
        self._shares = [(act(words), share) for words, share in (shares or {}).items()]
        if sum(share for _, share in self._shares) > 1.0:
            raise ValueError("shares sum up to more than 1")

    def next(self, *words: str) -> None:
        """Queue acts for the requests to come."""
        self._queue.extend(act(one) for one in words)

    def draw(self) -> Act:
        """The act for the request that just came."""
        found = self._queue.popleft() if self._queue else self._by_share()
        self.drawn[found.kind] += 1
        return found

    def _by_share(self) -> Act:
        if not self._shares:
            return OK
        point = self._random.random()
        for found, share in self._shares:
            point -= share
            if point < 0:
                return found
        return OK
