"""App Home: an agent's queue, load and availability, kept current for those who look; `/frontdesk status` beside it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from slack_sdk.models.views import View

from agents_bridge.slack import home
from hub import pages as module
from hub.pages import Pages, capacity_of, id_at
from hub.people import Health, Page, Seen, Trouble
from hub.promises import Promises
from hub.routing import RoutingRules
from hub.store.agent_tables import Agent
from hub.store.pages import GAP_MS
from hub.store.tables import Conversation
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import NOON
from tests.agents_bridge.test_slack_limits import LOCALES, LONGEST, _validated, valid
from tests.conftest import until
from tests.databases import fresh_store
from tests.fakes import said
from tests.hub.hubs import only, rows, settle
from tests.servers.slack import SlackServer
from tests.servers.slack_events import Told


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    slack.workspace.people["U7VIEWER"] = {"name": "Gil", "email": "gil@shop.example"}
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    await store.agents.invite("gil@shop.example", "Gil", "viewer")
    async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents") as made:
        yield made
    await store.close()


async def drawn(at: Room, told: Told | None = None, by: str = "U1ANNA") -> str:
    """What somebody's page shows once the hub has done what is due."""
    if told is not None:
        await at.hears(told)
    await asyncio.sleep(2.6 if told is None else 0)
    await Pages(at.hub).run()
    return json.dumps(at.slack.home(by), ensure_ascii=False)


async def test_the_page_shows_what_is_mine_what_waits_and_for_how_long(at: Room) -> None:
    await settle(at.hub, said("My order?", customer="ann"), said("Hello?", customer="bob"))
    first = await drawn(at, at.slack.opens_home())
    assert "My order?" in first and "Hello?" in first and "<!date^" in first and "0 of 8" in first
    assert "http://127.0.0.1/console/#c=" in first and "https://team.slack.test/archives/C0SUPPORT/p1" in first
    counts = await at.hub.store.console.counts((await at.hub.store.agents.everyone())[0].id)
    assert f"Waiting for somebody · {counts.unassigned}" in first and counts.unassigned == 2
    assert "Last 24 hours: 2 new" in first and "Everything works: phone, slack" in first


async def test_the_page_says_until_when_something_is_due(at: Room) -> None:
    await settle(at.hub, said("My order?"))
    assert "🎯" not in await drawn(at, at.slack.opens_home())
    at.hub.promises = Promises.model_validate({"targets": [{"first": "15m"}]})
    await settle(at.hub, said("And mine?", customer="bob"))
    due = (await only(at.hub.store, Conversation, due_kind="first"))["due_ms"] // 1000
    assert f"🎯 due <!date^{due}^" in await drawn(at)


async def test_claim_on_the_page_makes_it_mine_and_the_page_follows(at: Room) -> None:
    await settle(at.hub, said("My order?"))
    await drawn(at, at.slack.opens_home())
    shown = await drawn(at, at.slack.press_home("fd_home_claim"))
    talk = await only(at.hub.store, Conversation)
    anna = next(one for one in await at.hub.store.agents.everyone() if one.name == "Anna")
    assert talk["agent_id"] == anna.id
    assert "Mine · 1" in shown and "Waiting for somebody · 0" in shown and "1 of 8" in shown and "fd_home_claim" not in shown


