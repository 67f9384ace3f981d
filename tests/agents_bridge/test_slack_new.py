"""`/frontdesk new`: an agent begins a conversation on a channel; where the platform forbids it, it is said in words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from slack_sdk.models.views import View

from agents_bridge.slack import starting
from agents_bridge.slack.starting_words import BARRED
from hub.beginning import WHY, barrier
from hub.people import Reachable
from hub.ports import Capabilities, Window
from hub.store.reach import Reached
from hub.store.tables import Conversation, Identity, Message
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.test_slack_limits import LOCALES, LONGEST, _validated, valid
from tests.conftest import until
from tests.databases import fresh_store
from tests.fakes import said
from tests.hub.hubs import EDITABLE, Phone, only, put, rows, settle
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents") as made:
        yield made
    await store.close()


def view(at: Room) -> dict[str, Any]:
    """The modal as it stands."""
    return dict(at.slack.accepted.of("view")[-1]["view"])


async def shown(at: Room, callback: str) -> dict[str, Any]:
    await until(lambda: at.slack.accepted.of("view") and view(at)["callback_id"] == callback)
    return view(at)


async def sought(at: Room, words: str, channel: str = "phone") -> None:
    """The first modal, filled and sent off."""
    await shown(at, "fd_new_find")
    told = await at.hears(at.slack.submit(channel={"selected_option": {"value": channel}}, words={"value": words}))
    assert json.loads(told.answer)["response_action"] == "update"


async def test_an_agent_begins_a_conversation_with_a_customer_who_is_known(at: Room) -> None:
    thread = await at.customer("My order?")
    await at.hears(at.slack.reply(thread, "!resolve"))
    await at.hears(at.slack.command("new ann"))
    await sought(at, "ann")
    chosen = await shown(at, "fd_new_send")
    option = chosen["blocks"][0]["element"]["options"][0]
    assert "ann" in option["text"]["text"]
    await at.hears(at.slack.submit(customer={"selected_option": option}, text={"value": "Your *parcel* is back in stock"}))
    assert at.phone.texts == ["Your parcel is back in stock"]
    old, new = await rows(at.hub.store, Conversation)
    anna = (await at.hub.store.agents.everyone())[0]
    assert (old["status"], new["status"], new["agent_id"]) == ("resolved", "open", anna.id)
    cards = [post for post in at.slack.posts() if not post["thread_ts"]]
    assert len(cards) == 2, "a thread of its own"
    lines = at.lines(f"{cards[1]['channel']}:{cards[1]['ts']}")
    assert any("parcel" in line for line in lines), "with what was said in it"
    await settle(at.hub, said("Great, thanks"))
    assert len(await rows(at.hub.store, Conversation)) == 2


async def test_where_one_is_open_it_goes_on(at: Room) -> None:
    await at.customer("My order?")
    identity = (await only(at.hub.store, Identity))["id"]
    await at.hears(at.slack.command("新建"))
    await sought(at, "ANN")
    await shown(at, "fd_new_send")
    await at.hears(at.slack.submit(customer={"selected_option": {"value": identity}}, text={"value": "Found it"}))
    assert at.phone.texts == ["Found it"] and len(await rows(at.hub.store, Conversation)) == 1


async def test_the_modal_is_there_while_the_database_stands_still(at: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trigger lives three seconds; what belongs into the modal comes when it comes."""
    ready = asyncio.Event()
    real = at.hub.store.staff.persons

    async def slow(*given: Any) -> Any:
        await ready.wait()
        return await real(*given)

    monkeypatch.setattr(at.hub.store.staff, "persons", slow)
    at.slack.command("new")
    assert "One moment" in str(await shown(at, "fd_new_wait"))
    await asyncio.sleep(2.5)
    ready.set()
    assert "phone" in str(await shown(at, "fd_new_find"))


async def test_the_shortcut_brings_a_messages_words_along(at: Room) -> None:
    thread = await at.customer("My order?")
    told = await at.hears(at.slack.reply(thread, "!n parcels are late today"))
    await at.hears(at.slack.shortcut(thread, told.ts, "fd_new"))
    await sought(at, "ann")
    chosen = await shown(at, "fd_new_send")
    assert "parcels are late today" in chosen["blocks"][1]["element"]["initial_value"]


async def test_strangers_begin_nothing(at: Room) -> None:
    await at.customer("My order?")
    identity = (await only(at.hub.store, Identity))["id"]
    await at.hears(at.slack.command("new", "U2BO"))
    assert "Only agents" in str(await shown(at, "fd_new_told"))
    await at.hears(at.slack.command("new"))
    await sought(at, "ann")
    await shown(at, "fd_new_send")
    await at.hears(at.slack.submit("U2BO", customer={"selected_option": {"value": identity}}, text={"value": "buy now"}))
    assert at.phone.texts == [] and len(await rows(at.hub.store, Message, author_kind="agent")) == 0
    [told] = [one for one in at.slack.posts() if one["channel"] == "DU2BO"]
    assert "no agent of this hub" in told["text"]
    assert [row["action"] for row in await at.hub.store.agents.records(before=None, most=1)] == ["desk.refused"]


