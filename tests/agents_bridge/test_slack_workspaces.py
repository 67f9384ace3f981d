"""One app in two workspaces: their channels never mix, and each has its own people, files, pace and threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agents_bridge.slack.wire import link_of
from hub.errors import Temporary
from hub.model import ChannelName, ExternalId, ThreadId
from hub.ports import IdempotencyKey
from hub.store.store import Store
from hub.store.tables import Conversation, Message, Thread
from tests.agents_bridge.desks import line
from tests.agents_bridge.several import Hall, hall
from tests.agents_bridge.two_workspaces import partner, shop, threads
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import rows, text_of
from tests.servers.slack import SlackServer

BOTH = {"rules": [{"team": "billing", "keywords": ["invoice"]}], "teams": {"billing": {}, "sales": {}}}


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Hall]:
    store = await fresh_store(tmp_path)
    async with hall(slack, store, redis_url, prefix, tmp_path / "files", routing=BOTH) as made:
        await made.installs("T1SHOP")
        await made.installs("T2PARTNER")
        yield made
    await store.close()


async def test_two_workspaces_with_the_same_channel_id_never_mix(at: Hall) -> None:
    """Not their threads, not their people's answers, not even with the same `ts`."""
    await at.customer("Where is my order?")
    await at.customer("My invoice is wrong", customer="bob")
    [ours], [theirs] = threads(shop(at)), threads(partner(at))
    assert ours.startswith("C0SAME:") and theirs.startswith("C0SAME:")
    stored = {row["external_id"] for row in await rows(at.hub.store, Thread)}
    assert stored == {f"T1SHOP/{ours}", f"T2PARTNER/{theirs}"}
    await at.hears(shop(at).reply(ours, "On its way"))
    await at.hears(partner(at).reply(theirs, "A new one follows"))
    assert sorted(at.phone.texts) == ["A new one follows", "On its way"]
    assert [one["text"] for one in shop(at).posts(ours)] == ["Where is my order?"]
    shop(at).workspace.places["C0SAME"].messages[theirs.partition(":")[2]] = {"ts": theirs.partition(":")[2], "user": "U2BO"}
    await at.hears(shop(at).reply(theirs, "From the other workspace, into a thread of that name"))
    assert len(at.phone.texts) == 2
    authors = {text_of(row): row["author_id"] for row in await rows(at.hub.store, Message, author_kind="agent", kind="message")}
    assert authors == {"On its way": "T1SHOP:U1ANNA", "A new one follows": "T2PARTNER:U1ANNA"}


async def test_buttons_cards_marks_and_whispers_stay_in_their_workspace(at: Hall) -> None:
    await at.customer("My invoice is wrong")
    [thread] = threads(partner(at))
    told = await at.hears(partner(at).reply(thread, "A new one follows"))
    channel, _, _ = thread.partition(":")
    marks = [one["name"] for one in partner(at).workspace.message(channel, told.ts)["reactions"]]
    assert marks == ["white_check_mark"]
    await at.hears(partner(at).press(thread, "fd_resolve"))
    assert [row["status"] for row in await rows(at.hub.store, Conversation)] == ["resolved"]
    assert "✅" in partner(at).workspace.thread(thread)[0]["text"]
    await at.hears(partner(at).reply(thread, "!help"))
    await until(lambda: partner(at).accepted.of("ephemeral"))
    assert threads(shop(at)) == [] and not shop(at).accepted.of("ephemeral")


async def test_what_is_saved_in_one_workspace_is_ready_in_the_other(at: Hall) -> None:
    """And a modal about a thread finds its conversation by the workspace too."""
    await at.hub.store.agents.invite("anna@shop.example", "Anna", "agent")
    await at.customer("My invoice is wrong", customer="bob")
    [thread] = threads(partner(at))
    told = await at.hears(partner(at).reply(thread, "!n It was sent anew"))

    def opened(callback: str) -> bool:
        return [one["view"]["callback_id"] for one in partner(at).accepted.of("view")][-1:] == [callback]

    await at.hears(partner(at).shortcut(thread, told.ts, "fd_task"))
    await until(lambda: opened("fd_task_send"))
    [talk] = [row["id"] for row in await rows(at.hub.store, Conversation)]
    assert talk in str(partner(at).accepted.of("view")[-1])
    await at.hears(partner(at).shortcut(thread, told.ts, "fd_save"))
    await until(lambda: opened("fd_save_text"))
    every = {"selected_option": {"value": "*"}}
    chosen: dict[str, Any] = {"name": {"value": "anew"}, "text": {"value": "It was sent anew"}, "locale": every}
    assert (await at.hears(partner(at).submit(**chosen))).answer == b""
    await at.customer("Where is my order?")
    [ours] = threads(shop(at))
    await at.hears(shop(at).reply(ours, "!r anew"))
    assert at.phone.texts == ["It was sent anew"]