async def test_the_page_follows_within_seconds_and_is_drawn_only_when_something_changed(
    at: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drawn(at, at.slack.opens_home())
    count = len(at.slack.accepted.of("home"))
    await drawn(at)
    assert len(at.slack.accepted.of("home")) == count, "nothing had changed"
    gap = GAP_MS
    monkeypatch.setattr("hub.store.pages.GAP_MS", 60_000)  # five changes take a busy machine longer than the gap
    for n in range(5):
        await settle(at.hub, said(f"Question {n}", customer=f"c{n}"))
        await Pages(at.hub).run()
    assert len(at.slack.accepted.of("home")) == count, "five changes at once are drawn once"
    monkeypatch.setattr("hub.store.pages.GAP_MS", gap)
    assert "Question 4" in await drawn(at)
    assert len(at.slack.accepted.of("home")) == count + 1


async def test_who_does_not_look_is_not_drawn_for(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await drawn(at, at.slack.opens_home())
    await drawn(at, at.slack.opens_home(tab="messages"), "U2BO")
    assert at.slack.home("U2BO") == {} and await at.hub.store.pages.watched()
    monkeypatch.setattr("hub.store.pages.RECENT_MS", -1000)
    assert not await at.hub.store.pages.watched() and await at.hub.store.pages.due() == []


async def test_available_and_away_are_what_routing_asks(at: Room) -> None:
    anna = next(one for one in await at.hub.store.agents.everyone() if one.name == "Anna")
    assert "Away" in await drawn(at, at.slack.opens_home())
    shown = await drawn(at, at.slack.press_home("fd_present"))
    assert "Available" in shown and "1 agents here" in shown
    assert [one.present for one in await at.hub.store.staff.all() if one.id == anna.id] == [True]
    await settle(at.hub, said("My order?"))
    assert (await only(at.hub.store, Conversation))["agent_id"] == anna.id, "and routing gives it to her"
    await at.hears(at.slack.press_home("fd_away"))
    await until(lambda: at.slack.accepted.of("view"))
    shown = await drawn(at, at.slack.submit(reason={"value": "lunch <!here>"}))
    assert "Away" in shown and "lunch" in shown and "<!here>" not in shown
    assert [one.present for one in await at.hub.store.staff.all() if one.id == anna.id] == [False]
    actions = [row["action"] for row in await at.hub.store.agents.records(before=None, most=9)]
    assert actions[:2] == ["desk.away", "desk.present"]


async def test_a_console_that_closes_leaves_who_came_in_slack(at: Room) -> None:
    await drawn(at, at.slack.opens_home())
    await drawn(at, at.slack.press_home("fd_present"))
    anna = next(one for one in await at.hub.store.agents.everyone() if one.name == "Anna")
    await at.hub.store.agents.be(anna.id, "present")
    await at.hub.store.agents.used([], [anna.id])
    assert next(one for one in await at.hub.store.staff.all() if one.id == anna.id).present
    await at.hub.store.agents.be(anna.id, "away")
    assert not next(one for one in await at.hub.store.staff.all() if one.id == anna.id).present


async def test_strangers_see_nothing_and_viewers_no_buttons(at: Room) -> None:
    await settle(at.hub, said("My order?"))
    stranger = await drawn(at, at.slack.opens_home("U2BO"), "U2BO")
    assert "My order?" not in stranger and "invite your Slack e-mail" in stranger
    viewer = await drawn(at, at.slack.opens_home("U7VIEWER"), "U7VIEWER")
    assert "My order?" in viewer and "fd_home_claim" not in viewer and "fd_present" not in viewer
    view = at.slack.home("U7VIEWER")
    forged = [{"action_id": "fd_home_claim_x", "value": (await only(at.hub.store, Conversation))["id"]}]
    for action in (*forged, {"action_id": "fd_present", "value": "x"}):
        view["blocks"] = [{"type": "actions", "elements": [action]}]
        at.slack.accepted.add("home", user="U7VIEWER", view=view)
        await at.hears(at.slack.press_home(action["action_id"], "U7VIEWER"))
    assert (await only(at.hub.store, Conversation))["agent_id"] == ""
    assert [one for one in await at.hub.store.staff.all() if one.present] == []


async def test_an_open_page_is_stored_before_slack_hears_so(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, gate = at.hub.store.inbox.keep, asyncio.Event()

    async def slow(*given: Any) -> Any:
        await gate.wait()
        return await keep(*given)

    monkeypatch.setattr(at.hub.store.inbox, "keep", slow)
    told = at.slack.opens_home()
    await asyncio.sleep(0.1)
    assert told.statuses == []
    gate.set()
    assert "Away" in await drawn(at, told)


async def test_a_limit_of_slacks_puts_off_pages_and_nothing_else(at: Room) -> None:
    await drawn(at, at.slack.opens_home())
    thread = await at.customer("My order?")
    at.slack.behaviour.reset({"limit:1": 1.0})
    assert "My order?" not in await drawn(at)
    at.slack.behaviour.reset({})
    await at.hears(at.slack.reply(thread, "On its way"))
    assert at.phone.texts == ["On its way"]
    assert "On its way" in await drawn(at)


async def test_what_is_broken_stands_on_the_page_with_how_to_mend_it(at: Room) -> None:
    await at.hub.store.troubles.broke("telegram", Trouble("token", "the token is refused", "set a new one"))
    shown = await drawn(at, at.slack.opens_home())
    assert "telegram" in shown and "the token is refused" in shown and "set a new one" in shown
    await at.hub.store.troubles.works("telegram", [])
    assert "the token is refused" not in await drawn(at)


async def answer_to(at: Room, text: str, by: str = "U1ANNA") -> str:
    count = len(at.slack.accepted.of("response"))
    told = await at.hears(at.slack.command(text, by))
    if told.answer:
        return str(json.loads(told.answer)["text"])
    await until(lambda: len(at.slack.accepted.of("response")) > count)
    return str(at.slack.accepted.of("response")[-1]["text"])


async def test_status_says_and_changes_who_is_there(at: Room) -> None:
    assert "*away*" in await answer_to(at, "status")
    assert "Noted: *available*" in await answer_to(at, "status available")
    assert "*available*" in await answer_to(at, "status")
    assert "(lunch)" in await answer_to(at, "away lunch")
    assert "*away* (lunch)" in await answer_to(at, "状态")
    assert "Only agents" in await answer_to(at, "available", "U2BO")
    people = await rows(at.hub.store, Agent, state="present")
    assert people == []


@pytest.mark.parametrize("text", ["", "help", "帮助", "what"])
async def test_help_names_every_command(at: Room, text: str) -> None:
    told = await answer_to(at, text)
    for word in ("queue", "me", "find", "new", "status", "available", "away", "help"):
        assert f"`/frontdesk {word}" in told


def full(long: str) -> Page:
    """A page of everything, at its longest."""
    url = "https://hub.example/" + "c" * 150
    seen = [Seen(long, long, long, long, long, NOON, url, f"{n:032x}", f"C0:{n}.1", NOON) for n in range(15)]
    health = [Health(long, long, long) for _ in range(40)] + [Health(f"{n}{long}") for n in range(60)]
    return Page(long, True, True, NOON + timedelta(hours=1), long, 900, 999, seen, seen, 900, 99, 999, 999, 999, health)


@LONGEST
@LOCALES
def test_a_page_of_everything(long: str, locale: Literal["en", "zh"]) -> None:
    for page in (full(long), None):
        view = home.home_view(page, "https://team.slack.test/", locale)
        _validated(View(**view))
        valid(view["blocks"])
        assert len(view["blocks"]) <= 100 and len(json.dumps(view)) < 250_000
    away = home.away_view(locale)
    _validated(View(**away))
    valid(away["blocks"])
    assert all(len(away[name]["text"]) <= 24 for name in ("title", "submit", "close"))


def test_a_page_s_figures_begin_a_day_ago_and_capacity_is_routings() -> None:
    assert id_at(0x0123456789AB / 1000) == "0123456789ab00000000000000000000"
    teams = {"a": {"members": {"a@x.example": {"capacity": 9}}}, "b": {"members": ["a@x.example"]}}
    rules = RoutingRules.model_validate({"capacity": 4, "teams": teams})
    assert (capacity_of(rules, "a@x.example"), capacity_of(rules, "b@x.example")) == (9, 4)
    assert module.SHOWN * 2 + 20 < 100
