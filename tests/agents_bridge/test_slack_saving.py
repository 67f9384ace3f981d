"""Agents save canned replies from a message's own menu in Slack, change and delete them: by modals that tell what is wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agents_bridge.slack import saving
from agents_bridge.slack.canned import CANNED, CHANGE, FORGET, PICK, canned_view
from hub.canned import CannedReplies, Known, SavedReply
from hub.store.agent_tables import Audit
from hub.store.saved_tables import SavedReply as Row
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_limits import LOCALES, LONGEST, Locale, valid_view
from tests.agents_bridge.test_slack_new import shown, view
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, rows
from tests.servers.slack import SlackServer

READY = CannedReplies.model_validate({"replies": [{"name": "thanks", "text": "Thanks, {name}"}]})
EVERY = {"selected_option": {"value": "*"}}


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    async with room(slack, store, redis_url, prefix, tmp_path / "files", canned=READY, who_answers="agents") as made:
        yield made
    await store.close()


def fields(at: Room) -> dict[str, Any]:
    """The modal's fields by name."""
    return {one["block_id"]: one["element"] for one in view(at)["blocks"] if one["type"] == "input"}


async def opened(at: Room, text: str, profile: dict[str, Any]) -> str:
    """The modal for an answer of Anna's to a customer; returns the thread."""
    thread = await at.customer("Where is it?", profile=profile)
    written = await at.hears(at.slack.reply(thread, text))
    await at.hears(at.slack.shortcut(thread, written.ts, "fd_save"))
    await shown(at, saving.SUBMIT)
    return thread


async def save(at: Room, name: str, text: str, **more: dict[str, Any]) -> dict[str, Any]:
    """Send the modal off; what is wrong in it."""
    chosen: dict[str, Any] = {"name": {"value": name}, "text": {"value": text}, "locale": EVERY, **more}
    told = await at.hears(at.slack.submit(**chosen))
    wrong: dict[str, Any] = json.loads(told.answer)["errors"] if told.answer else {}
    return wrong


async def picked(at: Room, thread: str, name: str) -> None:
    """The list's modal, with one reply in it."""
    before = len(at.slack.accepted.of("view"))
    await at.hears(at.slack.press(thread, CANNED))
    await until(lambda: len(at.slack.accepted.of("view")) == before + 1)
    await at.hears(at.slack.pick(PICK, name))
    await until(lambda: len(at.slack.accepted.of("view")) == before + 2)


async def pressed(at: Room, action: str, name: str) -> None:
    """A button in the newest modal."""
    body = {"type": "block_actions", "team": {"id": "T0TEAM"}, "user": {"id": "U1ANNA", "team_id": "T0TEAM"}, "view": view(at)}
    action_of = {"action_id": action, "value": name, "action_ts": at.slack.workspace.stamp()}
    before = len(at.slack.accepted.of("view"))
    where = {"container": {"type": "view", "view_id": view(at)["id"]}, "actions": [action_of]}
    await at.hears(at.slack.sender.interaction(body | where))
    await until(lambda: len(at.slack.accepted.of("view")) == before + 1)


async def test_an_answer_is_saved_without_its_customers_name_and_sent_to_another(at: Room) -> None:
    await opened(at, "!send Dear Zhang Wei, it is on its way & soon there", {"name": "Zhang Wei"})
    found = fields(at)
    assert found["text"]["initial_value"] == "Dear Zhang Wei, it is on its way & soon there"
    assert "this customer's name" in view(at)["blocks"][0]["text"]["text"]
    chosen: dict[str, Any] = {"unname": {"selected_options": found["unname"]["initial_options"]}}
    assert await save(at, "sent", found["text"]["initial_value"], **chosen) == {}
    row = await only(at.hub.store, Row)
    assert (row["name"], row["locale"], row["text"]) == ("sent", "*", "Dear {name}, it is on its way & soon there")
    audit = [one for one in await rows(at.hub.store, Audit) if one["action"] == "canned.saved"]
    assert [(one["object"], "T0TEAM:U1ANNA Anna" in one["actor"]) for one in audit] == [("sent", True)]
    await until(lambda: any("!r sent" in one for one in at.whispers()))
    at.phone.sent.clear()
    other = await at.customer("And mine?", customer="bo", profile={"name": "Bo"})
    await at.hears(at.slack.reply(other, "!r SENT"))
    assert at.phone.texts == ["Dear Bo, it is on its way & soon there"]