async def test_files_travel_by_the_token_of_their_workspace(at: Hall) -> None:
    await at.customer("My invoice is wrong")
    [thread] = threads(partner(at))
    at.slack.echo = True
    told = partner(at).upload(thread, "invoice.pdf", b"%PDF-1", "application/pdf")
    await told.done()
    assert told.statuses == [200]
    address = told.payload["event"]["files"][0]["url_private_download"]
    found = b"".join([piece async for piece in at.desk.fetch(f"{address}#T2PARTNER/F1")])
    assert found == b"%PDF-1"
    with pytest.raises(Temporary, match="no workspace is named"):
        _ = [piece async for piece in at.desk.fetch(f"{address}#F1")]


async def test_who_is_slowed_down_is_that_workspace_alone(at: Hall) -> None:
    """The pace, and what Retry-After says, count for one place in one workspace."""
    channel = ChannelName("phone")
    ours, theirs = at.desk.place(channel, ""), at.desk.place(channel, "billing")
    assert (ours, theirs) == ("T1SHOP/C0SAME", "T2PARTNER/C0SAME")
    shop(at).workspace.places.setdefault("C0SAME", shop(at).workspace.place("C0SAME"))
    at.slack.limited = {"T1SHOP": 30}
    await at.customer("Where is my order?")
    await at.customer("My invoice is wrong", customer="bob")
    assert threads(shop(at)) == [] and len(threads(partner(at))) == 1
    paces = at.hub.limits
    pace = at.desk.capabilities.pace
    assert pace is not None
    assert await paces.wait(f"slack:{ours}", pace) > 20

    async def theirs_may_go() -> bool:
        return await paces.wait(f"slack:{theirs}", pace) == 0

    await until(theirs_may_go, seconds=2)
    assert {at.desk.part_of(name) for name in (ours, f"{ours}:1.2", "T1SHOP:U1ANNA")} == {"T1SHOP"}


async def test_a_workspace_that_nobody_installed_is_named_and_its_requests_change_nothing(at: Hall) -> None:
    await at.customer("Where is my order?")
    [ours] = threads(shop(at))
    stranger = at.slack.more("T9EVIL", "Evil")
    channel, _, root = ours.partition(":")
    stranger.workspace.place(channel).messages[root] = {"ts": root, "user": "U1ANNA"}
    await at.hears(stranger.reply(ours, "From a workspace that has no part in this"))
    await at.hears(stranger.command("queue"))
    assert at.phone.texts == [] and stranger.accepted.of("response") == []
    with pytest.raises(Temporary, match="not installed in the workspace T9EVIL"):
        await at.desk.person(ExternalId("T9EVIL:U1ANNA"))


