"""What the console can do about a conversation can be done from Slack: each of its acts, by what an agent writes or presses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from agents_bridge.slack.canned import CANNED, PICK, TEXT
from hub.canned import CannedReplies
from hub.errors import Undeliverable
from hub.model import AgentReply, Media, Text
from hub.store.agent_tables import Audit
from hub.store.tables import Conversation, Delivery, Identity, Message
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_answers import later
from tests.agents_bridge.test_slack_new import shown, sought
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, rows
from tests.servers.slack import SlackServer
from widget import openapi_begin, openapi_change, openapi_console, openapi_merge
from widget.console_acts import Act

SHAPES: dict[str, type[BaseModel]] = {
    "reply": openapi_console.Reply,
    "note": openapi_console.Reply,
    "resolve": openapi_console.Resolve,
    "reopen": openapi_console.Act,
    "assign": openapi_console.Assign,
    "resend": openapi_console.Act,
    "snooze": openapi_change.Snooze,
    "priority": openapi_change.Priority,
    "tags": openapi_change.Tags,
    "block": openapi_change.Block,
    "unblock": openapi_change.Block,
    "undo": openapi_change.Undo,
    "begin": openapi_begin.Begin,
    "translate": openapi_change.Translate,
    "merge": openapi_merge.MergeAsked,
    "part": openapi_merge.ApartAsked,
}
"""What each act of the console takes, as its API says."""
NAMED = {"id", "kind"}
BRINGS: dict[str, Callable[[AgentReply], bool]] = {
    "text": lambda one: any(isinstance(part, Text) for part in one.parts),
    "files": lambda one: any(isinstance(part, Media) for part in one.parts),
    "delay": lambda one: "delay_ms" in one.data,
    "force": lambda one: bool(one.data.get("sure")),
    "survey": lambda one: isinstance(one.data.get("survey"), bool),
    "agent": lambda one: bool(one.data.get("person") or one.data.get("claim")),
    "team": lambda one: bool(one.team),
    "of": lambda one: bool(one.edit_of),
    "entry": lambda one: "post" in one.data,
    "other": lambda one: "other" in one.data or "thread" in one.data,
    "channel": lambda one: "identity" in one.data,
    "address": lambda one: "identity" in one.data,
}
"""How a reply from Slack has what the console calls so; what is not named here stands under its own name in `data`."""
FLAT = "a thread is flat: an answer there is about the conversation, and goes where its customer wrote last (docs/debts.md)"
OTHERWISE = {
    **dict.fromkeys(
        [(kind, name) for kind in ("reply", "note") for name in ("cards", "form")], "docs/debts.md: the console alone"
    ),
    **dict.fromkeys([(kind, name) for kind in ("reply", "note") for name in ("reply_to", "to")], FLAT),
    **dict.fromkeys([("reply", "base"), ("note", "base")], "who answers in a colleague's conversation is asked first"),
    ("note", "force"): "a note is never asked about",
    ("note", "delay"): "a note does not leave",
    ("note", "files"): "a file in the line of a note, as in any other",
    ("begin", "team"): "the desk that it is begun at has the thread",
    ("part", "reason"): "a note says it",
}
"""What Slack does otherwise, or docs/debts.md names as missing."""
READY = CannedReplies.model_validate({"replies": [{"name": "thanks", "title": "Thanks", "text": "Thanks, {agent} here"}]})


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    options: dict[str, Any] = {"who_answers": "agents", "undo_s": 20, "canned": READY, "updates_per_minute": 600}
    async with room(slack, store, redis_url, prefix, tmp_path / "files", **options) as made:
        yield made
    await store.close()


def heard(at: Room, monkeypatch: pytest.MonkeyPatch) -> list[AgentReply]:
    """What Slack brings, as it is kept."""
    found: list[AgentReply] = []
    keep = at.hub.intake.keep

    async def kept(items: Sequence[Any], patience: float) -> Any:
        found.extend(one for one in items if isinstance(one, AgentReply) and one.desk == "slack")
        return await keep(items, patience)

    monkeypatch.setattr(at.hub.intake, "keep", kept)
    return found


def parameters() -> Iterator[tuple[str, str]]:
    """(act, what it takes beside its names) of the console, as its API says."""
    assert SHAPES.keys() == set(get_args(Act)), "every act says here what it takes"
    for kind, shape in SHAPES.items():
        yield from ((kind, name) for name in shape.model_fields if name not in NAMED)


def brought(found: Sequence[AgentReply], kind: str, name: str) -> bool:
    """Whether a reply from Slack had this."""
    has = BRINGS.get(name)
    return any(one.kind == kind and (has(one) if has else name in one.data) for one in found)


def test_what_slack_does_otherwise_is_something_that_the_console_takes() -> None:
    assert OTHERWISE.keys() <= set(parameters())


async def test_every_act_of_the_console_has_a_way_in_slack(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    found = heard(at, monkeypatch)
    thread = await at.customer("Hello")
    first = ("!n look at this", "!claim", "!snooze 2h", "!wake", "!prio high", "!tag refund", "!block spam", "!unblock")
    more = (
        "!tr on",
        f"!merge {'0' * 32}",
        f"!part {'0' * 32}",
        "!assign <@U1ANNA> knows it",
        "!team billing refunds",
        "!tag -new",
    )
    words = (*first, *more, "!unblock it was a mistake")
    for text in words:
        await at.hears(at.slack.reply(thread, text))
    await at.hears(at.slack.reply(thread, "Not this"))
    await at.hears(at.slack.answer("fd_undo"))
    at.phone.fail = [Undeliverable("refused")]
    await at.hears(at.slack.reply(thread, "On its way"))
    await later(at)
    assert at.phone.texts == []
    await at.hears(at.slack.press(thread, "fd_resend"))
    assert at.phone.texts == ["On its way"], "what was taken back never left"
    await at.hears(at.slack.press(thread, "fd_resolve"))
    await at.hears(at.slack.press(thread, "fd_reopen"))
    at.slack.echo = True
    await at.hears(at.slack.upload(thread, "plan.pdf", b"%PDF-1.4", "application/pdf", "The plan"))
    await at.hears(at.slack.reply(thread, "<@U2BO> shall we tell?"))
    await at.hears(at.slack.answer("fd_send"))
    await at.hears(at.slack.shortcut(thread, at.slack.posts(thread)[0]["ts"], "fd_translate"))
    await at.hears(at.slack.press(thread, "merge"))
    await until(lambda: at.slack.accepted.of("view"))
    await at.hears(at.slack.submit(merge_with={"value": "0" * 32}, why={"value": "the same matter"}))
    await at.hears(at.slack.reply(thread, "!resolve +survey"))
    await at.hears(at.slack.command("new ann"))
    await sought(at, "ann")
    option = (await shown(at, "fd_new_send"))["blocks"][0]["element"]["options"][0]
    await at.hears(at.slack.submit(customer={"selected_option": option}, text={"value": "Your parcel is back"}))
    assert set(get_args(Act)) <= {one.kind for one in found}
    missing = [(kind, name) for kind, name in parameters() if (kind, name) not in OTHERWISE and not brought(found, kind, name)]
    assert missing == [], "what the console's act takes, and no reply from Slack has"
    assert not (await only(at.hub.store, Identity))["blocked"] and len(await rows(at.hub.store, Conversation)) == 2
    acts = {row["action"] for row in await rows(at.hub.store, Audit) if "T0TEAM:U1ANNA Anna" in row["actor"]}
    kept = {f"desk.{act}" for act in set(get_args(Act)) - {"reply", "note", "begin", "merge", "part"}}
    assert kept | {"conversation.not_merged"} <= acts, "the audit names who in Slack did it"


async def test_a_draft_is_what_slack_keeps_or_the_modal_holds_until_it_is_sent(at: Room) -> None:
    """Slack keeps by itself what an agent has begun to write in a thread. What is ready is a draft in its modal: it can be edited
    or left, and nothing is said, stored or sent until then."""
    thread = await at.customer("Hello")
    entries, posts = len(await rows(at.hub.store, Message)), len(at.slack.posts(thread))
    await at.hears(at.slack.press(thread, CANNED))
    await until(lambda: at.slack.accepted.of("view"))
    await at.hears(at.slack.pick(PICK, "thanks"))
    await until(lambda: len(at.slack.accepted.of("view")) == 2)
    draft = at.slack.accepted.of("view")[-1]["view"]["blocks"][1]["element"]
    assert draft["initial_value"] == "Thanks, {agent} here" and draft["multiline"]
    assert (len(await rows(at.hub.store, Message)), len(at.slack.posts(thread))) == (entries, posts)
    assert await rows(at.hub.store, Delivery, target="phone") == []
    edited: dict[str, Any] = {f"{TEXT}thanks": {"value": "Thanks, {agent} here. More tomorrow"}}
    await at.hears(at.slack.submit(**edited))
    assert at.phone.texts == ["Thanks, Anna here. More tomorrow"]
