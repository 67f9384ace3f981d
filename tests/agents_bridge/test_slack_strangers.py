"""Who may not answer in Slack: members who are no agents, guests, other workspaces' people, viewers. Nothing of theirs leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hub import introducing
from hub.store.tables import Conversation, Message
from tests.agents_bridge.desk_hubs import Room, room
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, rows, settle
from tests.servers.slack import SlackServer
from tests.servers.slack_events import Told

PEOPLE: dict[str, dict[str, Any]] = {
    "U1ANNA": {"name": "Anna", "email": "anna@shop.example"},
    "U3STRANGER": {"name": "Cem", "email": "cem@shop.example"},
    "U4GUEST": {"name": "Dan", "email": "dan@shop.example", "is_restricted": True},
    "U5SINGLE": {"name": "Eve", "email": "eve@shop.example", "is_ultra_restricted": True},
    "U6CONNECT": {"name": "Fay", "email": "anna@shop.example", "team_id": "T0OTHER", "is_stranger": True},
    "U7VIEWER": {"name": "Gil", "email": "gil@shop.example"},
    "U8OFF": {"name": "Hal", "email": "hal@shop.example"},
    "U9IAN": {"name": "Ian", "email": "ian@shop.example"},
}
WHY = {
    "U3STRANGER": "no agent of this hub",
    "U4GUEST": "Guests",
    "U5SINGLE": "Guests",
    "U6CONNECT": "Only members of this workspace",
    "U7VIEWER": "viewer",
    "U8OFF": "switched off",
}
STRANGERS = pytest.mark.parametrize("by", list(WHY))


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    slack.workspace.people = {id: dict(one) for id, one in PEOPLE.items()}
    store = await fresh_store(tmp_path)
    for role, name in (("admin", "anna"), ("viewer", "gil"), ("agent", "dan"), ("agent", "hal"), ("agent", "ian")):
        id = await store.agents.invite(f"{name}@shop.example", name.title(), role)
        if name == "hal":
            await store.agents.change(id, disabled=True)
    async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents") as made:
        yield made
    await store.close()


async def audit(at: Room, action: str) -> list[str]:
    return [row["actor"] for row in await at.hub.store.agents.records(before=None, most=50) if row["action"] == action]


@STRANGERS
async def test_what_a_stranger_writes_is_a_note_and_its_author_is_told_why(at: Room, by: str) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "It is lost, sorry", by))
    assert at.phone.texts == []
    [note] = await rows(at.hub.store, Message, kind="note")
    assert (note["author_name"], "It is lost" in note["parts"]) == (PEOPLE[by]["name"], True)
    assert [WHY[by] in said for said in at.whispers(by)] == [True]
    assert (await only(at.hub.store, Conversation))["agent_id"] == "", "and it is not theirs"
    [actor] = await audit(at, "desk.refused")
    assert f"slack:T0TEAM:{by} {PEOPLE[by]['name']}" in actor


ACTS: dict[str, Callable[[Room, str, str], Told]] = {
    "claim": lambda at, thread, by: at.slack.press(thread, "fd_claim", by),
    "resolve": lambda at, thread, by: at.slack.press(thread, "fd_resolve", by),
    "block": lambda at, thread, by: at.slack.reply(thread, "!block rude", by),
    "priority": lambda at, thread, by: at.slack.reply(thread, "!prio urgent", by),
    "tags": lambda at, thread, by: at.slack.reply(thread, "!tag refund", by),
    "snooze": lambda at, thread, by: at.slack.reply(thread, "!snooze 2h", by),
    "team": lambda at, thread, by: at.slack.reply(thread, "!team billing", by),
    "word": lambda at, thread, by: at.slack.reply(thread, "!resolve", by),
    "translate": lambda at, thread, by: at.slack.reply(thread, "!tr on", by),
    "merge": lambda at, thread, by: at.slack.reply(thread, f"!merge {'0' * 32}", by),
    "part": lambda at, thread, by: at.slack.reply(thread, "!part", by),
    "canned": lambda at, thread, by: at.slack.reply(thread, "!r hello", by),
}
FACTS = ("status", "agent_id", "team", "priority", "tags", "snooze_ms", "head", "translate", "merged_into")


@STRANGERS
@pytest.mark.parametrize("act", list(ACTS))
async def test_what_a_stranger_presses_changes_nothing(at: Room, act: str, by: str) -> None:
    thread = await at.customer("Where is my order?")
    before = await only(at.hub.store, Conversation)
    await at.hears(ACTS[act](at, thread, by))
    after = await only(at.hub.store, Conversation)
    assert [after[name] for name in FACTS] == [before[name] for name in FACTS]
    assert at.phone.texts == [] and len(at.whispers(by)) == 1


@STRANGERS
async def test_what_a_stranger_sends_off_from_a_modal_changes_nothing(at: Room, by: str) -> None:
    """Also from one that an agent has opened: the modal's own memory names the thread, the sender's rights decide."""
    thread = await at.customer("Where is my order?")
    before = await only(at.hub.store, Conversation)
    filled: dict[str, dict[str, Any]] = {
        "fd_assign": {"person": {"selected_user": "U1ANNA"}},
        "fd_why": {"why": {"value": "done"}},
        "fd_snooze": {"snooze": {"selected_option": {"value": "1h"}}},
    }
    for button, values in filled.items():
        count = len(at.slack.accepted.of("view"))
        await at.hears(at.slack.press(thread, button))
        await until(lambda count=count: any("callback_id" in one["view"] for one in at.slack.accepted.of("view")[count:]))
        await at.hears(at.slack.submit(by, **values))
    for choice, values in (
        ("priority", {"priority": {"selected_option": {"value": "high"}}}),
        ("block", {"why": {"value": "x"}}),
    ):
        count = len(at.slack.accepted.of("view"))
        await at.hears(at.slack.choose(thread, "fd_more", choice))
        await until(lambda count=count: len(at.slack.accepted.of("view")) > count)
        await at.hears(at.slack.submit(by, **values))
    after = await only(at.hub.store, Conversation)
    facts = [name for name in FACTS if name != "head"]
    assert [after[name] for name in facts] == [before[name] for name in facts], "and what was written stays as a note"
    assert at.phone.texts == [] and len(at.whispers(by)) >= 5


async def test_a_stranger_can_change_nothing_that_an_agent_said(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    told = await at.hears(at.slack.reply(thread, "On its way"))
    assert at.phone.texts == ["On its way"]
    await at.hears(at.slack.shortcut(thread, told.ts, "fd_make_note", "U3STRANGER"))
    assert at.phone.changes == [] and WHY["U3STRANGER"] in at.whispers("U3STRANGER")[0]


async def test_an_agent_answers_and_the_audit_log_names_the_slack_person(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "On its way"))
    await at.hears(at.slack.press(thread, "fd_resolve"))
    assert at.phone.texts == ["On its way"]
    [actor] = await audit(at, "desk.resolve")
    assert actor.endswith("slack:T0TEAM:U1ANNA Anna") and len(actor.split()[0]) == 32


async def test_nobody_is_assigned_who_could_not_answer(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "!assign <@U3STRANGER>"))
    assert (await only(at.hub.store, Conversation))["agent_id"] == ""
    assert "Cem is no agent" in at.whispers()[-1]


async def test_a_role_that_is_taken_away_counts_at_once(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "On its way"))
    [anna] = [one for one in await at.hub.store.agents.everyone() if one.name == "Anna"]
    await at.hub.store.agents.invite("zoe@shop.example", "Zoe", "admin")
    await at.hub.store.agents.change(anna.id, role="viewer")
    await at.hears(at.slack.reply(thread, "Never mind"))
    assert at.phone.texts == ["On its way"] and "viewer" in at.whispers()[-1]


async def test_what_an_agent_says_while_slack_tells_nobody_waits_in_its_order(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent whom the hub does not know yet is no stranger because Slack is down."""
    thread = await at.customer("Where is my order?")
    ask, down = at.desk.person, [True]

    async def person(agent: Any) -> Any:
        if down[0]:
            raise TimeoutError
        return await ask(agent)

    monkeypatch.setattr(at.desk, "person", person)
    monkeypatch.setattr(introducing, "AGAIN_MS", 60_000)
    for text in ("one", "two"):
        told = at.slack.reply(thread, text)
        await told.done()
        await asyncio.sleep(0.05)
    await settle(at.hub)
    assert at.phone.texts == [] and at.whispers() == []
    down[0] = False
    await at.hears(at.slack.reply(thread, "three"))
    assert at.phone.texts == ["one", "two", "three"]


