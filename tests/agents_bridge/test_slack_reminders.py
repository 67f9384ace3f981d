"""Calls to agents in Slack: by name in the thread, by a direct message, and in the channel for what is urgent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from agents_bridge.slack.manifest import SCOPES, manifest
from agents_bridge.slack.reminders import reminder, urgent
from agents_bridge.slack.text import called_in
from hub import sweep
from hub.model import AgentId
from hub.notices import NoticeRules
from hub.notify import send_due
from hub.promises import Promises
from hub.store.tables import Conversation, Delivery, Notice
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_limits import LOCALES, LONGEST, TEXT
from tests.databases import fresh_store
from tests.fakes import answered
from tests.hub.hubs import only, put, settle
from tests.servers.slack import SlackServer

RULES = {"unanswered": {"after": "2m", "escalate": "10m"}, "unseen": {"after": "10m"}}


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    slack.workspace.people["U2BO"] |= {"email": "bo@shop.example", "tz": "Asia/Shanghai"}
    store = await fresh_store(tmp_path)
    for name in ("Anna", "Bo"):
        await store.agents.invite(f"{name.lower()}@shop.example", name, "agent")
    options: dict[str, Any] = {"who_answers": "agents", "escalation": "C0URGENT"}
    async with room(slack, store, redis_url, prefix, tmp_path / "files", **options) as made:
        made.hub.notices = NoticeRules.model_validate(RULES)
        made.hub.promises = Promises.model_validate({"targets": [{"first": "15m"}]})
        yield made
    await store.close()


async def later(at: Room) -> None:
    """The time of every notice has come."""
    await put(at.hub.store, Notice, {"state": "queued"}, due_ms=1)
    await sweep._notices(at.hub)
    await send_due(at.hub)
    await settle(at.hub)


def alone(at: Room, member: str = "U2BO") -> list[str]:
    """What the app has said to one member alone."""
    return [post["text"] for post in at.slack.posts() if post["channel"] == f"D{member}"]


async def agent_called(at: Room, name: str) -> str:
    return next(one.id for one in await at.hub.store.agents.everyone() if one.name == name)


async def test_a_colleague_who_is_called_and_does_not_come_gets_one_direct_message(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "!n <@U2BO> can you look?"))
    assert alone(at) == []
    for _ in range(3):
        await later(at)
    [told] = alone(at)
    channel, _, root = thread.partition(":")
    assert "Anna called you" in told and f"https://team.slack.test/archives/{channel}/p{root.replace('.', '')}|" in told
    assert f"#c={(await only(at.hub.store, Conversation))['id']}|Open in console" in told
    assert alone(at, "U1ANNA") == []


async def test_who_answers_in_the_thread_meanwhile_gets_none(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "!n <@U2BO> can you look?"))
    await at.hears(at.slack.reply(thread, "!n yes", "U2BO"))
    await later(at)
    assert alone(at) == []


async def test_a_press_in_the_thread_is_being_there_too(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "!n <@U2BO> can you look?"))
    await at.hears(at.slack.press(thread, "fd_claim", "U2BO"))
    await later(at)
    assert alone(at) == []


async def test_an_agent_whom_slack_has_not_met_is_found_by_their_address_and_called_by_name(at: Room) -> None:
    """Given from the console to somebody who never did anything in Slack."""
    thread = await at.customer("Where is my order?")
    talk, bo = (await only(at.hub.store, Conversation))["id"], await agent_called(at, "Bo")
    await settle(at.hub, answered("", conversation=talk, kind="assign", assignee=AgentId(bo)))
    await put(at.hub.store, Conversation, {}, waiting_ms=await at.hub.store.sweeping.clock() - 150_000)
    await sweep._notices(at.hub)
    await send_due(at.hub)
    await settle(at.hub)
    assert any("<@U2BO>" in line and "has been waiting" in line for line in at.lines(thread))
    await later(at)
    await later(at)
    assert len(alone(at)) == 1, "given and called, and not been there: one message"


async def test_without_the_scope_nothing_else_suffers_and_the_manifest_asks_for_it(at: Room) -> None:
    assert "im:write" in manifest("https://hub.example/hooks/slack")["oauth_config"]["scopes"]["bot"]
    assert "direct messages" in SCOPES["im:write"]
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.reply(thread, "!n <@U2BO> can you look?"))
    at.slack.scopes.remove("im:write")
    await later(at)
    call = await only(at.hub.store, Delivery, kind="direct")
    assert call["state"] == "queued" and "lacks the scope im:write" in call["reason"] and alone(at) == []
    await at.hears(at.slack.reply(thread, "On its way"))
    assert at.phone.texts == ["On its way"] and not any("Not delivered" in line for line in at.lines(thread))
    at.slack.scopes.append("im:write")
    await put(at.hub.store, Delivery, {"id": call["id"]}, due_ms=1)
    await settle(at.hub)
    assert len(alone(at)) == 1, "once the scope is there"


async def test_what_is_late_is_posted_once_in_the_urgent_channel_with_a_link(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    assert "first answer due <!date^" in at.card(thread)
    await put(at.hub.store, Conversation, {}, due_ms=await at.hub.store.sweeping.clock() - 60_000)
    for _ in range(3):
        await later(at)
    [told] = [post for post in at.slack.posts() if post["channel"] == "C0URGENT"]
    assert "1 min late" in told["text"] and "/archives/C0SUPPORT/p" in told["text"] and told["keys"]
    assert not any("<!here>" in line and "late" in line for line in at.lines(thread))
    assert any("1 min late" in line for line in at.lines(thread)), "the thread has it, without a call"


async def test_soon_calls_whoever_has_it_in_the_thread(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.press(thread, "fd_claim", "U2BO"))
    now = await at.hub.store.sweeping.clock()
    await put(at.hub.store, Conversation, {}, warn_ms=now - 1, due_ms=now + 120_000)
    for _ in range(2):
        await later(at)
    assert len([line for line in at.lines(thread) if "<@U2BO>" in line and "due in 2 min" in line]) == 1


async def test_an_urgent_post_that_slack_took_without_an_answer_is_there_once(at: Room) -> None:
    await at.customer("Where is my order?")
    await put(at.hub.store, Conversation, {}, due_ms=await at.hub.store.sweeping.clock() - 60_000)
    await sweep._notices(at.hub)
    await send_due(at.hub)
    await at.hub.store.sweeping.clock()
    await settle(at.hub)
    call = await only(at.hub.store, Delivery, kind="urgent")
    await put(at.hub.store, Delivery, {"id": call["id"]}, state="unknown", due_ms=1, external_id=None)
    await settle(at.hub)
    assert (await only(at.hub.store, Delivery, kind="urgent"))["state"] == "sent"
    assert len([post for post in at.slack.posts() if post["channel"] == "C0URGENT"]) == 1


@pytest.mark.parametrize(
    ("mrkdwn", "found"),
    [("<@U2BO> and <@W3CY|cy>, <@U2BO>", ["U2BO", "W3CY"]), ("`<@U2BO>`", []), ("<!here> <#C1> &lt;@U2BO&gt;", []), ("", [])],
)
def test_whom_a_line_calls(mrkdwn: str, found: list[str]) -> None:
    assert called_in(mrkdwn) == found


@LONGEST
@LOCALES
def test_reminders_of_everything(long: str, locale: Literal["en", "zh"]) -> None:
    facts = dict.fromkeys(("by", "customer", "channel"), long) | {"thread": "C0:1.2", "url": "https://hub.example/console/#c=1"}
    for text in (reminder("mention", facts, "https://t.slack.test/", locale), reminder("assigned", facts, "", locale)):
        assert "<!channel>" not in text and 0 < len(text) < TEXT
    assert "<!channel>" not in (told := urgent(long, "C0:1.2", "", "https://t.slack.test/", locale)) and "/p12|" in told
