"""The work of an agent in Slack from end to end: buttons, modals, words, shortcuts, and what must not reach the customer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.store.tables import Conversation, Identity
from tests.agents_bridge.desk_hubs import Room, room
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, settle
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def talk(at: Room) -> dict[str, Any]:
    return await only(at.hub.store, Conversation)


# Whose it is


async def test_two_people_claim_at_once_and_one_has_it(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    first, second = at.slack.press(thread, "fd_claim", "U2BO"), at.slack.press(thread, "fd_claim", "U1ANNA")
    await asyncio.gather(first.done(), second.done())
    await settle(at.hub)
    owner = (await talk(at))["agent_id"]
    assert owner in ("T0TEAM:U1ANNA", "T0TEAM:U2BO")
    winner, loser = ("U1ANNA", "U2BO") if owner.endswith("ANNA") else ("U2BO", "U1ANNA")
    names = {"U1ANNA": "Anna", "U2BO": "Bo"}
    assert at.whispers(winner) == []
    assert [one.startswith(names[winner]) for one in at.whispers(loser)] == [True]
    assert names[winner] in at.card(thread) and "fd_release" in at.card(thread) and "fd_claim" not in at.card(thread)
    assert at.phone.texts == []
    await at.hears(at.slack.answer("fd_take", loser))
    assert (await talk(at))["agent_id"] == f"T0TEAM:{loser}", "who was too late may take it over"
    assert names[loser] in at.card(thread)


async def test_a_claim_stops_the_bot_and_release_gives_it_back(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.press(thread, "fd_claim"))
    assert '"silent":true' in (await talk(at))["bot"]
    await at.hears(at.slack.press(thread, "fd_release"))
    assert (await talk(at))["agent_id"] == ""
    assert "fd_claim" in at.card(thread)


async def test_assign_opens_a_modal_and_its_choice_is_carried_out_with_the_reason(at: Room) -> None:
    thread = await at.customer("Where is my order?")
    await at.hears(at.slack.press(thread, "fd_assign"))
    await until(lambda: "billing" in str(at.slack.accepted.of("view")))
    chosen: dict[str, Any] = {"person": {"selected_user": "U2BO"}, "why": {"value": "knows <!here> refunds"}}
    await at.hears(at.slack.submit(**chosen, team={"selected_option": {"value": "billing"}}))
    found = await talk(at)
    assert (found["agent_id"], found["team"]) == ("T0TEAM:U2BO", "billing")
    assert "Bo" in at.card(thread)
    [said] = [one for one in at.lines(thread) if one.startswith("👤")]
    assert "<@U2BO> · billing" in said and "refunds" in said and "<!here>" not in said


async def test_a_modal_without_a_choice_says_what_is_missing(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.press(thread, "fd_assign"))
    await until(lambda: len(at.slack.accepted.of("view")) == 2)
    told = await at.hears(at.slack.submit())
    assert json.loads(told.answer)["errors"] == {"person": "Choose a colleague or a team."}
    assert (await talk(at))["agent_id"] == ""


async def test_a_modal_opens_while_the_database_stands_still(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A press that changes nothing waits for no commit: the trigger lives three seconds."""
    thread = await at.customer("Hello")

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(at.hub.store.inbox, "keep", never)
    await at.slack.press(thread, "fd_why").done()
    await until(lambda: at.slack.accepted.of("view"), 2.5)