async def test_a_place_in_no_workspace_holds_and_says_what_is_missing(at: Hall) -> None:
    with pytest.raises(Temporary, match=r"no workspace is named for it in desks/slack\.yaml"):
        await at.desk._all.desk("")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_socket_mode_tells_of_every_workspace_over_one_connection(
    slack: SlackServer, store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    async with hall(slack, store, redis_url, prefix, tmp_path / "files", routing=BOTH, socket_mode=True) as at:
        await at.installs("T1SHOP")
        await at.installs("T2PARTNER")
        slack.sender.hook = ""

        async def keep(receipt: object) -> None:
            await at.hub.intake.keep([*receipt.items, *receipt.signs], 5.0)  # type: ignore[attr-defined]

        task = asyncio.create_task(at.desk.poll(keep))
        await until(lambda: slack.sender.sockets)
        await at.customer("Where is my order?")
        await at.customer("My invoice is wrong", customer="bob")
        await at.hears(shop(at).reply(threads(shop(at))[0], "On its way"))
        await at.hears(partner(at).reply(threads(partner(at))[0], "A new one follows"))
        assert sorted(at.phone.texts) == ["A new one follows", "On its way"]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_invitation_into_a_channel_without_conversations_is_answered_with_the_lines(at: Hall) -> None:
    """Public or private, once, and only where nothing is mapped."""
    await at.hears(partner(at).invite("G0SECRET"))
    await until(lambda: partner(at).posts())
    [card] = [one for one in partner(at).posts() if one["channel"] == "G0SECRET"]
    shown = str(partner(at).workspace.message("G0SECRET", card["ts"])["blocks"])
    assert "T2PARTNER:" in shown and "escalation: G0SECRET" in shown and "desks/slack.yaml" in shown and "billing, sales" in shown
    await at.hears(partner(at).invite("C0SAME"))
    again = partner(at).workspace
    event = {"type": "member_joined_channel", "user": "U1ANNA", "channel": "C0OTHER", "event_ts": again.stamp()}
    await at.hears(at.slack.sender.event(event, "T2PARTNER"))
    await asyncio.sleep(0.2)
    assert [one["channel"] for one in partner(at).posts()] == ["G0SECRET"]


async def test_what_is_urgent_goes_to_the_workspace_that_has_the_conversation(at: Hall) -> None:
    """A thread elsewhere is not linked to, and nobody is called by another workspace's id."""
    phone = ChannelName("phone")
    assert at.desk.urgent_place(phone, "") == "T1SHOP/C0URGENT" and at.desk.urgent_place(phone, "billing") == ""
    await at.customer("Where is my order?")
    [ours] = threads(shop(at))
    own = ThreadId(f"T1SHOP/{ours}")
    posted = await at.desk.escalate("T1SHOP/C0URGENT", own, "Nobody has answered", "https://x/1", IdempotencyKey("k1"))
    assert posted.startswith("T1SHOP/C0URGENT:")
    await at.desk.escalate("T1SHOP/C0URGENT", ThreadId(f"T2PARTNER/{ours}"), "From afar", "https://x/2", IdempotencyKey("k2"))
    near, far = [one["text"] for one in shop(at).posts() if one["channel"] == "C0URGENT"]
    assert "archives/C0SAME/p" in near and "archives" not in far
    assert await at.desk.find("anna@shop.example") == "T2PARTNER:U1ANNA", "of the workspaces in their order by name"
    await at.desk.post(own, [line("A word", kind="note", mention="T2PARTNER:U1ANNA")], IdempotencyKey("k3"))
    await at.desk.post(own, [line("A word", kind="note", mention="T1SHOP:U1ANNA")], IdempotencyKey("k4"))
    assert ["<@U1ANNA>" in one["text"] for one in shop(at).posts(ours)[-2:]] == [False, True]


async def test_conversations_are_merged_by_a_link_in_their_workspace_and_the_way_leads_there(at: Hall) -> None:
    await at.customer("Where is my order?")
    await at.customer("It is me again", customer="ann2")
    one, two = await rows(at.hub.store, Conversation)
    await at.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")
    first, second = threads(shop(at))
    await at.hears(shop(at).reply(first, f"!merge <{link_of('https://shop.slack.test/', second)}>"))
    assert [row["status"] for row in await rows(at.hub.store, Conversation)] == ["open", "merged"]
    own = "https://shop.slack.test/"
    assert f"<{link_of(own, second)}|" in shop(at).posts(first)[-1]["text"]
    assert f"<{link_of(own, first)}|" in shop(at).posts(second)[-1]["text"]


async def test_a_thread_in_another_workspace_is_not_linked_to(at: Hall) -> None:
    """Who reads here may not be a member there, and a channel of the same id is another one here."""
    await at.customer("Where is my order?")
    await at.customer("My invoice is wrong", customer="ann2")
    one, two = await rows(at.hub.store, Conversation)
    await at.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")
    [first], [second] = threads(shop(at)), threads(partner(at))
    await at.hears(shop(at).reply(first, f"!merge {two['id']}"))
    assert [row["status"] for row in await rows(at.hub.store, Conversation)] == ["open", "merged"]
    for said in (shop(at).posts(first)[-1]["text"], partner(at).posts(second)[-1]["text"]):
        assert "merged" in said and "archives" not in said