async def test_who_has_never_written_is_refused_in_words_and_so_is_who_has_left(at: Room) -> None:
    await at.hears(at.slack.command("new"))
    await sought(at, "@nobody")
    assert "Nobody on this channel" in str(await shown(at, "fd_new_told"))
    await at.customer("My order?")
    ann = await only(at.hub.store, Identity)
    for change, words in (({"unreachable": "blocked"}, "blocked the channel"), ({"unreachable": "", "blocked": True}, "unblock")):
        await put(at.hub.store, Identity, {"id": ann["id"]}, **change)
        await at.hears(at.slack.command("new"))
        await sought(at, "ann")
        assert words in str(await shown(at, "fd_new_told"))
        at.slack.accepted.add("view", view={"callback_id": "", "id": "V0"})


async def test_a_customer_who_leaves_before_the_press_gets_nothing_and_the_agent_is_told(at: Room) -> None:
    await at.customer("My order?")
    ann = await only(at.hub.store, Identity)
    await at.hears(at.slack.command("new"))
    await sought(at, "ann")
    await shown(at, "fd_new_send")
    await put(at.hub.store, Identity, {"id": ann["id"]}, unreachable="blocked")
    await at.hears(at.slack.submit(customer={"selected_option": {"value": ann["id"]}}, text={"value": "Hello"}))
    assert at.phone.texts == []
    [told] = [one for one in at.slack.posts() if one["channel"] == "DU1ANNA"]
    assert "was not begun" in told["text"] and "blocked the channel" in told["text"]


@pytest.mark.parametrize("chosen", ["f" * 32, "new", "../x", ""])
async def test_a_forged_choice_reaches_nobody(at: Room, chosen: str) -> None:
    await at.customer("My order?")
    await at.hears(at.slack.command("new"))
    await sought(at, "an")
    await shown(at, "fd_new_send")
    await at.hears(at.slack.submit(customer={"selected_option": {"value": chosen}}, text={"value": "Hello"}))
    assert at.phone.texts == []


async def test_any_address_where_the_channel_takes_any(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> None:
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    phone = Phone(replace(EDITABLE, begins="anybody"))
    async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents", phone=phone) as at:
        await at.hears(at.slack.command("new"))
        await sought(at, "+8613800138000")
        option = (await shown(at, "fd_new_send"))["blocks"][0]["element"]["options"][0]
        assert option["value"] == "new" and "+8613800138000" in option["text"]["text"]
        await at.hears(at.slack.submit(customer={"selected_option": option}, text={"value": "Hello"}))
        assert [(to, text) for to, text, _ in phone.sent] == [("+8613800138000", "Hello")]
    await store.close()


def test_every_reason_has_its_words() -> None:
    told = Window(172_800, 5)
    channels = {
        "no": Capabilities(begins="never"),
        "known": Capabilities(),
        "any": Capabilities(begins="anybody"),
        "window": Capabilities(begins="anybody", window=told),
    }
    ann = Reached("i", "c", "a", "Ann", False, "", False)
    cases = [
        ("gone", ann, "no_channel"), ("no", ann, "never"), ("known", None, "never_wrote"), ("known", ann, ""), ("any", None, ""),
        ("any", replace(ann, blocked=True), "blocked"), ("known", replace(ann, unreachable="x"), "unreachable"),
        ("window", None, "never_wrote"), ("window", ann, "window"), ("window", replace(ann, open=True), ""),
    ]  # fmt: skip
    assert [barrier(channels, channel, known) for channel, known, _ in cases] == [why for *_, why in cases]
    for locale in ("en", "zh"):
        assert WHY[locale].keys() == BARRED[locale].keys() == {why for *_, why in cases if why}


@LONGEST
@LOCALES
def test_modals_of_everything(long: str, locale: Literal["en", "zh"]) -> None:
    found = [Reachable(f"{n:032x}", long, long, "" if n % 2 else "window") for n in range(300)]
    made = [
        starting.loading_view(locale),
        starting.find_view([f"channel{n}" for n in range(200)], long[:100], long[:2000], locale, long),
        starting.find_view([], "", "", locale),
        starting.choose_view(found, "c" * 64, long[:100], long[:2000], locale),
        starting.choose_view([one for one in found if one.barred], "c" * 64, long[:100], "", locale),
    ]
    for one in made:
        _validated(View(**one))
        valid(one["blocks"])
        assert len(one["private_metadata"]) <= 3000 and len(json.dumps(one)) < 250_000
        assert all(len(one[name]["text"]) <= 24 for name in ("title", "submit", "close") if name in one)
