"""What breaks in Slack is told once to those who can mend it, with its name and how to; and once that it works again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from agents_bridge.slack.manifest import SCOPES
from hub import checking
from hub.limits import Rule
from hub.notices import NoticeRules
from hub.people import Trouble
from hub.ports import Receipt
from hub.store.agent_tables import Trouble as Row
from hub.store.store import Store
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import hook
from tests.databases import fresh_store
from tests.hub.hubs import only, put, rows
from tests.hub.listeners import WebServer
from tests.servers.slack import SlackServer

LIMITED = {"type": "app_rate_limited", "team_id": "T0TEAM"}


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    slack.workspace.people["U2BO"]["email"] = "bo@shop.example"
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "admin")
    await store.agents.invite("bo@shop.example", "Bo", "agent")
    options: dict[str, Any] = {"who_answers": "agents", "escalation": "C0URGENT", "channels": {"billing": "C0MONEY"}}
    async with room(slack, store, redis_url, prefix, tmp_path / "files", **options) as made:
        yield made
    await store.close()


async def look(at: Room) -> None:
    await checking._check(at.hub, "slack", at.desk)


def told(at: Room, place: str) -> list[str]:
    return [post["text"] for post in at.slack.posts() if post["channel"] == place]


async def test_an_archived_channel_is_named_to_admins_once_and_so_is_its_end(at: Room) -> None:
    await at.customer("Where is my order?")
    await look(at)
    assert told(at, "C0URGENT") == [] and await at.hub.store.troubles.all() == []
    at.slack.workspace.place("C0MONEY").archived = True
    for _ in range(3):
        await look(at)
    for place in ("C0URGENT", "DU1ANNA"):
        [said] = told(at, place)
        assert "C0MONEY" in said and "is archived" in said and "unarchive it" in said
    assert told(at, "DU2BO") == [], "who can't mend it hears nothing alone"
    at.slack.workspace.place("C0MONEY").archived = False
    for _ in range(2):
        await look(at)
    for place in ("C0URGENT", "DU1ANNA"):
        assert len(told(at, place)) == 2 and "works again" in told(at, place)[1] and "C0MONEY" in told(at, place)[1]
    assert await rows(at.hub.store, Row) == []
    at.slack.workspace.place("C0MONEY").archived = True
    await look(at)
    assert len(told(at, "C0URGENT")) == 3, "another case"


async def test_a_missing_invitation_and_a_missing_scope_are_told_together(at: Room) -> None:
    at.slack.workspace.place("C0MONEY").member = False
    at.slack.scopes = [name for name in SCOPES if name != "files:read"]
    await look(at)
    [said] = told(at, "C0URGENT")
    assert "can't post in the Slack channel C0MONEY" in said and "/invite" in said and "files:read" in said


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_a_revoked_token_is_told_by_the_other_way_and_its_end_in_slack(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await look(at)
    async with WebServer().listening() as web:
        apprise = {"unanswered": {"apprise": [f"json://127.0.0.1:{web.port}/"]}}
        at.hub.notices = NoticeRules.model_validate(apprise)
        with monkeypatch.context() as broken:
            broken.setattr("tests.servers.slack.TOKEN", "another")
            for _ in range(2):
                await look(at)
        [said] = map(orjson.loads, web.heard)
        assert "invalid_auth" in said["message"] and "bot_token" in said["message"]
    assert told(at, "C0URGENT") == []
    await look(at)
    [over] = told(at, "C0URGENT")
    assert "works again" in over


async def test_without_another_way_it_is_told_once_somebody_can_be_reached(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    at.slack.workspace.place("C0MONEY").archived = True
    for place in ("C0URGENT", "C0SUPPORT"):
        at.slack.workspace.place(place).archived = True
    at.slack.scopes.remove("im:write")
    await look(at)
    assert (await rows(at.hub.store, Row))[0]["told_ms"] == 0
    at.slack.workspace.place("C0SUPPORT").archived = False
    await look(at)
    [said] = told(at, "C0SUPPORT")
    assert "C0MONEY" in said and "C0URGENT" in said and "im:write" in said


async def test_while_slack_says_nothing_nothing_changes(at: Room) -> None:
    at.slack.workspace.place("C0MONEY").archived = True
    await look(at)
    at.slack.behaviour.reset({"refuse:503": 1.0})
    await look(at)
    assert len(told(at, "C0URGENT")) == 1 and (await only(at.hub.store, Row))["kind"] == "place.C0MONEY"


async def test_paused_events_are_told_once_and_are_over_when_slack_has_not_said_so_for_a_while(at: Room) -> None:
    for minute in range(2):
        receipt = await at.desk.receive(hook({**LIMITED, "minute_rate_limited": int(time.time()) // 60 * 60 - 60 * minute}))
        assert receipt.trouble is not None
        await checking.noted(at.hub, "slack", receipt)
        await look(at)
    [said] = told(at, "C0URGENT")
    assert "30 000" in said and "fewer channels" in said
    row = await only(at.hub.store, Row)
    await put(at.hub.store, Row, {}, at=row["at"] - timedelta(minutes=11))
    await look(at)
    assert "works again" in told(at, "C0URGENT")[1] and await rows(at.hub.store, Row) == []


async def test_what_a_channel_says_is_broken_is_told_once_until_it_says_that_it_is_over(
    at: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "SOON", Rule(100, 300))
    closed = Receipt(trouble=Trouble("business.8888", "the account @owner is gone", "connect it"))
    for _ in range(2):
        await checking.noted(at.hub, "phone", closed)
        await checking.check(at.hub)
    for place in ("C0URGENT", "DU1ANNA"):
        [said] = told(at, place)
        assert "phone: the account @owner is gone" in said and "connect it" in said
    assert [name for name, _, _ in await at.hub.store.troubles.all()] == ["phone"]
    await checking.noted(at.hub, "phone", Receipt(mended="business.1"))
    assert len(await rows(at.hub.store, Row)) == 1, "another account's"
    await checking.noted(at.hub, "phone", Receipt(mended="business.8888"))
    assert await rows(at.hub.store, Row) == []
    await checking.noted(at.hub, "phone", closed)
    await checking.check(at.hub)
    assert len(told(at, "C0URGENT")) == 2


async def test_two_processes_tell_of_a_case_once(store: Store) -> None:
    cases = [Trouble("token", "gone", "mend"), Trouble("files:read", "missing", "add it")]
    news = await asyncio.gather(*(store.troubles.broke("slack", one) for one in cases for _ in range(3)))
    assert sum(news) == 2
    claims = await asyncio.gather(*(store.troubles.untold("slack") for _ in range(4)))
    assert sorted(one.kind for found in claims for one in found) == ["files:read", "token"]
    over = await asyncio.gather(*(store.troubles.works("slack", ["token"]) for _ in range(3)))
    assert [one.kind for found in over for one in found] == ["files:read"]
    await store.troubles.not_told("slack", ["token"])
    assert [one.kind for one in await store.troubles.untold("slack")] == ["token"]
    assert await store.troubles.heard("slack", Trouble("events", "paused", "fewer"))
    assert await store.troubles.works("slack", ["token"]) == [] and len(await store.troubles.all()) == 2
