"""Payloads that others captured, where they lie beside the repository (../shared/payloads/slack), read as their INDEX expects.

`DIFFERENT` holds every place where our policy differs, with the reason; what differs and is not there fails.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from agents_bridge.slack.desk import SlackDesk
from agents_bridge.slack.text import plain
from hub.errors import Malformed, Rejected
from hub.model import AgentReply, Media, Text
from hub.ports import Hook, Receipt
from tests.agents_bridge.desks import bare_desk, hook

FOLDER = Path(__file__).parents[3] / "shared" / "payloads" / "slack"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "INDEX.json").read_text()) if FOLDER.is_dir() else []
pytestmark = pytest.mark.skipif(not CASES, reason="../shared/payloads is not there")

DIFFERENT = {
    "142_pc_note_semicolons.json": "text: the note's prefix is taken off",
    "049_cw_private_note.json": "text: the note's prefix is taken off",
}
"""File → what differs, and why."""
EDITS_IN_THREADS = {"120_jv_changed_in_thread.json"}
"""Edits that reach us; the others are of messages outside of threads."""


def named(*kinds: str) -> list[Any]:
    return [pytest.param(case, id=case["file"]) for case in CASES if case["expect"]["kind"] in kinds]


async def received(desk: SlackDesk, case: dict[str, Any]) -> Receipt:
    raw = (FOLDER / case["file"]).read_text().strip()
    if case["file"].endswith(".txt"):
        request = hook(raw.encode())
        return await desk.receive(
            Hook("POST", {}, {**request.headers, "content-type": "application/x-www-form-urlencoded"}, raw.encode())
        )
    body = json.loads(raw)
    form = isinstance(body, dict) and "event" not in body and body.get("type") != "url_verification"
    return await desk.receive(hook(body, form=form))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["file"]) for case in CASES])
async def test_no_payload_is_a_crash_and_none_is_stored_that_must_not_be(case: dict[str, Any]) -> None:
    expected = case["expect"]
    if expected["kind"] in ("table", "signed_request"):
        return
    try:
        found = await received(bare_desk(), case)
    except Malformed:
        assert expected.get("lenient"), "only what breaks Slack's own rules may be refused"
        return
    assert found.status == 200
    replies = [item for item in found.items if isinstance(item, AgentReply) and item.kind == "reply"]
    assert not (expected["ignore"] and replies), expected.get("ignore_reason")
    if not expected["ignore"]:
        assert len(replies) == 1


@pytest.mark.parametrize("case", named("agent_message", "private_note"))
async def test_what_agents_said(case: dict[str, Any]) -> None:
    expected = case["expect"]
    items = (await received(bare_desk(), case)).items if not expected.get("lenient") or not expected["ignore"] else ()
    if expected["ignore"] and not expected.get("private"):
        assert not items
        return
    [item] = items
    assert isinstance(item, AgentReply)
    assert item.kind == ("note" if expected.get("private") else "reply")
    assert str(item.agent).endswith(f":{expected['sender_id']}")
    assert str(item.id).endswith(f":{expected['channel_id']}:{expected['message_id']}")
    assert item.thread == f"{expected['channel_id']}:{expected['thread_id']}"
    text = "".join(part.text for part in item.parts if isinstance(part, Text))
    assert not any(token in text for token in expected.get("text_must_not_contain", ()))
    if case["file"] in DIFFERENT and "text" in DIFFERENT[case["file"]]:
        assert expected["text_plain"].endswith(text) and text
    elif "text_plain" in expected:
        assert text == expected["text_plain"]
    media = [part for part in item.parts if isinstance(part, Media)]
    wanted = expected.get("attachments", [])
    assert [(m.kind, m.name, m.mime, m.remote.split("#")[0]) for m in media] == [
        (one["kind"], one["name"], one["mime"], one["url"]) for one in wanted
    ]
    assert [m.size for m in media] == [one.get("size") for one in wanted]


@pytest.mark.parametrize("case", named("edit", "delete"))
async def test_edits_and_deletions_in_threads(case: dict[str, Any]) -> None:
    expected = case["expect"]
    items = (await received(bare_desk(), case)).items
    assert bool(items) is (case["file"] in EDITS_IN_THREADS)
    for item in items:
        assert isinstance(item, AgentReply)
        assert (item.kind, item.edit_of) == ("edit", f"T111:{expected['channel_id']}:{expected['edit_of']}")
        assert item.thread == f"{expected['channel_id']}:{expected['thread_id']}"
        assert [part.text for part in item.parts if isinstance(part, Text)] == [expected["text"]]


@pytest.mark.parametrize("case", named("handshake"))
async def test_handshakes(case: dict[str, Any]) -> None:
    found = await received(bare_desk(), case)
    assert (found.status, found.body.decode()) == (case["expect"]["reply_status"], case["expect"]["reply_challenge"])


@pytest.mark.parametrize("case", named("signed_request"))
async def test_signatures(case: dict[str, Any]) -> None:
    request, signing = json.loads((FOLDER / case["file"]).read_text()), case["signing"]
    desk = bare_desk(datetime.fromtimestamp(signing["now"], UTC), signing_secret=signing["secret"])
    headers = {name.lower(): value for name, value in request["headers"].items()}
    body = Hook(request["method"], {}, headers, request["body"].encode())
    if case["expect"]["accepted"]:
        assert (await desk.receive(body)).status == 200
        assert "command" in parse_qs(request["body"])
    else:
        with pytest.raises(Rejected):
            await desk.receive(body)


@pytest.mark.parametrize("case", named("table"))
def test_mrkdwn(case: dict[str, Any]) -> None:
    for row in json.loads((FOLDER / case["file"]).read_text()):
        text = plain(row["in"]).text
        assert text == row.get("plain", text)
        assert text in row.get("plain_any", [text])
        assert all(piece in text for piece in row.get("must_contain", ()))
        assert not any(piece in text for piece in row.get("must_not_contain", ()))
        if "mentions" in row:
            assert [text[s.start : s.end] for s in plain(row["in"]).spans if s.kind == "mention"] == ["@colleague"]


def test_every_difference_is_of_a_payload_that_is_there() -> None:
    assert set(DIFFERENT) | EDITS_IN_THREADS <= {case["file"] for case in CASES}