async def test_what_changes_something_is_stored_before_slack_hears_so(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = await at.customer("Hello")
    keep, gate = at.hub.store.inbox.keep, asyncio.Event()

    async def slow(*given: Any) -> Any:
        await gate.wait()
        return await keep(*given)

    monkeypatch.setattr(at.hub.store.inbox, "keep", slow)
    told = at.slack.press(thread, "fd_resolve")
    await asyncio.sleep(0.1)
    assert told.statuses == []
    gate.set()
    await at.hears(told)
    assert (await talk(at))["status"] == "resolved"


async def test_resolve_with_a_reason_keeps_the_reason_from_the_customer(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.press(thread, "fd_why"))
    await until(lambda: at.slack.accepted.of("view"))
    await at.hears(at.slack.submit(why={"value": "was rude"}))
    assert (await talk(at))["status"] == "resolved"
    assert "Anna" in at.card(thread) and at.phone.texts == []
    await at.hears(at.slack.press(thread, "fd_reopen"))
    assert (await talk(at))["status"] == "open"


# Words


async def test_words_do_what_their_buttons_do(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, "!claim"))
    assert (await talk(at))["agent_id"] == "T0TEAM:U1ANNA"
    await at.hears(at.slack.reply(thread, "!assign <@U2BO> speaks Dutch"))
    assert (await talk(at))["agent_id"] == "T0TEAM:U2BO"
    await at.hears(at.slack.reply(thread, "！团队 sales"))
    assert (await talk(at))["team"] == "sales"
    await at.hears(at.slack.reply(thread, "!resolve sent a new one"))
    assert (await talk(at))["status"] == "resolved"
    await at.hears(at.slack.reply(thread, "!reopen"))
    await at.hears(at.slack.reply(thread, "!release"))
    assert ((await talk(at))["status"], (await talk(at))["agent_id"]) == ("open", "")
    assert at.phone.texts == []
    await at.hears(at.slack.reply(thread, "!send !important: call us"))
    assert at.phone.texts == ["!important: call us"]


async def test_sleep_priority_tags_and_blocks_by_words_are_on_the_card(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, "!snooze 2h"))
    await at.hears(at.slack.reply(thread, "!prio urgent"))
    await at.hears(at.slack.reply(thread, "!tag refund vip"))
    await at.hears(at.slack.reply(thread, "!tag -vip"))
    found = await talk(at)
    assert 7100 < found["snooze_ms"] / 1000 - time.time() < 7300
    assert (found["priority"], found["tags"].split()) == (3, ["refund"])
    assert (
        "💤" in at.card(thread) and "Urgent" in at.card(thread) and "refund" in at.card(thread) and "vip" not in at.card(thread)
    )
    await at.hears(at.slack.reply(thread, "!snooze"))
    assert "the customer writes" in at.card(thread)
    await at.hears(at.slack.reply(thread, "!wake"))
    assert (await talk(at))["snooze_ms"] == 0
    await at.hears(at.slack.reply(thread, "!block spam"))
    assert (await only(at.hub.store, Identity))["blocked"]
    await at.hears(at.slack.reply(thread, "!unblock"))
    assert not (await only(at.hub.store, Identity))["blocked"]
    assert at.phone.texts == []


async def test_sleep_priority_tags_and_blocks_by_the_cards_buttons(at: Room) -> None:
    thread = await at.customer("Hello")

    async def sent_off(told: Any, **values: Any) -> None:
        before = len(at.slack.accepted.of("view"))
        await at.hears(told)
        await until(lambda: len(at.slack.accepted.of("view")) > before)
        await at.hears(at.slack.submit(**values))

    await sent_off(at.slack.press(thread, "fd_snooze"), snooze={"selected_option": {"value": "4h"}})
    await sent_off(at.slack.choose(thread, "fd_more", "priority"), priority={"selected_option": {"value": "high"}})
    await sent_off(at.slack.choose(thread, "fd_more", "tags"), tags_add={"value": "#refund vip"}, tags_remove={"value": None})
    await sent_off(at.slack.choose(thread, "fd_more", "tags"), tags_add={"value": ""}, tags_remove={"value": "vip"})
    found = await talk(at)
    assert 14300 < found["snooze_ms"] / 1000 - time.time() < 14500
    assert (found["priority"], found["tags"].split()) == (2, ["refund"])
    await sent_off(at.slack.press(thread, "fd_snooze"), snooze={"selected_option": {"value": "wake"}})
    assert (await talk(at))["snooze_ms"] == 0
    await sent_off(at.slack.press(thread, "fd_snooze"), snooze={"selected_option": {"value": "written"}})
    assert "the customer writes" in at.card(thread)
    await sent_off(at.slack.choose(thread, "fd_more", "block"), why={"value": "spam"})
    assert (await only(at.hub.store, Identity))["blocked"]
    await at.hears(at.slack.choose(thread, "fd_more", "unblock"))
    assert not (await only(at.hub.store, Identity))["blocked"]
    await sent_off(at.slack.choose(thread, "fd_more", "tags"), tags_add={"value": "<!here>"})
    await sent_off(at.slack.press(thread, "fd_snooze"), snooze={"selected_option": {"value": "9999w"}})
    assert (await talk(at))["tags"].split() == ["refund"] and at.phone.texts == []


