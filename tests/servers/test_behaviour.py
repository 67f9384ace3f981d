"""The seeded script of bad behaviour."""

from __future__ import annotations

import pytest

from tests.servers.behaviour import OK, Act, Behaviour, act, parse_shares


def test_the_same_seed_gives_the_same_run() -> None:
    shares = {"accept_hang": 0.1, "limit:2": 0.2}
    runs = [
        [behaviour.draw() for _ in range(500)] for behaviour in (Behaviour(shares, 7), Behaviour(shares, 7), Behaviour(shares, 8))
    ]
    assert runs[0] == runs[1] != runs[2]
    assert {one.kind for one in runs[0]} == {"ok", "accept_hang", "limit"}


def test_shares_are_kept_to() -> None:
    behaviour = Behaviour({"garbage": 0.25}, 1)
    for _ in range(4000):
        behaviour.draw()
    assert 900 < behaviour.drawn["garbage"] < 1100
    assert behaviour.drawn["ok"] + behaviour.drawn["garbage"] == 4000


def test_the_queue_goes_first() -> None:
    behaviour = Behaviour()
    behaviour.next("refuse:500", "slow")
    assert [behaviour.draw() for _ in range(3)] == [Act("refuse", 500.0), Act("slow", 0.2), OK]


def test_mistakes_are_told() -> None:
    with pytest.raises(ValueError, match="no such behaviour"):
        act("explode")
    with pytest.raises(ValueError, match="more than 1"):
        Behaviour({"ok": 0.6, "slow": 0.6})


def test_command_lines_are_read() -> None:
    assert parse_shares("accept_hang=0.01, limit:2=0.02") == {"accept_hang": 0.01, "limit:2": 0.02}
    assert parse_shares("") == {}


def test_acts_know_whether_they_accept() -> None:
    assert [kind for kind in ("ok", "refuse", "limit", "accept_late", "garbage", "revoked") if Act(kind).accepts] == [
        "ok", "accept_late", "garbage",
    ]  # fmt: skip
