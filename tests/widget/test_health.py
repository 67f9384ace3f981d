"""Health and figures: who may read them, what they say when something is missing; docs/operations.md names each of them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as NoRedis

from hub.store.store import Store
from tests.widget.consoles import House
from tests.widget.customers import customer, say, web_house

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def test_it_is_ready_while_the_database_answers_and_says_whether_redis_does(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await home.browser()
    ready = await page.get("/readyz")
    assert (ready.status_code, ready.json()["ok"], ready.json()["epoch"]) == (200, True, home.hub.store.epoch)
    assert ready.json()["redis"] is True

    async def gone(*_: Any, **__: Any) -> None:
        raise NoRedis("refused")

    with monkeypatch.context() as redis:
        redis.setattr(home.hub.live.redis, "ping", gone)
        without = await page.get("/readyz")
    assert (without.status_code, without.json()["ok"], without.json()["redis"]) == (200, True, False), "it takes messages in"
    monkeypatch.setattr(home.hub.store.sweeping, "clock", gone)
    refused = await page.get("/readyz")
    assert (refused.status_code, refused.json()["error"]["code"], refused.headers["retry-after"]) == (503, "not_ready", "1")
    assert (await page.get("/healthz")).status_code == 200, "it lives all the same"


async def test_figures_are_for_this_machine_only(home: House) -> None:
    page = await home.browser()
    assert (await page.get("/metrics")).status_code == 200
    assert (await page.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})).status_code == 404
    assert (await page.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"})).status_code == 404
    assert (await page.get("/metrics", headers={"x-forwarded-for": "1.2.3.4", "authorization": "Bearer x"})).status_code == 404


async def test_what_waits_is_counted_and_gone_when_it_is_done(home: House) -> None:
    ann = await customer(home)

    async def gauge(name: str) -> float:
        found = re.search(rf"^{name} (\S+)$", (await ann.api.get("/metrics")).text, re.MULTILINE)
        assert found is not None
        return float(found[1])

    await ann.poll(say("a", "one"), say("b", "two"))
    assert await gauge("frontdesk_inbox_waiting") == 2
    assert await gauge("frontdesk_inbox_age_seconds") >= 0
    await home.work()
    assert await gauge("frontdesk_inbox_waiting") == 0
    text = (await ann.api.get("/metrics")).text
    assert re.search(r'frontdesk_messages_total{channel="web",direction="in"} [1-9]', text)
    assert re.search(r'^frontdesk_ack_seconds_count{channel="web"} [1-9]', text, re.MULTILINE)
    assert re.search(r"^frontdesk_stored_seconds_count [1-9]", text, re.MULTILINE)


async def test_the_page_names_every_figure_and_no_other(home: House) -> None:
    page = await home.browser()
    text = (await page.get("/metrics")).text
    found = set(re.findall(r"^# TYPE (frontdesk_\w+)", text, re.MULTILINE))
    found = {name for name in found if not name.endswith("_created")}
    assert set(re.findall(r"^\| `(frontdesk_\w+)`", PAGE, re.MULTILINE)) == found
