"""What the console can do about a conversation can be done from Slack: each of its acts, by what an agent writes or presses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

from agents_bridge.slack.canned import CANNED, PICK, TEXT
from hub.canned import CannedReplies
from hub.errors import Undeliverable
from hub.model import AgentReply
from hub.store.agent_tables import Audit
from hub.store.tables import Conversation, Delivery, Identity, Message
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_answers import later
from tests.agents_bridge.test_slack_new import shown, sought
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, rows
from tests.servers.slack import SlackServer
from widget.console_acts import Act

READY = CannedReplies.model_validate({"replies": [{"name": "thanks", "title": "Thanks", "text": "Thanks, {agent} here"}]})


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    options: dict[str, Any] = {"who_answers": "agents", "undo_s": 20, "canned": READY}
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


async def test_every_act_of_the_console_has_a_way_in_slack(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    found = heard(at, monkeypatch)
    thread = await at.customer("Hello")
    first = ("!n look at this", "!claim", "!snooze 2h", "!wake", "!prio high", "!tag refund", "!block spam", "!unblock")
    words = (*first, "!tr on", f"!merge {'0' * 32}", "!part")
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
    await at.hears(at.slack.reply(thread, "!resolve"))
    await at.hears(at.slack.command("new ann"))
    await sought(at, "ann")
    option = (await shown(at, "fd_new_send"))["blocks"][0]["element"]["options"][0]
    await at.hears(at.slack.submit(customer={"selected_option": option}, text={"value": "Your parcel is back"}))
    assert set(get_args(Act)) <= {one.kind for one in found}
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
