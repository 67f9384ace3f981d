"""What Slack sends: what it becomes, whose it is, and what is left alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from agents_bridge.slack.desk import SlackDesk
from hub.model import AgentReply, Media, Text
from hub.ports import Hook
from tests.agents_bridge.desks import PLACE, bare_desk, event, hook

PAYLOADS = Path(__file__).parent.parent / "payloads" / "slack"
EXPECTED = json.loads((PAYLOADS / "INDEX.json").read_text())


@pytest.fixture
def desk() -> SlackDesk:
    return bare_desk()


async def received(desk: SlackDesk, body: Any, **more: Any) -> list[AgentReply]:
    found = await desk.receive(hook(body, **more))
    assert found.status == 200
    return [item for item in found.items if isinstance(item, AgentReply)]


def text_of(item: AgentReply) -> str:
    return "".join(part.text for part in item.parts if isinstance(part, Text))


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: case["file"])
async def test_captured_payloads(desk: SlackDesk, case: dict[str, Any]) -> None:
    body = json.loads((PAYLOADS / case["file"]).read_text())
    items = await received(desk, body, form=body["type"] != "event_callback")
    assert len(items) == len(case["items"])
    for item, wanted in zip(items, case["items"], strict=True):
        said = item.model_dump(mode="json", exclude={"raw"})
        assert {name: said[name] for name in wanted} == wanted


async def test_a_reply(desk: SlackDesk) -> None:
    [item] = await received(desk, event(text="*Hello* <@U2BO|bo> &amp; co"))
    assert (item.kind, item.desk, item.id) == ("reply", "slack", f"T0TEAM:{PLACE}:1700000001.000100")
    assert (item.thread, item.agent) == (f"{PLACE}:1700000000.000100", "T0TEAM:U1ANNA")
    assert text_of(item) == "Hello @bo & co"
    assert item.at == datetime(2023, 11, 14, 22, 13, 21, 100, tzinfo=UTC)


async def test_a_message_and_its_mention_have_one_id(desk: SlackDesk) -> None:
    [one] = await received(desk, event(envelope={"event_id": "Ev1"}))
    [two] = await received(desk, event(type="app_mention", envelope={"event_id": "Ev2"}))
    assert one.id == two.id
    [three] = await received(desk, event(channel="C0OTHER"))
    assert three.id != one.id


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B1"},
        {"subtype": "bot_message", "user": None},
        {"user": "U0FRONTDESK", "subtype": "file_share", "upload": True},
        {"user": None},
        {"thread_ts": None},
        {"thread_ts": "1700000001.000100"},
        {"subtype": "channel_join"},
        {"subtype": "message_replied"},
        {"channel": "D0DIRECT", "channel_type": "im"},
        {"type": "reaction_added"},
        {"text": "   "},
        {"text": "!n"},
    ],
)
async def test_what_is_not_a_persons_reply_is_left_alone(desk: SlackDesk, changes: dict[str, Any]) -> None:
    assert await received(desk, event(**changes)) == []


async def test_a_broadcast_reply_is_a_reply(desk: SlackDesk) -> None:
    [item] = await received(desk, event(subtype="thread_broadcast"))
    assert item.kind == "reply"


async def test_another_workspace_is_left_alone_when_one_is_set() -> None:
    desk = bare_desk(team_id="T0TEAM")
    assert len(await received(desk, event())) == 1
    assert await received(desk, event(envelope={"team_id": "T0OTHER"})) == []


async def test_people_of_other_workspaces_do_not_speak_to_customers(desk: SlackDesk) -> None:
    [item] = await received(desk, event(user_team="T0OTHER", envelope={"is_ext_shared_channel": True}))
    assert item.kind == "note"
    assert "not sent" in text_of(item)
    [own] = await received(desk, event(envelope={"is_ext_shared_channel": True}))
    assert own.kind == "reply"


async def test_notes(desk: SlackDesk) -> None:
    [note] = await received(desk, event(text="!n call *her*"))
    assert (note.kind, text_of(note)) == ("note", "call her")
    [unknown] = await received(desk, event(text="!asign <@U2BO>"))
    assert unknown.kind == "note"
    assert text_of(unknown) == "!asign @colleague\n(not sent to the customer: !asign is no command here)"
    [chinese] = await received(bare_desk(locale="zh"), event(text="！转接 小王"))
    assert chinese.kind == "note" and "未发送给客户" in text_of(chinese)


async def test_files(desk: SlackDesk) -> None:
    shown = {"id": "F1", "name": "a.png", "mimetype": "image/png", "size": 7, "url_private": "https://files.slack.com/a.png"}
    pdf = {"id": "F2", "title": "b", "mimetype": "application/pdf", "url_private_download": "https://files.slack.com/b"}
    [item] = await received(desk, event(subtype="file_share", text="look", files=[shown, pdf]))
    words, picture, paper = item.parts
    assert isinstance(words, Text) and isinstance(picture, Media) and isinstance(paper, Media)
    assert (picture.kind, picture.remote, picture.name, picture.size) == ("image", "https://files.slack.com/a.png#F1", "a.png", 7)
    assert (paper.kind, paper.name, paper.mime, paper.size) == ("file", "b", "application/pdf", None)
    [note] = await received(desk, event(subtype="file_share", text="!n", files=[shown]))
    assert note.kind == "note" and len(note.parts) == 1


def changed(text: str, before: str | None, **more: Any) -> dict[str, Any]:
    inner = {"type": "message", "user": "U1ANNA", "ts": "1700000001.000100", "thread_ts": "1700000000.000100"}
    edited = more.pop("edited", {"user": "U1ANNA", "ts": "1700000009.000000"})
    message = {**inner, "text": text, **({"edited": edited} if edited else {})}
    previous = None if before is None else {**inner, "text": before}
    top = {"user": None, "text": None, "thread_ts": None, "ts": "1700000009.000200", "event_ts": "1700000009.000200"}
    return event(subtype="message_changed", message=message, previous_message=previous, **{**top, **more})


async def test_edits(desk: SlackDesk) -> None:
    [item] = await received(desk, changed("On its *way*!", "On its way"))
    assert (item.kind, item.edit_of) == ("edit", f"T0TEAM:{PLACE}:1700000001.000100")
    assert item.id == f"{item.edit_of}:1700000009.000000"
    assert (text_of(item), item.thread) == ("On its way!", f"{PLACE}:1700000000.000100")
    assert await received(desk, changed("same", "same", edited=None)) == []
    assert await received(desk, changed("same", "same")) == []
    assert await received(desk, changed("first seen", None, edited=None)) == []
    [unseen] = await received(desk, changed("first seen", None))
    assert unseen.kind == "edit"


async def test_an_edit_never_carries_a_note_to_the_customer(desk: SlackDesk) -> None:
    for before in ("On its way", None):
        [item] = await received(desk, changed("//he is lying", before))
        assert item.kind == "note" and item.edit_of == f"T0TEAM:{PLACE}:1700000001.000100"
        assert "still sees the earlier text" in text_of(item)
    [note] = await received(desk, changed("!n call them", "!n call her"))
    assert (note.kind, text_of(note), note.data) == ("edit", "call them", {"internal": True})
    [said] = await received(desk, changed("On its way!", "On its way"))
    assert said.data == {}


async def test_deletions(desk: SlackDesk) -> None:
    before = {"type": "message", "user": "U1ANNA", "text": "x", "ts": "1700000001.000100", "thread_ts": "1700000000.000100"}
    top = {"user": None, "text": None, "thread_ts": None, "ts": "1700000009.000200", "event_ts": "1700000009.000200"}
    [item] = await received(desk, event(subtype="message_deleted", deleted_ts=before["ts"], previous_message=before, **top))
    assert (item.kind, item.edit_of, item.parts) == ("delete", f"T0TEAM:{PLACE}:1700000001.000100", ())
    tombstone = {**before, "subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted."}
    [other] = await received(desk, event(subtype="message_changed", message=tombstone, previous_message=before, **top))
    assert (other.kind, other.id) == ("delete", item.id)
    ours = {**before, "bot_id": "B1"}
    assert await received(desk, event(subtype="message_deleted", deleted_ts=before["ts"], previous_message=ours, **top)) == []


def pressed(action: str, value: str = "c1", **more: Any) -> dict[str, Any]:
    given = {
        "type": "block_actions",
        "user": {"id": "U1ANNA", "team_id": "T0TEAM"},
        "team": {"id": "T0TEAM"},
        "channel": {"id": PLACE},
        "container": {"type": "message", "message_ts": "1700000000.000100", "channel_id": PLACE},
        "message": {"ts": "1700000000.000100"},
        "actions": [{"action_id": action, "value": value, "action_ts": "1700000005.000100"}],
    }
    return {**given, **more}


async def test_buttons(desk: SlackDesk) -> None:
    [item] = await received(desk, pressed("fd_resolve"), form=True)
    assert (item.kind, item.thread, item.agent) == ("resolve", f"{PLACE}:1700000000.000100", "T0TEAM:U1ANNA")
    [again] = await received(desk, pressed("fd_resolve"), form=True)
    assert again.id == item.id
    [reopen] = await received(desk, pressed("fd_reopen"), form=True)
    assert reopen.kind == "reopen"
    inside = {"ts": "1700000003.000100", "thread_ts": "1700000000.000100"}
    [resend] = await received(desk, pressed("fd_resend_d1", "d1", message=inside), form=True)
    assert (resend.kind, resend.edit_of, resend.thread) == ("resend", "d1", item.thread)
    assert await received(desk, pressed("fd_resend_d1", "x' OR 1=1"), form=True) == []
    assert await received(desk, pressed("fd_console"), form=True) == []
    assert await received(desk, pressed("fd_resolve", user={}), form=True) == []
    assert await received(desk, pressed("fd_resolve", channel=None, container={}, message=None), form=True) == []


async def test_commands_and_unknown_things_get_an_empty_answer(desk: SlackDesk) -> None:
    command = urlencode({"command": "/hub", "text": "queue", "team_id": "T0TEAM"}).encode()
    request = hook(command)
    headers = {**request.headers, "content-type": "application/x-www-form-urlencoded"}
    found = await desk.receive(Hook("POST", {}, headers, command))
    assert (found.status, found.body, list(found.items)) == (200, b"", [])
    for body in ({"type": "view_submission", "view": {}}, {"type": "app_rate_limited"}, {}, {"type": "event_callback"}):
        found = await desk.receive(hook(body))
        assert (found.status, found.body, list(found.items)) == (200, b"", [])


async def test_frontdesk_help_is_answered_at_once(desk: SlackDesk) -> None:
    body = urlencode({"command": "/frontdesk", "text": "help", "team_id": "T0TEAM", "user_id": "U1ANNA"}).encode()
    form = {**hook(body).headers, "content-type": "application/x-www-form-urlencoded"}
    found = await desk.receive(Hook("POST", {}, form, body))
    said = json.loads(found.body)
    assert found.content_type == "application/json" and said["response_type"] == "ephemeral" and "!assign" in said["text"]
