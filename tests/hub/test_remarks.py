"""What customers do beside writing: reactions name their message, an album is one matter, a link's word reaches the routing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from hub.bot import BotRules
from hub.facts import facts_of
from hub.model import ChannelName, Event, ExternalId, Location, Media, Message, Span, Text
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.store.tables import Conversation, Delivery, Identity
from hub.store.tables import Message as Entry
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import data_of, desks, happened, only, rows, settle, take_in, text_of

WELCOME = BotRules.model_validate({"greeting": "Welcome!", "handover": "A colleague comes."})
RULES = RoutingRules.model_validate(
    {
        "rules": [{"came_by": ["order_*", "shop7"], "team": "orders"}],
        "team": "everything",
        "teams": {"orders": {}, "everything": {}},
    }
)


def sent_by(hub: Hub) -> list[str]:
    """What the customers have been sent, in order."""
    return [text for _, text, _ in hub.connectors[ChannelName("phone")].sent]  # type: ignore[attr-defined]


def reaction(signs: str, to: str, **more: Any) -> Message:
    """A sign on a message."""
    part = Event(kind="reacted", data=signs)
    return happened("reacted", **more).model_copy(update={"parts": (part,), "reply_to": ExternalId(to)})


def started(word: str, **more: Any) -> Message:
    """The start button at the end of a link."""
    return happened("started", **more).model_copy(update={"parts": (Event(kind="started", data=word),)})


def pictures(*ids: str, caption_on: str = "", album: str = "g1") -> list[Message]:
    """An album, one message for each picture."""
    made = []
    for one in ids:
        words = (Text(text="are these all right?"),) if one == caption_on else ()
        parts = (Media(kind="image", remote=f"photo:{one}"), *words)
        made.append(said("", id=one, album=album).model_copy(update={"parts": parts}))
    return made


async def test_a_reaction_names_its_message_and_wakes_nobody(make_hub: Any) -> None:
    desk = FakeDesk()
    hub = await make_hub(desks=desks(slack=desk))
    await settle(hub, said("is it ready?", id="first"))
    talk = await only(hub.store, Conversation)
    await settle(hub, answered("It is.", conversation=talk["id"]))
    answer = (await rows(hub.store, Delivery, kind="send"))[0]
    await settle(hub, reaction("👍", answer["external_id"]), reaction("", answer["external_id"]), reaction("❤", "first"))
    entries = await rows(hub.store, Entry)
    signs = [entry for entry in entries if entry["kind"] == "event"]
    assert [entry["reply_to"] for entry in signs] == [answer["message_id"], answer["message_id"], entries[0]["id"]]
    assert [orjson.loads(entry["parts"])[0]["data"] for entry in signs] == ["👍", "", "❤"]
    assert (await only(hub.store, Conversation))["waiting_ms"] == 0
    lines = [text_of(row) for row in await rows(hub.store, Delivery, kind="line")]
    assert lines[-3:] == [
        "[reacted: 👍] → “It is.”", "[took a reaction back] → “It is.”", "[reacted: ❤] → “is it ready?”",
    ]  # fmt: skip


async def test_a_live_place_is_told_once_a_minute_and_its_end_always(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    began = datetime.now(UTC)

    def place(seconds: int, live: bool = True) -> Message:
        part = Location(latitude=seconds / 100, longitude=13.4, live=live)
        moved = {"parts": (part,), "at": began + timedelta(seconds=seconds)}
        return said("", edit_of=ExternalId("place") if seconds else None, id="" if seconds else "place").model_copy(update=moved)

    await settle(hub, place(0))
    await settle(hub, place(5), place(65), place(70))
    await settle(hub, place(100), place(125), place(130, live=False))
    entries = [row for row in await rows(hub.store, Entry) if row["author_kind"] == "customer"]
    assert [round(orjson.loads(row["parts"])[0]["latitude"] * 100) for row in entries] == [0, 5, 65, 125, 130]
    assert len(await rows(hub.store, Delivery, kind="line")) == 2, "desks see where it began and where it ended"


async def test_desks_read_what_a_customer_answers(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    await settle(hub, said("is it ready?", id="first"))
    talk = await only(hub.store, Conversation)
    await settle(hub, answered("Which one?", conversation=talk["id"]))
    answer = (await rows(hub.store, Delivery, kind="send"))[0]
    await settle(hub, said("the blue one", reply_to=ExternalId(answer["external_id"])), said("no answer"))
    lines = [text_of(row) for row in await rows(hub.store, Delivery, kind="line")]
    assert lines[-2:] == ["> Which one?\nthe blue one", "no answer"]


def test_what_is_quoted_was_not_said_now() -> None:
    words = Text(text="refund", spans=(Span(kind="quote", start=0, end=6),))
    assert facts_of(said("").model_copy(update={"parts": (words, Text(text="no thanks"))})).text == "no thanks"


async def test_a_reaction_after_the_end_is_shown_and_opens_nothing(hub: Hub) -> None:
    await take_in(hub, reaction("👍", "before", customer="stranger"))
    assert await rows(hub.store, Entry) == []
    await take_in(hub, said("hello", id="first"))
    talk = await only(hub.store, Conversation)
    await take_in(hub, reaction("👀", "a picture of ours"))
    assert (await rows(hub.store, Entry))[-1]["reply_to"] is None
    await take_in(hub, answered("", conversation=talk["id"], kind="resolve"))
    await take_in(hub, reaction("👍", "first"), reaction("👎", "never seen"))
    assert [entry["kind"] for entry in await rows(hub.store, Entry)] == ["message", "event", "resolved", "event"]
    assert (await only(hub.store, Conversation))["status"] == "resolved"


async def test_the_pictures_of_an_album_are_marked_as_one_and_the_bot_answers_once(make_hub: Any) -> None:
    hub = await make_hub(bot=WELCOME, desks=desks(slack=FakeDesk()))
    first, *others = pictures("p1", "p2", "p3")
    await settle(hub, first)
    await settle(hub, *others)
    await settle(hub, *pictures("p9", album="another"))
    entries = await rows(hub.store, Entry)
    albums = [data_of(entry).get("album") for entry in entries if entry["author_kind"] == "customer"]
    assert albums == ["g1", "g1", "g1", "another"]
    assert sent_by(hub) == ["Welcome!", "A colleague comes."], "once, not for each picture"
    lines = [text_of(row) for row in await rows(hub.store, Delivery, kind="line")]
    assert sum("[Picture]" in line for line in lines) == len(albums), "desks see every one"


async def test_words_in_an_album_are_answered_wherever_they_stand(make_hub: Any) -> None:
    faq = [{"name": "right", "keywords": ["all right"], "answer": "They are."}]
    hub = await make_hub(bot=BotRules.model_validate({"faq": faq, "fallback": ["Say it another way."]}))
    await settle(hub, *pictures("p1", "p2", caption_on="p1"))
    assert sent_by(hub) == ["They are."]


async def test_an_album_twice_is_one(hub: Hub) -> None:
    album = pictures("p1", "p2")
    await take_in(hub, *album)
    await take_in(hub, *album)
    assert len(await rows(hub.store, Entry)) == 2


async def test_a_links_word_is_seen_by_people_and_decides_the_team(make_hub: Any) -> None:
    hub = await make_hub(routing=RULES, desks=desks(slack=FakeDesk()))
    await settle(hub, started("order_4711"))
    talk, entry = await only(hub.store, Conversation), await only(hub.store, Entry)
    assert (talk["team"], entry["kind"]) == ("orders", "event")
    assert text_of((await rows(hub.store, Delivery, kind="line"))[0]) == "[pressed Start: order_4711]"
    await settle(hub, said("where is it?"))
    assert [entry["kind"] for entry in await rows(hub.store, Entry)] == ["event", "message"]


@pytest.mark.parametrize(("word", "team"), [("shop7", "orders"), ("shop70", "everything"), ("order", "everything")])
async def test_a_word_that_came_before_the_first_message_decides_too(make_hub: Any, word: str, team: str) -> None:
    hub = await make_hub(routing=RULES)
    followed = happened("followed").model_copy(update={"parts": (Event(kind="followed", data=word),)})
    await take_in(hub, followed)
    assert await rows(hub.store, Conversation) == []
    await take_in(hub, said("hello"))
    assert (await only(hub.store, Conversation))["team"] == team
    assert "came_by" not in orjson.loads((await only(hub.store, Identity))["profile"]), "it counts once"


async def test_a_start_without_a_word_is_greeted_and_troubles_nobody(make_hub: Any) -> None:
    hub = await make_hub(bot=WELCOME, desks=desks(slack=FakeDesk()))
    await settle(hub, started(""))
    assert sent_by(hub) == ["Welcome!"]
    assert await rows(hub.store, Delivery, kind="open") == []


def test_an_empty_word_in_a_rule_is_refused() -> None:
    with pytest.raises(ValidationError):
        RoutingRules.model_validate({"rules": [{"came_by": [{}], "team": "a"}], "teams": {"a": {}}})
