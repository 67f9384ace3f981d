"""The small parts of a fault run that everything else rests on: marks, records, and the list of faults."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.load import Spec
from tests.faults.nemesis import Nemesis
from tests.faults.records import Records, Tail
from tests.faults.tokens import Token, body, chosen, secret_of, tokens
from tests.faults.waiting import came


def test_a_mark_is_found_in_whatever_became_of_its_message() -> None:
    one, other = Token("m", secret_of(1, "web", "a"), 7), Token("r", secret_of(1, "web", "b"), 12)
    assert one.secret != other.secret
    assert list(tokens(f"*Customer*: {body(one)}\n{other}. x{one}")) == [one, other]
    assert list(tokens(f"{one}4")) == [Token("m", one.secret, 74)]


def test_a_share_is_the_same_for_everybody() -> None:
    many = [Token("m", "0123456789", n) for n in range(1000)]
    picked = [one for one in many if chosen(one, 0.1)]
    assert 60 < len(picked) < 140
    assert picked == [one for one in many if chosen(one, 0.1)]


def test_half_a_line_is_left_for_the_next_look(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    tail = Tail(path)
    assert tail.lines() == []
    records = Records(path)
    records.add("one")
    with path.open("ab") as file:
        file.write(b'{"what": "tw')
    assert [line["what"] for line in tail.lines()] == ["one"]
    with path.open("ab") as file:
        file.write(b'o"}\n')
    assert [line["what"] for line in tail.lines()] == ["two"]
    records.close()


@pytest.mark.parametrize("messages", [10, 300, 3001, 20_000])
def test_customers_write_all_messages_between_them(messages: int) -> None:
    on_telegram, on_web = Spec("", "", "", "", messages, 1).split()
    assert sum(on_telegram) + sum(on_web) == messages
    assert 0 < sum(on_web) < messages / 2 and min(on_telegram + on_web) > 0


def plan_of(seed: int, kills: int, *services: str) -> list[str]:
    nobody: Any = SimpleNamespace(trapped=Counter())
    some: Any = [SimpleNamespace(name=name) for name in services]
    return Nemesis(nobody, some, [], nobody, lambda: 0.0, seed, kills, 2).plan


def test_the_list_of_faults_is_the_seeds() -> None:
    plan = plan_of(5, 20, "redis", "postgres")
    assert plan == plan_of(5, 20, "redis", "postgres") != plan_of(6, 20, "redis", "postgres")
    counted = Counter(plan)
    assert sum(count for what, count in counted.items() if what.startswith("kill ")) == 20
    assert all(counted[f"kill {kind}"] >= 3 for kind in ("web", "worker", "redis", "postgres"))
    assert counted["flush"] == 2 and counted["roll"] and counted["pause"] and counted["toxic"]


def test_what_there_is_not_is_not_killed() -> None:
    assert "kill postgres" not in plan_of(5, 50, "redis")


async def test_waiting_has_an_end() -> None:
    assert await came(lambda: True, 1)
    assert not await came(lambda: False, 0.01)


def test_records_are_json_with_a_time(tmp_path: Path) -> None:
    records = Records(tmp_path / "log.jsonl")
    records.add("said", text="退款\n")
    records.close()
    line = json.loads((tmp_path / "log.jsonl").read_text("utf-8"))
    assert line["what"] == "said" and line["text"] == "退款\n" and line["at"] > 0
