"""Mutation fuzz of every parser: `python -m tests.connectors.fuzz telegram --seconds 600 [--seed 1]`.

Payloads are changed at random, in their tree and in their bytes. What may come of it: a refusal (4xx), or messages that the store
takes. Parsers stand in tests/connectors/parsers.py. What fails is printed with its body, to become a payload.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import logging
import random
import time
from typing import Any

import structlog

from hub.errors import Malformed, Rejected
from tests.connectors.parsers import PARSERS, Parser
from tests.contract import STRANGE, at, paths

MOST_CHANGES = 4


def seeds(name: str) -> list[dict[str, Any]]:
    """The payloads to begin with."""
    return PARSERS[name].seeds()


def mutant(chance: random.Random, pool: list[dict[str, Any]], name: str = "telegram") -> bytes:
    """One body: a payload with something replaced, removed, repeated or taken from another one, now and then in its bytes."""
    tree = copy.deepcopy(chance.choice(pool))
    for _ in range(chance.randint(1, MOST_CHANGES)):
        places = list(paths(tree))
        if not places:
            break
        place = chance.choice(places)
        holder, key = at(tree, place[:-1]), place[-1]
        match chance.randrange(4):
            case 0:
                holder[key] = copy.deepcopy(chance.choice(STRANGE))
            case 1:
                del holder[key]
            case 2:
                other = chance.choice(pool)
                holder[key] = copy.deepcopy(at(other, chance.choice(list(paths(other)))))
            case _ if isinstance(holder, dict):
                holder[chance.choice(("text", "caption", "photo", "from", "chat", "x"))] = copy.deepcopy(holder[key])
            case _:
                holder.append(copy.deepcopy(holder[key]))
    body = bytearray(PARSERS[name].dump(tree))
    if body and chance.random() < 0.1:
        for _ in range(chance.randint(1, 8)):
            body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body)


async def tried(parser: Parser, body: bytes) -> int:
    """How many messages came of it; raises what must not be raised, with the body in its words."""
    try:
        return await parser(body)
    except (Malformed, Rejected):
        return 0
    except Exception as exc:
        raise AssertionError(f"{exc!r} of {body!r}") from exc


async def fuzz(name: str, *, seed: int, tries: int | None = None, seconds: float | None = None) -> tuple[int, int]:
    """So many tries, or as many as fit in so many seconds; returns how many bodies there were and how many messages."""
    chance, pool = random.Random(seed), seeds(name)
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    bodies = found = 0
    async with PARSERS[name].open() as parser:
        while (tries is None or bodies < tries) and time.monotonic() < end:
            found += await tried(parser, mutant(chance, pool, name))
            bodies += 1
    return bodies, found


def main() -> None:
    """The command."""
    asked = argparse.ArgumentParser(description="Mutation fuzz of a connector's parser.")
    asked.add_argument("name", choices=sorted(PARSERS))
    asked.add_argument("--seconds", type=float, default=60.0)
    asked.add_argument("--seed", type=int, default=None)
    given = asked.parse_args()
    seed = given.seed if given.seed is not None else time.time_ns() % 1_000_000
    # A line for each body that is not as documented would be millions of them.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    bodies, found = asyncio.run(fuzz(given.name, seed=seed, seconds=given.seconds))
    print(f"{given.name}: {bodies} bodies, {found} messages, nothing wrong (seed {seed})")


if __name__ == "__main__":
    main()