async def test_help_is_shown_to_the_one_who_asks(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, "!help", "U2BO"))
    await until(lambda: at.whispers("U2BO"))
    assert "!assign" in at.whispers("U2BO")[0] and at.whispers() == []


@pytest.mark.parametrize(
    "text",
    ["!resolv it", "!snooze soon", "!prio", "!tag <@U2BO>", "!assign Bo", "!team", "!team nobodys", "!send", "!delete all"],
)
async def test_a_word_that_is_none_of_ours_stays_here_and_the_author_is_told(at: Room, text: str) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, text))
    await until(lambda: at.whispers())
    assert "Not sent to the customer" in at.whispers()[0]
    assert ("!resolve" in at.whispers()[0]) == (text == "!resolv it")
    assert at.phone.texts == [] and (await talk(at))["status"] == "open"


# What is for colleagues


@pytest.mark.parametrize("text", ["<@U2BO> is he lying?", "*<@U2BO>* look", "<!here> help", "FYI: he is difficult", "内部：注意"])
async def test_a_line_to_a_colleague_is_held_until_its_author_decides(at: Room, text: str) -> None:
    thread = await at.customer("Hello")
    await at.hears(at.slack.reply(thread, text))
    await until(lambda: at.whispers())
    assert at.phone.texts == []
    await at.hears(at.slack.answer("fd_keep"))
    assert at.phone.texts == []
    await at.hears(at.slack.answer("fd_send"))
    await at.hears(at.slack.answer("fd_send"))
    assert len(at.phone.texts) == 1


async def test_a_held_line_that_no_button_carries_is_sent_by_the_messages_own_menu(at: Room) -> None:
    thread = await at.customer("Hello")
    told = await at.hears(at.slack.reply(thread, "<@U2BO> " + "very long " * 250))
    await until(lambda: at.whispers())
    assert "⋮" in at.whispers()[0]
    await at.hears(at.slack.shortcut(thread, told.ts, "fd_send_it"))
    sent = list(at.phone.texts)
    assert sent and sent[0].startswith("@")
    await at.hears(at.slack.shortcut(thread, told.ts, "fd_send_it"))
    assert at.phone.texts == sent


async def test_a_note_becomes_a_reply_without_its_prefix(at: Room) -> None:
    thread = await at.customer("Hello")
    told = await at.hears(at.slack.reply(thread, "!n we refund it"))
    assert at.phone.texts == []
    await at.hears(at.slack.shortcut(thread, told.ts, "fd_send_it"))
    assert at.phone.texts == ["we refund it"]


async def test_a_reply_becomes_a_note_and_is_taken_back(at: Room) -> None:
    thread = await at.customer("Hello")
    told = await at.hears(at.slack.reply(thread, "what a fool"))
    assert at.phone.texts == ["what a fool"]
    await at.hears(at.slack.shortcut(thread, told.ts, "fd_make_note"))
    assert [kind for kind, *_ in at.phone.changes] == ["delete"]


async def test_an_edit_of_a_held_line_never_leaves(at: Room) -> None:
    thread = await at.customer("Hello")
    told = await at.hears(at.slack.reply(thread, "<@U2BO> is he lying?"))
    await at.hears(at.slack.edit(thread, told.ts, "<@U2BO> is he lying again?"))
    sent = await at.hears(at.slack.reply(thread, "!send hello"))
    await at.hears(at.slack.edit(thread, sent.ts, "!send hello there"))
    await at.hears(at.slack.edit(thread, sent.ts, "<@U2BO> he lies"))
    assert at.phone.texts == ["hello"]
    assert [text for _, _, text in at.phone.changes] == ["hello there"]


async def test_shortcuts_outside_of_threads_say_so(at: Room) -> None:
    thread = await at.customer("Hello")
    root = thread.partition(":")[2]
    await at.hears(at.slack.shortcut(thread, root, "fd_send_it"))
    await until(lambda: at.slack.accepted.of("response"))
    assert "no conversation here" in at.slack.accepted.of("response")[0]["text"]


async def test_people_of_another_workspace_may_not_press(at: Room) -> None:
    thread = await at.customer("Hello")
    told = at.slack.press(thread, "fd_claim", "U9OUT")
    told.payload["user"]["team_id"] = "T0OTHER"
    await at.hears(told)
    await until(lambda: at.whispers("U9OUT"))
    assert (await talk(at))["agent_id"] == "" and "invite you" in at.whispers("U9OUT")[0]
