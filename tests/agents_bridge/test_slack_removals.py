"""An app that a workspace removes, and gets again: what was meant for it waits and goes on, and what was written is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub import checking, listening
from hub.store.agent_tables import Trouble
from hub.store.tables import Delivery
from hub.store.workspace_tables import Workspace
from tests.agents_bridge.several import SLACK, Hall, hall
from tests.agents_bridge.two_workspaces import partner, shop, threads
from tests.databases import fresh_store
from tests.hub.hubs import rows, settle
from tests.servers.slack import SlackServer

BOTH = {"rules": [{"team": "billing", "keywords": ["invoice"]}], "teams": {"billing": {}, "sales": {}}}


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Hall]:
    store = await fresh_store(tmp_path)
    async with hall(slack, store, redis_url, prefix, tmp_path / "files", routing=BOTH) as made:
        await made.installs("T1SHOP")
        await made.installs("T2PARTNER")
        yield made
    await store.close()


async def test_what_is_meant_for_a_workspace_without_the_app_waits_and_goes_on(at: Hall) -> None:
    """An admin removes the app: the other workspace is not touched, agents elsewhere hear of it, and a new installation sends
    what waited, once, in its order."""
    await at.customer("Where is my order?")
    [ours] = threads(shop(at))
    for told in at.slack.uninstall("T1SHOP", at=int(datetime.now(UTC).timestamp()) + 1):
        await told.done()
        assert told.statuses == [200]
    await until_gone(at, "T1SHOP")
    row = next(row for row in await rows(at.hub.store, Workspace) if row["workspace"] == "T1SHOP")
    assert (row["state"], row["sealed"]) == ("gone", "")
    await at.customer("Are you there?")
    await at.customer("Hello?")
    await at.customer("My invoice is wrong", customer="bob")
    assert [one["text"] for one in shop(at).posts(ours)] == ["Where is my order?"] and len(threads(partner(at))) == 1
    waiting = await rows(at.hub.store, Delivery, state="queued")
    assert len(waiting) >= 1 and all("taken from the workspace Shop" in row["reason"] or not row["reason"] for row in waiting)
    await checking.check(at.hub)
    assert [row["kind"] for row in await rows(at.hub.store, Trouble)] == ["T1SHOP:gone"]
    assert any("taken from the workspace Shop" in one["text"] for one in partner(at).posts())
    await at.installs("T1SHOP")
    at.desk._all._read_at = -100.0
    await settle(at.hub)
    assert [one["text"] for one in shop(at).posts(ours)] == ["Where is my order?", "Are you there?\nHello?"] or [
        one["text"] for one in shop(at).posts(ours)
    ] == ["Where is my order?", "Are you there?", "Hello?"]
    assert at.slack.token_of("T1SHOP") not in at.slack.revoked


async def until_gone(at: Hall, team: str) -> None:
    async def gone() -> bool:
        found = await at.desk._all.installed(now=True)
        return found[team].state == "gone"

    for _ in range(100):
        if await gone():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it is still there")


async def test_what_agents_wrote_while_the_app_was_gone_is_read_after_it_came_back(at: Hall) -> None:
    await at.customer("Where is my order?")
    [ours] = threads(shop(at))
    at.slack.sender.hook, hook = "", at.slack.sender.hook
    for _ in at.slack.uninstall("T1SHOP"):
        pass
    await at.hub.installs.gone(SLACK, "T1SHOP", datetime.now(UTC) + timedelta(seconds=1), "app_uninstalled")  # type: ignore[union-attr]
    await until_gone(at, "T1SHOP")
    shop(at).reply(ours, "Written while nobody listened")
    await at.customer("My invoice is wrong", customer="bob")
    await at.hub.store.threads.doubt("slack", int(datetime.now(UTC).timestamp() * 1000))
    await listening.catch_up(at.hub)
    assert at.phone.texts == [], "nothing can be read, and nothing blocks the others"
    assert await at.hub.store.threads.doubted("slack") is None
    at.slack.sender.hook = hook
    await at.installs("T1SHOP")
    at.desk._all._read_at = -100.0
    assert await at.hub.store.threads.doubted("slack") is not None
    await listening.catch_up(at.hub)
    await settle(at.hub)
    assert at.phone.texts == ["Written while nobody listened"]


async def test_a_removal_that_is_told_late_does_not_end_a_later_installation(at: Hall) -> None:
    late = at.slack.sender.event({"type": "app_uninstalled"}, "T1SHOP", int(datetime.now(UTC).timestamp()) - 120)
    await at.hears(late)
    await asyncio.sleep(0.2)
    assert {row["state"] for row in await rows(at.hub.store, Workspace)} == {"live"}
    people = {"type": "tokens_revoked", "tokens": {"oauth": ["U1ANNA"], "bot": []}}
    await at.hears(at.slack.sender.event(people, "T1SHOP", int(datetime.now(UTC).timestamp()) + 1))
    await asyncio.sleep(0.2)
    assert {row["state"] for row in await rows(at.hub.store, Workspace)} == {"live"}, "those were people's tokens"


async def test_an_installation_serves_in_every_process_within_seconds(at: Hall, tmp_path: Path) -> None:
    """A second process has asked before; it asks again when what it knows is old."""
    other = type(at.desk)(SLACK, at.desk._settings, at.desk._kit)
    assert (await other._all.installed())["T1SHOP"].token == at.slack.token_of("T1SHOP")
    await at.installs("T1SHOP")
    other._all._read_at -= 6
    assert (await other._all.desk("T1SHOP"))._slack.token == at.slack.token_of("T1SHOP")
    await other.aclose()
