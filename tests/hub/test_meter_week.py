"""A week of one customer's acts and our answers: the meter lets go exactly what the platform's own rule would take."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.capabilities import Capabilities
from hub.model import new_id
from hub.ports import Window
from hub.store.calls import Call
from hub.store.store import Store
from hub.store.windows import Act, admit
from tests.fakes import TEXT_ONLY

WECHAT = Window(48 * 3600, 5, {"choice": (60, 3), "followed": (60, 3), "scanned": (60, 3)})
"""developers.weixin.qq.com/doc/service/en/guide/product/kf/intro.html: calls by what the customer did."""
WEEK_S = 7 * 86400


class Platform:
    """The platform's rule in its own words: a new act brings the larger number that is left and the later end."""

    def __init__(self) -> None:
        self.left, self.end = 0, 0.0

    def act(self, at: float, seconds: float, calls: int) -> None:
        if at >= self.end:
            self.left = 0
        self.left, self.end = max(self.left, calls), max(self.end, at + seconds)

    def takes(self, at: float) -> bool:
        if at >= self.end or not self.left:
            return False
        self.left -= 1
        return True


def call_to(identity: str) -> Call:
    return Call(
        id=new_id(), key=new_id(), attempt=1, tries=0, rank=1, kind="send", target="oa", stream="oa", parts="[]", data="{}",
        at=datetime.now(UTC), conversation={"id": new_id()}, identity={"id": identity, "external_id": "ann"}, entry=None,
        thread="", place="", agent="",
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_week_is_counted_exactly(store: Store, seed: int) -> None:
    chance, platform, who = random.Random(seed), Platform(), new_id()
    capabilities: dict[str, Capabilities] = {"oa": replace(TEXT_ONLY, window=WECHAT)}
    begin, at, taken, refused = 1_700_000_000.0, 0.0, 0, 0
    async with store.db.write() as connection:
        while at < WEEK_S:
            at += chance.choice((0.5, 20.0, 45.0, 600.0, 3600.0, 20 * 3600.0))
            now = int((begin + at) * 1000)
            if chance.random() < 0.3:
                scene = chance.choice(("message", "message", "choice", "followed", "scanned"))
                seconds, calls = WECHAT.of(scene) or (0.0, 0)
                platform.act(at, seconds, calls)
                await store.windows.acted(connection, [Act(who, new_id(), 0, scene, now, seconds, calls)], now)
                continue
            expected = platform.takes(at)
            go, _ = await admit(connection, [[call_to(who)]], [], capabilities, now)
            assert bool(go) is expected, f"{at:.1f} s: the platform has {platform.left} left until {platform.end:.1f}"
            taken, refused = taken + expected, refused + (not expected)
    assert taken > 5
    assert refused > 5
