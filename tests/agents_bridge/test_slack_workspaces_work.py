"""Reopenings, colleagues and times of day in several workspaces: each has its own channel, its own people and their clocks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.store.agent_tables import Agent
from hub.store.tables import Conversation
from tests.agents_bridge.several import Hall, hall
from tests.agents_bridge.test_slack_workspaces import BOTH
from tests.agents_bridge.two_workspaces import partner, shop, threads
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, rows
from tests.servers.slack import SlackServer

EAST, WEST = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Hall]:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    async with hall(slack, store, redis_url, prefix, tmp_path / "files", routing=BOTH, who_answers="agents") as made:
        await made.installs("T1SHOP")
        await made.installs("T2PARTNER")
        for there, zone in ((shop(made), EAST), (partner(made), WEST)):
            there.workspace.people["U1ANNA"] = {"name": "Anna", "email": "anna@shop.example", "tz": zone.key}
        yield made
    await store.close()


async def test_a_reopening_is_seen_in_the_workspace_that_has_the_thread(at: Hall) -> None:
    await at.customer("My invoice is wrong")
    [thread] = threads(partner(at))
    await at.hears(partner(at).press(thread, "fd_resolve"))
    await at.customer("It is wrong again")
    [seen] = [one for one in partner(at).workspace.seen("C0SAME") if one.get("subtype") == "thread_broadcast"]
    assert "wrong again" in seen["text"] and threads(shop(at)) == []


async def test_colleagues_are_listed_with_their_clocks_in_that_workspace(at: Hall) -> None:
    await at.customer("My invoice is wrong")
    [thread] = threads(partner(at))
    await at.hears(shop(at).command("status"))
    await at.hears(partner(at).reply(thread, "!n let me see"))
    began = datetime.now(UTC)
    await at.hears(partner(at).press(thread, "fd_assign"))
    await until(lambda: len(partner(at).accepted.of("view")) == 2)
    field = partner(at).accepted.of("view")[-1]["view"]["blocks"][0]["element"]
    [option] = field["option_groups"][0]["options"]
    times = {f"{one.astimezone(WEST):%H:%M}" for one in (began, datetime.now(UTC))}
    assert option["text"]["text"] in {f"⚪ Anna · 0/8 · {time}" for time in times}
    await at.hears(partner(at).submit(agent={"selected_option": option}))
    assert [row["agent_id"] for row in await rows(at.hub.store, Conversation)] == [option["value"]]


@pytest.mark.parametrize("zone", [EAST, WEST], ids=["shop", "partner"])
async def test_a_time_of_day_is_that_of_the_workspace_in_which_it_is_said(at: Hall, zone: ZoneInfo) -> None:
    there = shop(at) if zone is EAST else partner(at)
    end = datetime.now(zone).replace(second=0, microsecond=0) + timedelta(minutes=90)
    await at.hears(there.command(f"away {end:%H:%M}"))
    agent = await only(at.hub.store, Agent)
    assert (agent["state"], agent["until_ms"]) == ("away", int(end.timestamp() * 1000))
