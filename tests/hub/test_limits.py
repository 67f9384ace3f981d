"""Rates: counted in Redis for all processes together, and by each for itself at half the rate while Redis is away."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from arq.connections import ArqRedis

from hub.jobs import connect
from hub.limits import ANSWER_S, AWAY_S, Limits, Rule
from hub.ports import Pace
from tests.conftest import start_valkey


@pytest.fixture
async def redis(redis_url: str, prefix: str) -> AsyncIterator[ArqRedis]:
    pool = await connect(redis_url)
    yield pool
    if keys := await pool.keys(f"*{prefix}*"):
        await pool.delete(*keys)
    await pool.aclose()


@pytest.fixture
def limits(redis: ArqRedis, prefix: str) -> Limits:
    return Limits(redis, prefix)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[tuple[Popen[bytes], str]]:
    """A Redis of our own, to kill."""
    server, url = start_valkey(tmp_path)
    yield server, url
    server.kill()
    server.wait(10)


async def test_so_many_at_once_and_no_more(limits: Limits) -> None:
    rule = Rule(5, 60.0)
    assert [await limits.hit("ip:1", rule) for _ in range(7)] == [True] * 5 + [False] * 2
    assert await limits.hit("ip:2", rule), "somebody else is not concerned"


async def test_time_gives_places_back_one_by_one(limits: Limits) -> None:
    rule = Rule(4, 1.0)
    assert sum([await limits.hit("k", rule) for _ in range(6)]) == 4
    await asyncio.sleep(0.3)
    assert sum([await limits.hit("k", rule) for _ in range(3)]) == 1


async def test_a_place_that_was_not_used_is_the_next_one_s(limits: Limits) -> None:
    paces = {"a": Pace(2.0), "b": Pace(4.0)}
    assert await limits.wait_all(paces, "one") == 0 and await limits.wait_all(paces, "two") > 0.4
    await limits.give_back(paces, "one")
    assert await limits.wait_all(paces, "two") == 0 and await limits.wait_all(paces, "three") > 0.4
    await limits.give_back({"nobody has asked for this": Pace(1.0)}, "four")


async def test_a_place_taken_without_redis_is_given_back_without_it(valkey: tuple[Popen[bytes], str]) -> None:
    server, url = valkey
    pool = await connect(url)
    limits, paces = Limits(pool, "t"), {"a": Pace(2.0), "b": Pace(4.0)}
    server.kill()
    server.wait(10)
    assert await limits.wait_all(paces, "one") == 0 and await limits.wait_all(paces, "two") > 0.9
    await limits.give_back(paces, "one")
    assert await limits.wait_all(paces, "two") == 0 and await limits.wait_all(paces, "three") > 0.9
    await limits.give_back(paces, "one")
    assert await limits.wait_all(paces, "three") > 0.9, "nobody gives a place back twice"
    await pool.aclose()


async def test_a_place_goes_back_to_where_it_was_taken(valkey: tuple[Popen[bytes], str]) -> None:
    server, url = valkey
    pool = await connect(url)
    limits, other, paces = Limits(pool, "t"), Limits(pool, "t"), {"a": Pace(0.05)}
    assert await other.wait_all(paces, "another's") == 0
    server.send_signal(signal.SIGSTOP)
    assert await limits.wait_all(paces, "one") == 0
    server.send_signal(signal.SIGCONT)
    await asyncio.sleep(AWAY_S + 0.1)
    await limits.give_back(paces, "one")
    assert await limits.wait_all(paces, "two") > 10, "the place in Redis is another's"
    await pool.aclose()


async def test_who_gives_a_place_back_does_not_wait_for_a_redis_that_is_away(valkey: tuple[Popen[bytes], str]) -> None:
    server, url = valkey
    pool = await connect(url)
    limits, paces = Limits(pool, "t"), {"a": Pace(2.0)}
    assert await limits.wait_all(paces, "one") == 0 and await limits.wait_all({"b": Pace(2.0)}, "two") == 0
    server.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    await limits.give_back(paces, "one")
    await limits.give_back({"b": Pace(2.0)}, "two")
    assert time.monotonic() - began < 1.5 * ANSWER_S, "it was asked once"
    assert await limits.wait_all({"c": Pace(2.0)}, "three") == 0
    assert time.monotonic() - began < 1.5 * ANSWER_S, "and by nobody else meanwhile"
    server.send_signal(signal.SIGCONT)
    await pool.aclose()


async def test_who_is_refused_is_told_how_long_and_takes_no_place(limits: Limits) -> None:
    pace = Pace(2.0)
    assert await limits.wait("k", pace) == 0
    waits = [await limits.wait("k", pace) for _ in range(5)]
    assert all(0.2 < wait <= 0.5 for wait in waits), waits
    await asyncio.sleep(waits[-1] + 0.02)
    assert await limits.wait("k", pace) == 0


async def test_processes_count_together(redis: ArqRedis, prefix: str) -> None:
    processes = [Limits(redis, prefix) for _ in range(4)]
    allowed = await asyncio.gather(*(one.hit("k", Rule(10, 60.0)) for one in processes for _ in range(10)))
    assert sum(allowed) == 10


async def test_a_pause_holds_everybody(redis: ArqRedis, prefix: str) -> None:
    one, two = Limits(redis, prefix), Limits(redis, prefix)
    await one.pause("slack:C1", 0.5)
    began = time.monotonic()
    wait = await two.wait("slack:C1", Pace(100.0))
    assert 0.3 < wait <= 0.5
    assert await two.wait("slack:C2", Pace(100.0)) == 0
    await asyncio.sleep(wait + 0.02)
    assert await one.wait("slack:C1", Pace(100.0)) == 0
    assert time.monotonic() - began >= 0.5


async def test_a_pause_leaves_no_burst_for_after_it(limits: Limits) -> None:
    pace = Pace(10.0, burst=5)
    await limits.pause("k", 0.3, pace)
    assert 0.2 < await limits.wait("k", pace) <= 0.3


async def test_keys_do_not_stay_for_ever(limits: Limits, redis: ArqRedis, prefix: str) -> None:
    await limits.hit("k", Rule(5, 2.0))
    await limits.pause("p", 1.0)
    for key in ("k", "p"):
        assert 0 < await redis.pttl(f"{prefix}:rate:{key}") < 10_000


async def test_without_redis_each_counts_for_itself_at_half_the_rate(valkey: tuple[Popen[bytes], str]) -> None:
    server, url = valkey
    pool = await connect(url)
    limits = Limits(pool, "t")
    assert await limits.wait("k", Pace(4.0)) == 0
    assert 0.2 < await limits.wait("k", Pace(4.0)) <= 0.25
    server.kill()
    server.wait(10)
    assert await limits.wait("k", Pace(4.0)) == 0
    assert 0.4 < await limits.wait("k", Pace(4.0)) <= 0.5
    allowed = [await limits.hit("ip", Rule(10, 60.0)) for _ in range(20)]
    assert 0 < sum(allowed) <= 5
    await limits.pause("p", 30.0)
    assert 29 < await limits.wait("p", Pace(10.0)) <= 30, "a platform's word holds without Redis too"
    await pool.aclose()


async def test_several_paces_give_a_place_at_all_or_at_none(redis: ArqRedis, prefix: str) -> None:
    one, two = Limits(redis, prefix), Limits(redis, prefix)
    bot, ann, bob = Pace(20.0, burst=2), Pace(1.0), Pace(1.0)
    assert await one.wait_all({"ann": ann, "bot": bot}) == 0
    assert 0.5 < await two.wait_all({"ann": ann, "bot": bot}) <= 1.0, "ann waits, and takes nothing from the bot"
    assert await two.wait_all({"bob": bob, "bot": bot}) == 0
    assert 0 < await one.wait_all({"cid": Pace(1.0), "bot": bot}) <= 0.1, "the bot has had its two"


async def test_a_short_pause_does_not_end_a_long_one(limits: Limits) -> None:
    await limits.pause("k", 5.0)
    await limits.pause("k", 0.1)
    assert await limits.wait("k", Pace(100.0)) > 4


async def test_several_paces_are_kept_without_redis_too(valkey: tuple[Popen[bytes], str]) -> None:
    server, url = valkey
    pool = await connect(url)
    limits = Limits(pool, "t")
    server.kill()
    server.wait(10)
    paces = {"ann": Pace(4.0), "bot": Pace(100.0)}
    assert await limits.wait_all(paces) == 0
    assert 0.4 < await limits.wait_all(paces) <= 0.5
    assert await limits.wait_all({"bot": Pace(100.0)}) <= 0.02
    await pool.aclose()