async def test_a_known_agent_does_not_overtake_who_is_still_asked_about(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their lines in one thread reach the customer in the order in which they were written."""
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "zero"))
    ask, down = at.desk.person, [True]

    async def person(agent: Any) -> Any:
        if down[0]:
            await asyncio.sleep(60)
        return await ask(agent)

    monkeypatch.setattr(at.desk, "person", person)
    monkeypatch.setattr(introducing, "ASK_S", 0.1)
    monkeypatch.setattr(introducing, "AGAIN_MS", 60_000)
    for by, text in (("U9IAN", "one"), ("U1ANNA", "two"), ("U9IAN", "three")):
        told = at.slack.reply(thread, text, by)
        await told.done()
        await asyncio.sleep(0.05)
        await settle(at.hub)
    assert at.phone.texts == ["zero"]
    down[0] = False
    await at.hub.store.inbox.hurry("slack")
    await settle(at.hub)
    assert at.phone.texts == ["zero", "one", "two", "three"]


BY_HAND = [("U3STRANGER", "cem@home.example"), ("U4GUEST", "<mailto:dan@shop.example|dan@shop.example>")]


@pytest.mark.parametrize(("by", "email"), BY_HAND)
async def test_an_admin_says_by_hand_who_somebody_is_and_they_may_answer(at: Room, by: str, email: str) -> None:
    """Also somebody whose Slack address is another one, and a guest; what Slack says later does not change it."""
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "Lost", by))
    told = await at.hears(at.slack.command(f"agent <@{by}|them> {email}"))
    assert "Noted" in told.answer.decode()
    [answer] = [one["text"] for one in at.slack.posts() if one["channel"] == "DU1ANNA"]
    assert answer.startswith("Done")
    await introducing.introduce(at.hub, "slack", f"T0TEAM:{by}")
    await at.hears(at.slack.reply(thread, "Found it", by))
    assert at.phone.texts == ["Found it"]
    [actor] = await audit(at, "desk.admitted")
    assert actor.endswith("slack:T0TEAM:U1ANNA Anna")


@pytest.mark.parametrize("by", ["U3STRANGER", "U7VIEWER", "U4GUEST"])
async def test_nobody_makes_themselves_an_agent(at: Room, by: str) -> None:
    thread = await at.customer("Where is my order?")
    count = len(await at.hub.store.agents.everyone())
    await at.hears(at.slack.command(f"agent <@{by}> anna@shop.example", by))
    await at.hears(at.slack.reply(thread, "Hello", by))
    assert at.phone.texts == [] and len(await at.hub.store.agents.everyone()) == count
    assert any("only who may invite" in one["text"] for one in at.slack.posts() if one["channel"] == f"D{by}")
