"""Who polls a channel goes on while Redis, which says whose turn it is, is away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.exceptions import ConnectionError as NoRedis

from hub.ports import Receipt
from tests.conftest import until
from tests.fakes import FakeConnector, said
from tests.hub.hubs import channels
from workers import polling
from workers.polling import Pollers


class Source(FakeConnector):
    """A channel that polls."""

    polling = True

    def __init__(self) -> None:
        super().__init__()
        self.starts = 0
        self.rounds = 0

    async def poll(self, keep: object) -> None:
        self.starts += 1
        while True:
            self.rounds += 1
            await keep(Receipt([said(f"line {self.rounds}", id=f"m{self.rounds}")]))  # type: ignore[operator]
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_poller_that_had_its_lease_goes_on(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    hub = await make_hub(connectors=channels(phone=source))
    monkeypatch.setattr(polling, "LEASE", 0.6)

    async def away(*_: object, **__: object) -> None:
        raise NoRedis("refused")

    async def taken(name: str) -> bool:
        return True

    pollers = Pollers(hub)
    monkeypatch.setattr(pollers, "_mine", taken)
    pollers.start()
    try:
        await until(lambda: source.rounds > 2)
        monkeypatch.setattr(pollers, "_mine", away)
        before = source.rounds
        await asyncio.sleep(1.0)
        assert source.rounds > before + 3
        assert source.starts == 1, "it was not begun anew"
    finally:
        await pollers.stop()
