"""Signing in: the same answer and the same work for everybody, guesses throttled, nobody locked out by strangers."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from hub import signin
from hub.jobs import connect
from hub.limits import Limits, Rule
from hub.signin import Guest, TooManyTries, WeakPassword, check_password, device_proof, hash_password, matches, sign_in
from hub.store.store import Store
from tests.databases import fresh_store

GOOD = "a long enough sentence"


@pytest.fixture
async def limits(redis_url: str, prefix: str) -> AsyncIterator[Limits]:
    redis = await connect(redis_url)
    yield Limits(redis, prefix)
    await redis.aclose()


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Store]:
    """SQLite will do: nothing here depends on the database."""
    store = await fresh_store(tmp_path, lanes=1)
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    await store.agents.set_password(bo, await hash_password(GOOD), "")
    await store.agents.invite("cy@example.com", "Cy", "agent")
    yield store
    await store.close()


async def test_whoever_knows_the_password_comes_in(own: Store, limits: Limits) -> None:
    person = await sign_in(own, limits, " BO@example.com", GOOD, Guest("1.2.3.4"))
    assert person is not None
    assert person.email == "bo@example.com"
    for email, password in (
        ("bo@example.com", GOOD + "!"),
        ("bo@example.com", ""),
        ("no@example.com", GOOD),
        ("cy@example.com", ""),
    ):
        assert await sign_in(own, limits, email, password, Guest("1.2.3.4")) is None
    await own.agents.change(person.id, disabled=True)
    assert await sign_in(own, limits, "bo@example.com", GOOD, Guest("1.2.3.4")) is None


async def test_long_passwords_count_to_their_end_and_unicode_is_one_spelling() -> None:
    start = "x1y2" * 22
    stored = await hash_password(start + "a" * 12)
    assert stored.startswith("$argon2id$")
    assert not await matches(start + "a" * 11 + "b", stored)
    assert await matches("Crème brûlée", await hash_password("Cre\u0300me bru\u0302le\u0301e"))
    assert not await matches("", "")
    assert not await matches(GOOD, "not a hash")


async def test_unknown_people_take_as_long_as_known_ones(own: Store, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PER_ADDRESS", "PER_ACCOUNT"):
        monkeypatch.setattr(signin, name, Rule(1000, 1))

    async def took(email: str) -> float:
        begun = time.perf_counter()
        await sign_in(own, limits, email, "wrong password", Guest("1.2.3.4"))
        return time.perf_counter() - begun

    await took("no@example.com")
    times: dict[str, list[float]] = {"bo@example.com": [], "no@example.com": [], "cy@example.com": []}
    for _ in range(15):
        for email, own_times in times.items():
            own_times.append(await took(email))
    known, unknown, invited = (statistics.median(values) for values in times.values())
    assert 0.5 < unknown / known < 2
    assert 0.5 < invited / known < 2


async def test_guesses_are_throttled_by_account_and_by_address(own: Store, limits: Limits) -> None:
    async def tries(email: str, address: str, most: int = 60) -> int:
        for n in range(most):
            try:
                await sign_in(own, limits, email, "guess", Guest(address))
            except TooManyTries:
                return n
        return most

    assert await tries("bo@example.com", "1.1.1.1") == signin.PER_ACCOUNT.count
    assert await tries("bo@example.com", "2.2.2.2") == 0, "the account is guessed from everywhere"
    others = [await tries(f"x{n}@example.com", "1.1.1.1", 1) for n in range(30)]
    assert sum(others) <= signin.PER_ADDRESS.count - signin.PER_ACCOUNT.count


async def test_strangers_can_not_lock_an_agent_out_of_their_own_machine(own: Store, limits: Limits) -> None:
    proof = device_proof(own.secret, "bo@example.com")
    with pytest.raises(TooManyTries):
        for n in range(100):
            await sign_in(own, limits, "bo@example.com", "guess", Guest(f"9.9.9.{n}"))
    assert await sign_in(own, limits, "bo@example.com", GOOD, Guest("1.2.3.4", proof)) is not None
    for forged in (
        "",
        ".",
        "x.y",
        proof[:-1] + "é",
        device_proof(own.secret, "cy@example.com"),
        device_proof(b"x", "bo@example.com"),
    ):
        with pytest.raises(TooManyTries):
            await sign_in(own, limits, "bo@example.com", GOOD, Guest("1.2.3.4", forged))
    with pytest.raises(TooManyTries):
        for _ in range(signin.PER_DEVICE.count + 1):
            await sign_in(own, limits, "bo@example.com", "guess", Guest("1.2.3.4", proof))


@pytest.mark.parametrize(
    "password",
    ["short", "123456789", "password123", "PASSWORD123", "aaaaaaaaaaaa", "abababababab", "bo@example.com", "x" * 5 + "y" * 1100],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword, match=r"[Tt]h(e|is) password"):
        check_password(password, "bo@example.com", "Bo")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "面包和黄油放在桌上真好吃", "x1y2" * 250, "        spaces do count"]
)
def test_good_passwords_are_taken(password: str) -> None:
    check_password(password, "bo@example.com")


async def test_better_parameters_reach_old_hashes(own: Store, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    old = (await own.agents.secret_of("bo@example.com") or (None, ""))[1]
    monkeypatch.setattr(signin, "_hasher", PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1))
    assert await sign_in(own, limits, "bo@example.com", GOOD, Guest("1.2.3.4")) is not None
    new = (await own.agents.secret_of("bo@example.com") or (None, ""))[1]
    assert new != old
    assert "m=8192" in new
    assert await sign_in(own, limits, "bo@example.com", GOOD, Guest("1.2.3.4")) is not None
