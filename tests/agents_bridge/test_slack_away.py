"""Agents go away for a time, from a Slack channel or their page, are shown until when, and are there again by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents_bridge.slack.status import Meant, meant
from hub import sweep
from hub.store.agent_tables import Agent
from hub.store.store import Store
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_home import answer_to, drawn
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, put
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents") as made:
        yield made
    await store.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("away 30m", Meant("away", "", 1800)),
        ("me away 1h30m lunch", Meant("away", "lunch", 5400)),
        ("status away 2h", Meant("away", "", 7200)),
        ("离开 30分钟", Meant("away", "", 1800)),
        ("我 离开 2小时 午饭", Meant("away", "午饭", 7200)),
        ("me available", Meant("present")),
        ("available 2 hours", Meant("present", "", 7200)),
        ("away lunch", Meant("away", "lunch")),
        ("away 3 meetings", Meant("away", "3 meetings")),
        ("away 14:30", Meant(clock=True)),
        ("me away until 14:30", Meant(clock=True)),
        ("me", Meant()),
        ("status", Meant()),
    ],
)
def test_for_how_long_somebody_goes(text: str, found: Meant) -> None:
    assert meant(text) == found


async def seconds_left(at: Room) -> float:
    until_ms: int = (await only(at.hub.store, Agent))["until_ms"]
    return (until_ms - await at.hub.store.sweeping.clock()) / 1000


async def test_a_time_away_is_said_shown_and_ends_by_itself(at: Room) -> None:
    assert "*away* until <!date^" in await answer_to(at, "me away 30m lunch")
    assert 1700 < await seconds_left(at) <= 1800
    shown = await answer_to(at, "status")
    assert "*away* until <!date^" in shown and "(lunch)" in shown
    assert "until <!date^" in await drawn(at, at.slack.opens_home())
    await sweep.run(at.hub)
    assert (await only(at.hub.store, Agent))["state"] == "away", "the time is not over"
    await put(at.hub.store, Agent, {}, until_ms=1)
    await sweep.run(at.hub)
    assert (await only(at.hub.store, Agent))["state"] == "present" and await seconds_left(at) > 3600
    assert "(lunch)" not in await answer_to(at, "status")


async def test_a_time_of_day_changes_nothing_and_says_where_it_can_be_given(at: Room) -> None:
    await answer_to(at, "available")
    assert "Nothing was changed" in await answer_to(at, "away 14:30")
    assert (await only(at.hub.store, Agent))["state"] == "present"


async def test_the_page_has_times_and_its_modal_a_moment(at: Room) -> None:
    await drawn(at, at.slack.opens_home())
    await at.hears(at.slack.press_home("fd_gone_for_1800"))
    assert (await only(at.hub.store, Agent))["state"] == "away" and 1700 < await seconds_left(at) <= 1800
    await at.hears(at.slack.press_home("fd_gone_for_3600"))
    assert 3500 < await seconds_left(at) <= 3600
    count = len(at.slack.accepted.of("view"))
    await at.hears(at.slack.press_home("fd_away"))
    await until(lambda: len(at.slack.accepted.of("view")) > count)
    over = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp())
    told = await at.hears(at.slack.submit(until={"selected_date_time": over}))
    assert b"passed" in told.answer
    later = int((datetime.now(UTC) + timedelta(hours=3)).timestamp())
    await at.hears(at.slack.submit(until={"selected_date_time": later}, reason={"value": "dentist"}))
    assert 3 * 3600 - 60 < await seconds_left(at) <= 3 * 3600
    assert (await only(at.hub.store, Agent))["reason"] == "dentist"


async def test_who_is_back_is_back_once_and_others_stay_away(store: Store) -> None:
    """On every database."""
    for name in ("anna", "bo", "cy"):
        await store.agents.invite(f"{name}@shop.example", name, "agent")
    await put(store, Agent, {"email": "anna@shop.example"}, state="away", until_ms=1)
    await put(store, Agent, {"email": "bo@shop.example"}, state="away", until_ms=0)
    await put(store, Agent, {"email": "cy@shop.example"}, state="away", until_ms=2**52)
    assert [name for _, name in await store.pages.back(60)] == ["anna"]
    assert await store.pages.back(60) == []
    cy = await only(store, Agent, email="cy@shop.example")
    await store.agents.be(cy["id"], "present")
    assert (await only(store, Agent, email="cy@shop.example"))["until_ms"] == 0, "an end of being away is none of being there"