@pytest.mark.parametrize(
    ("text", "told"), [("Call +86 138 1234 5678", "phone"), ("Mail me: mei@example.com", "e-mail"), ("All is well", "")]
)
async def test_the_modal_tells_what_is_one_persons(at: Room, text: str, told: str) -> None:
    await opened(at, text, {"name": "Li"})
    first = view(at)["blocks"][0]
    assert (told in first["text"]["text"]) if told else first["type"] == "input"
    assert "unname" not in fields(at)


async def test_what_is_wrong_is_told_in_the_modal_and_nothing_is_saved(at: Room) -> None:
    await opened(at, "On its way", {})
    assert "replies.yaml" in (await save(at, "Thanks", "x"))["name"]
    assert "One word" in (await save(at, "two words", "x"))["name"]
    assert "{agent}" in (await save(at, "one", "Dear {customer}"))["text"]
    assert await rows(at.hub.store, Row) == []
    assert await save(at, "one", "first") == {}
    assert "saved reply of this name" in (await save(at, "ONE", "second"))["name"]
    assert (await only(at.hub.store, Row))["text"] == "first"


async def test_who_may_not_answer_saves_nothing(at: Room) -> None:
    thread = await opened(at, "On its way", {})
    before = len(at.slack.accepted.of("view"))
    ts = at.slack.posts(thread)[0]["ts"]
    await at.hears(at.slack.shortcut(thread, ts, "fd_save", by="U2BO"))
    await until(lambda: len(at.slack.accepted.of("view")) == before + 2)
    assert "Only agents" in str(view(at)["blocks"])
    chosen: dict[str, Any] = {"name": {"value": "x"}, "text": {"value": "x"}, "locale": EVERY}
    memory = json.dumps({"thread": thread})
    at.slack.accepted.of("view")[-1]["view"].update(callback_id=saving.SUBMIT, private_metadata=memory)
    await at.hears(at.slack.submit("U2BO", **chosen))
    assert await rows(at.hub.store, Row) == []
    assert "desk.refused" in [one["action"] for one in await rows(at.hub.store, Audit)]


async def test_a_saved_reply_is_listed_changed_and_deleted(at: Room) -> None:
    thread = await opened(at, "On its way", {})
    await save(at, "sent", "On its way")
    await picked(at, thread, "thanks")
    assert FORGET not in str(view(at)), "what is in the file is changed there"
    await picked(at, thread, "sent")
    await pressed(at, CHANGE, "sent")
    assert fields(at)["name"]["initial_value"] == "sent" and fields(at)["text"]["initial_value"] == "On its way"
    assert "replies.yaml" in (await save(at, "thanks", "x"))["name"]
    assert await save(at, "gone-out", "It went out") == {}
    assert [(one["name"], one["text"]) for one in await rows(at.hub.store, Row)] == [("gone-out", "It went out")]
    await picked(at, thread, "gone-out")
    await pressed(at, FORGET, "gone-out")
    assert await rows(at.hub.store, Row) == []
    acts = [one["action"] for one in await rows(at.hub.store, Audit) if "U1ANNA" in one["actor"]]
    assert acts == ["canned.saved", "canned.saved", "canned.forgotten"]


async def test_of_two_who_save_one_name_at_once_the_second_is_told(at: Room) -> None:
    """Both modals found the name free: who comes second loses nothing but the name, and hears so."""
    thread = await opened(at, "On its way", {})
    both = [at.slack.submit(name={"value": "sent"}, text={"value": "a"}, locale=EVERY)]
    at.slack.accepted.of("view")[-1]["view"]["id"] = "V2"
    both.append(at.slack.submit(name={"value": "sent"}, text={"value": "b"}, locale=EVERY))
    await asyncio.gather(*(one.done() for one in both))
    await at.hears(both[0])
    assert len(await rows(at.hub.store, Row)) == 1
    errors = [one for one in both if one.answer]
    refused = [one for one in at.whispers() if one.startswith("Not saved")]
    assert len(errors) + len(refused) == 1 and thread


@LONGEST
@LOCALES
def test_the_modals_hold_with_the_longest_of_everything(long: str, locale: Locale) -> None:
    known = Known(long[:150], "a@b.example", "13812345678", "zh-CN")
    one = {"text": f"{long} {long[:150]} 13812345678", "name": "n" * 64, "title": long[:150]}
    thread = "C0SUPPORT99:1700000000.000100"
    for made in (saving.loading_view(locale), saving.save_view(one, known, thread, locale, "n" * 64)):
        valid_view(made)
    saved = SavedReply.model_construct(name="n" * 64, title="", text={"*": long[:3000]})
    found = CannedReplies.model_construct(replies=(saved,))
    valid_view(canned_view(found, thread, {}, locale, "n" * 64))
