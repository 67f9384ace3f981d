"""Assign in Slack: agents with what they have, take, and their local time; the modal opens whatever the database does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.models.views import View

from agents_bridge.slack import assigning
from hub.colleagues import colleague
from hub.people import Colleague, Member, Roster
from hub.routing import RoutingRules
from hub.store.agent_tables import Agent
from hub.store.staff import Staff
from hub.store.store import Store
from hub.store.tables import Conversation
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import desk_at
from tests.agents_bridge.test_slack_limits import EMOJI, LOCALES, LONGEST, _validated, valid
from tests.conftest import until
from tests.databases import fresh_store
from tests.fakes import said
from tests.hub.hubs import only, put, settle
from tests.servers.slack import SlackServer

ROUTING = {
    "capacity": 8,
    "strategy": "manual",
    "team": "billing",
    "teams": {"billing": {"members": {"bo@shop.example": {"capacity": 5}, "cy@shop.example": None}, "capacity": 4}},
}


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    for name in ("Anna", "Bo", "Cy", "Di"):
        await store.agents.invite(f"{name.lower()}@shop.example", name, "agent")
    await store.agents.invite("eve@shop.example", "Eve", "viewer")
    slack.workspace.people["U2BO"] = {"name": "Bo", "email": "bo@shop.example", "tz": "Asia/Tokyo"}
    async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents", routing=ROUTING) as made:
        yield made
    await store.close()


async def ids(at: Room) -> dict[str, str]:
    return {one.name: one.id for one in await at.hub.store.agents.everyone()}


async def opened(at: Room, thread: str, by: str = "U1ANNA") -> dict[str, Any]:
    """The modal once it is filled."""
    count = len(at.slack.accepted.of("view"))
    await at.hears(at.slack.press(thread, "fd_assign", by))
    await until(lambda: len(at.slack.accepted.of("view")) >= count + 2)
    return dict(at.slack.accepted.of("view")[-1]["view"])


def listed(view: dict[str, Any]) -> dict[str, list[str]]:
    """What the list shows, by group."""
    groups = view["blocks"][0]["element"]["option_groups"]
    return {one["label"]["text"]: [option["text"]["text"] for option in one["options"]] for one in groups}


def chosen(agent: str, **more: Any) -> dict[str, Any]:
    """The fields of the modal, sent off."""
    return {"agent": {"selected_option": {"value": agent}}, **more}


async def test_agents_are_listed_with_load_and_local_time_who_fits_and_has_room_first(at: Room) -> None:
    known = await ids(at)
    for n, name in enumerate(["Bo"] * 3 + ["Cy"] + ["Di"] * 2):
        await settle(at.hub, said(f"line {n}", customer=f"c{n}"))
        await put(at.hub.store, Conversation, {"preview": f"line {n}"}, agent_id=known[name])
    thread = await at.customer("Where is my order?")
    for name in ("Bo", "Cy"):
        await put(at.hub.store, Agent, {"name": name}, state="present", until_ms=2**52)
    await put(at.hub.store, Agent, {"name": "Di"}, capacity=6)
    await at.hears(at.slack.reply(thread, "!n I am here", by="U2BO"))  # so that the desk knows who that is
    before = datetime.now(ZoneInfo("Asia/Tokyo"))
    found = listed(await opened(at, thread))
    times = {f"{one:%H:%M}" for one in (before, datetime.now(ZoneInfo("Asia/Tokyo")))}
    assert list(found) == ["Team billing", "Others"]
    assert found["Team billing"] in [["🟢 Cy · 1/4", f"🟢 Bo · 3/5 · {time}"] for time in times]
    assert found["Others"] == ["⚪ Anna · 0/8", "⚪ Di · 2/6"], "who may only read is not among them"


async def test_the_modal_is_there_while_the_database_stands_still(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trigger lives three seconds; the list comes when it comes."""
    thread = await at.customer("Hello")
    ready, real = asyncio.Event(), at.hub.store.staff.persons

    async def slow(*given: Any) -> Any:
        await ready.wait()
        return await real(*given)

    monkeypatch.setattr(at.hub.store.staff, "persons", slow)
    began = monotonic()
    at.slack.press(thread, "fd_assign")
    await until(lambda: at.slack.accepted.of("view"), 2.9)
    assert monotonic() - began < 3 and "One moment" in str(at.slack.accepted.of("view")[-1])
    await asyncio.sleep(2.5)
    ready.set()
    await until(lambda: "Team billing" in str(at.slack.accepted.of("view")[-1]))


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_without_the_database_slacks_own_list_takes_its_place(at: Room, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    thread = await at.customer("Hello")

    async def broken() -> Any:
        await asyncio.sleep(0 if how == "fails" else 60)
        raise OSError("the database is gone")

    monkeypatch.setattr(assigning, "LOOK_S", 0.5)
    monkeypatch.setattr(at.hub.store.agents, "everyone", broken)
    view = await opened(at, thread)
    assert view["blocks"][0]["element"]["type"] == "users_select" and "billing" in str(view)
    monkeypatch.undo()
    await at.hears(at.slack.submit(person={"selected_user": "U2BO"}))
    assert (await only(at.hub.store, Conversation))["agent_id"] == (await ids(at))["Bo"]


async def test_what_was_chosen_is_done_and_one_line_calls_the_new_owner(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await opened(at, thread)
    known = await ids(at)
    more = {"why": {"value": "knows <!here> refunds"}, "team": {"selected_option": {"value": "billing"}}}
    await at.hears(at.slack.submit(**chosen(known["Bo"], **more)))
    talk = await only(at.hub.store, Conversation)
    assert (talk["agent_id"], talk["team"], '"silent":true' in talk["bot"]) == (known["Bo"], "billing", True)
    assert "Bo" in at.card(thread)
    [line] = [one for one in at.lines(thread) if one.startswith("👤")]
    assert "<@U2BO> · billing" in line and "refunds" in line and "<!here>" not in line
    await at.hears(at.slack.press(thread, "fd_release"))
    await at.hears(at.slack.press(thread, "fd_claim"))
    assert "<@" not in at.lines(thread)[-1], "who takes it is not called"


async def test_who_may_have_nothing_any_more_gets_nothing(at: Room) -> None:
    thread, known = await at.customer("Hello"), await ids(at)
    await put(at.hub.store, Agent, {"name": "Bo"}, disabled=True)
    for agent in (known["Bo"], known["Eve"], "0" * 32):
        count = len(at.whispers())
        assert agent not in str(await opened(at, thread)), "nor is it in the list"
        await at.hears(at.slack.submit(**chosen(agent)))
        await until(lambda count=count: len(at.whispers()) == count + 1)
        assert not (await only(at.hub.store, Conversation))["agent_id"]


async def test_who_is_no_agent_is_told_so_in_the_modal(at: Room) -> None:
    thread = await at.customer("Hello")
    at.slack.workspace.people["U9GUEST"] = {"name": "Guest", "email": "g@else.example", "is_restricted": True}
    view = await opened(at, thread, "U9GUEST")
    assert "submit" not in view and "Anna" not in str(view)


async def test_where_members_answer_they_can_have_it_too(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> None:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as at:
        thread = await at.customer("Hello")
        view = await opened(at, thread)
        assert [one["block_id"] for one in view["blocks"] if one["type"] == "input"] == ["agent", "person", "team", "why"]
        anna = (await ids(at))["Anna"]
        both = await at.hears(at.slack.submit(**chosen(anna, person={"selected_user": "U2BO"})))
        assert "agent" in json.loads(both.answer)["errors"]
        await at.hears(at.slack.submit(person={"selected_user": "U2BO"}))
        assert (await only(store, Conversation))["agent_id"] == "T0TEAM:U2BO"
    await store.close()


async def test_a_slack_that_does_not_tell_times_holds_up_no_list(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.desk.person("T0TEAM:U1ANNA")  # type: ignore[arg-type]
    for n in range(60):
        member, agent = f"U5N{n}", await at.hub.store.agents.invite(f"n{n}@shop.example", f"N{n}", "agent")
        await at.hub.store.staff.introduce("slack", f"T0TEAM:{member}", Member(f"N{n}", f"n{n}@shop.example"))
        assert agent
    asked = len([name for name, *_ in at.slack.calls if name == "users.info"])
    at.slack.behaviour.reset({"slow:3": 0.0})
    at.slack.behaviour.next("ok", *["accept_hang"] * 40)
    began = monotonic()
    view = await opened(at, thread)
    assert monotonic() - began < 6 and "N59" in str(view)
    assert len([name for name, *_ in at.slack.calls if name == "users.info"]) - asked <= 10


async def test_who_agents_are_at_a_desk_and_whether_they_are_there(store: Store) -> None:
    """On every database."""
    bo = await store.agents.invite("bo@shop.example", "Bo", "agent")
    await store.agents.invite("cy@shop.example", "", "viewer")
    for id in ("T2:U2", "T1:U1"):
        await store.staff.introduce("slack", id, Member("Bo", "bo@shop.example"))
    await store.staff.introduce("slack", "T1:U7", Member("Nobody", "nobody@shop.example"))
    await store.staff.introduce("other", "T1:U3", Member("Bo", "bo@shop.example"))
    agent = (await only(store, Agent, email="bo@shop.example"))["id"]
    assert bo and await store.staff.ids_at("slack") == {agent: ("T1:U1", "T2:U2")}
    async with store.db.read() as connection:
        found = await store.staff.one(connection, agent)
        assert found is not None and (found.agent_id, found.name, found.role) == (agent, "Bo", "agent")
        assert await store.staff.one(connection, "0" * 32) is None
    await put(store, Agent, {"id": agent}, disabled=True)
    async with store.db.read() as connection:
        assert await store.staff.one(connection, agent) is None


@pytest.mark.parametrize(
    ("email", "own", "team", "capacity", "fits"),
    [
        ("bo@shop.example", 0, "billing", 5, True),
        ("Cy@shop.example", 0, "billing", 4, True),
        ("cy@shop.example", 2, "billing", 2, True),
        ("cy@shop.example", 20, "billing", 4, True),
        ("di@shop.example", 0, "billing", 8, False),
        ("di@shop.example", 0, "", 8, True),
        ("bo@shop.example", 0, "gone", 5, True),
    ],
)
def test_how_many_somebody_takes(email: str, own: int, team: str, capacity: int, fits: bool) -> None:
    rules = RoutingRules.model_validate(ROUTING)
    found = colleague(Staff("a1", email, "Bo", True, 1, 0, own), rules, team, ())
    assert (found.capacity, found.fits) == (capacity, fits)


@LONGEST
@LOCALES
def test_hundreds_of_agents_are_a_modal_that_slack_takes(long: str, locale: Literal["en", "zh"]) -> None:
    people = [Colleague(f"{n:032x}", long, n % 2 == 0, n, 100, n < 350) for n in range(650)]
    times = {one.agent: "14:05" for one in people}
    teams = [long, *(f"team{n}" for n in range(200))]
    views = [assigning.waiting_view(locale)]
    for some in (people, people[:1], people[400:], people[:0]):
        for anybody in (True, False):
            found = Roster(long, some)
            views.append(assigning.agents_view("C0:1700000000.000100", found, times, teams, locale, anybody=anybody))
    for made in views:
        _validated(View(**made))
        valid(made["blocks"])
        assert len(json.dumps(made)) < 250_000, "the SDK escapes what is not ASCII"
        for block in made["blocks"]:
            groups = block.get("element", {}).get("option_groups", [])
            assert len(groups) <= 100 and all(0 < len(one["options"]) <= 100 for one in groups)
            assert all(len(text) <= 75 for text in texts(groups))
    shown = [option["value"] for group in views[1]["blocks"][0]["element"]["option_groups"] for option in group["options"]]
    assert shown == [one.agent for one in people[: len(shown)]] and len(shown) <= assigning.MOST
    assert len(shown) == assigning.MOST or len(json.dumps(views[1])) > 235_000, "as many as there is room for"
    assert "650" in str(views[1]["blocks"][1]) and str(len(shown)) in str(views[1]["blocks"][1])


async def test_hundreds_of_names_of_emoji_reach_slack(slack: SlackServer) -> None:
    """By the same SDK, as long as they are on the wire."""
    people = [Colleague(f"{n:032x}", EMOJI[:80], True, n, 100, True) for n in range(650)]
    view = assigning.agents_view("C0:1", Roster("billing", people), {}, ["billing"], "en", anybody=True)
    async with desk_at(slack) as desk:
        await desk._slack.web.views_open(trigger_id=slack.workspace.trigger(), view=view)
    assert slack.accepted.of("view")[-1]["view"]["blocks"] == view["blocks"]


def texts(groups: Sequence[dict[str, Any]]) -> list[str]:
    return [one["text"]["text"] for group in groups for one in group["options"]] + [one["label"]["text"] for one in groups]


def test_a_time_is_that_of_the_moment_when_it_is_shown() -> None:
    one = Colleague("a1", "Anna", True, 3, 5, True)
    assert datetime(2026, 11, 29, 5, 5, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo")).strftime("%H:%M") == "14:05"
    view = assigning.agents_view("C0:1", Roster("", [one]), {"a1": "14:05"}, [], "en", anybody=False)
    assert listed(view) == {"Agents": ["🟢 Anna · 3/5 · 14:05"]}
