"""The marks by which a fault run's messages are known again wherever they turn up: whose they are, and which.

`m-<secret>-<n>` is the n-th message of a customer, `r-<secret>-<n>` the n-th answer that an agent wrote in that customer's
thread. The secret belongs to one customer: seen anywhere else, it is somebody else's message.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(r"(?<![0-9A-Za-z])([mr])-([0-9a-f]{10})-(\d+)(?![0-9A-Za-z])")
WORDS = ("hello", "where is my order", "退款 12 元", "a*b_c~d`e", "<b>1 & 2</b>", "🙂 👩‍👩‍👧", "two\nlines", "> quoted", "@here")


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is m (a customer's) or r (an agent's)."""

    kind: str
    secret: str
    n: int

    def __str__(self) -> str:
        return f"{self.kind}-{self.secret}-{self.n}"


def secret_of(seed: int, channel: str, customer: str) -> str:
    """A customer's secret, the same for the same seed."""
    return hashlib.sha256(f"{seed} {channel} {customer}".encode()).hexdigest()[:10]


def tokens(text: str) -> Iterator[Token]:
    """Every mark in a text, in order."""
    for kind, secret, n in TOKEN.findall(text):
        yield Token(kind, secret, int(n))


def body(token: Token) -> str:
    """A message's text: its mark, and words that are easily mangled on the way."""
    chance = random.Random(str(token))
    return f"{token} {chance.choice(WORDS)}"


def chosen(token: Token, share: float) -> bool:
    """Whether a token is among so many of all, the same for everybody who asks."""
    return random.Random(f"chosen {token}").random() < share
