"""Answers to a given message, both ways, and what was changed afterwards: by the platform's own ids where it has such, in words
elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hub.model import Event, ExternalId, Part
from hub.ports import IdempotencyKey, Identity
from hub.runtime import Hub
from hub.store.tables import Conversation, Delivery
from hub.store.tables import Message as MessageRow
from tests.fakes import TEXT_ONLY, FakeConnector, answered, said
from tests.hub.hubs import EDITABLE, Phone, Reading, channels, desks, happened, only, rows, settle, take_in, text_of

QUOTING = replace(TEXT_ONLY, quotes=True)
PAGE = replace(TEXT_ONLY, pulled=True)


class Quoter(Phone):
    """Remembers which message each call answers."""

    def __init__(self, capabilities: Any = QUOTING) -> None:
        super().__init__(capabilities)
        self.quoted: list[str | None] = []

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        self.quoted.append(to.quoted)
        return await super().send(to, parts, key)


async def talk_of(hub: Hub) -> str:
    return str((await rows(hub.store, Conversation))[0]["id"])


async def entry_of(hub: Hub, text: str) -> str:
    return str(next(row["id"] for row in await rows(hub.store, MessageRow) if text_of(row) == text))


async def test_an_agents_answer_names_the_customers_message(make_hub: Any) -> None:
    phone = Quoter()
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("which size?", id="far-1"), said("and when?", id="far-2"))
    first = await entry_of(hub, "which size?")
    await settle(hub, answered("large", conversation=await talk_of(hub), reply_to=ExternalId(first)))
    assert (phone.texts, phone.quoted) == (["large"], ["far-1"])
    assert (await rows(hub.store, MessageRow, author_kind="agent", kind="message"))[0]["reply_to"] == first


async def test_an_agents_answer_names_our_own_message(make_hub: Any) -> None:
    phone = Quoter()
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("hi"))
    talk = await talk_of(hub)
    await settle(hub, answered("it is on its way", conversation=talk))
    await settle(
        hub, answered("correction: tomorrow", conversation=talk, reply_to=ExternalId(await entry_of(hub, "it is on its way")))
    )
    assert phone.quoted == [None, "far1"]


async def test_only_the_first_call_of_a_long_answer_quotes(make_hub: Any) -> None:
    phone = Quoter(replace(QUOTING, text_limit=20))
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("which?", id="far-1"))
    reply = answered("this one here. Or that one there.", conversation=await talk_of(hub))
    await settle(hub, reply.model_copy(update={"reply_to": await entry_of(hub, "which?")}))
    assert phone.quoted == ["far-1", None]


@pytest.mark.parametrize("why", ["the platform has no quotes", "it has not been sent yet"])
async def test_where_it_cannot_be_named_a_line_quotes_it(make_hub: Any, why: str) -> None:
    phone = Quoter(TEXT_ONLY if "no quotes" in why else QUOTING)
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("which size?", id="far-1"))
    talk = await talk_of(hub)
    about = await entry_of(hub, "which size?")
    if phone.capabilities.quotes:
        await take_in(hub, answered("wait", conversation=talk))
        about = await entry_of(hub, "wait")
    await settle(hub, answered("large", conversation=talk, reply_to=ExternalId(about)))
    quoted = "wait" if phone.capabilities.quotes else "which size?"
    assert phone.texts[-1] == f"> {quoted}\nlarge"
    assert phone.quoted[-1] is None
    assert await entry_of(hub, "large"), "our own log keeps the answer as it was written"


async def test_notes_and_other_peoples_entries_are_not_quoted(make_hub: Any) -> None:
    phone = Quoter()
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("hi"), said("my secret", customer="bob", id="far-b"))
    talk = next(row["id"] for row in await rows(hub.store, Conversation) if row["preview"] == "hi")
    await settle(hub, answered("do not tell", conversation=talk, kind="note"))
    for text in ("do not tell", "my secret"):
        await settle(hub, answered(f"about {text[:2]}", conversation=talk, reply_to=ExternalId(await entry_of(hub, text))))
    assert phone.quoted == [None, None]
    assert phone.texts == ["about do", "about my"]


async def test_a_customers_answer_to_our_message_is_known(make_hub: Any) -> None:
    phone = Quoter()
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("hi"))
    await settle(hub, answered("red or blue?", conversation=await talk_of(hub)))
    ours = (await rows(hub.store, Delivery, target="phone"))[0]["external_id"]
    await settle(hub, said("blue", reply_to=ExternalId(ours)))
    assert (await rows(hub.store, MessageRow))[-1]["reply_to"] == await entry_of(hub, "red or blue?")


async def test_who_fetches_the_log_answers_by_our_ids_and_only_in_it(make_hub: Any) -> None:
    hub = await make_hub(connectors=channels(page=FakeConnector(PAGE)))
    await settle(hub, said("hi", channel="page"), said("other", channel="page", customer="bob"))
    talk = next(row["id"] for row in await rows(hub.store, Conversation) if row["preview"] == "hi")
    await settle(hub, answered("red or blue?", conversation=talk), answered("hush", conversation=talk, kind="note"))
    for text, wanted in (("blue", "red or blue?"), ("nosy", "other"), ("noisy", "hush")):
        await settle(hub, said(text, channel="page", reply_to=ExternalId(await entry_of(hub, wanted))))
    found = {text_of(row): row["reply_to"] for row in await rows(hub.store, MessageRow, author_kind="customer")}
    assert found["blue"] == await entry_of(hub, "red or blue?")
    assert (found["nosy"], found["noisy"]) == (None, None)


async def test_an_edit_reaches_every_message_that_the_answer_became(make_hub: Any) -> None:
    phone = Phone(replace(EDITABLE, text_limit=20))
    slack = Reading()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hi"))
    where = {"thread": "C1:1", "desk": "slack"}
    await settle(hub, answered("this one here. Or that one there.", id="ts.1", **where))
    assert len(phone.texts) == 2
    again = answered("that one here. Or this one there.", id="ts.2", kind="edit", edit_of=ExternalId("ts.1"), **where)
    await settle(hub, again)
    assert [(kind, sent) for kind, sent, _ in phone.changes] == [("edit", "far1"), ("edit", "far2")]
    assert "".join(text for _, _, text in phone.changes).replace(" ", "") == "thatonehere.Orthisonethere."
    await settle(hub, answered("short", id="ts.3", kind="edit", edit_of=ExternalId("ts.1"), **where))
    call = (await rows(hub.store, Delivery, target="phone"))[-1]
    assert (call["state"], len(phone.changes)) == ("failed", 2)
    assert "the customer still sees the old" in call["reason"]


async def test_where_nothing_can_be_changed_agents_are_told_so(make_hub: Any) -> None:
    slack = Reading()
    hub = await make_hub(connectors=channels(phone=Phone()), desks=desks(slack=slack))
    await settle(hub, said("hi"))
    where = {"thread": "C1:1", "desk": "slack"}
    await settle(hub, answered("wrong", id="ts.1", **where))
    for kind, word in (("edit", "change"), ("delete", "take back")):
        await settle(hub, answered("right", id=f"ts.{kind}", kind=kind, edit_of=ExternalId("ts.1"), **where))
        reason = (await rows(hub.store, MessageRow, kind="status"))[-1]
        assert f"this channel cannot {word} what was sent" in text_of(reason)


async def test_a_customers_edit_and_deletion_reach_the_desk(make_hub: Any) -> None:
    slack = Reading()
    hub = await make_hub(connectors=channels(phone=Phone()), desks=desks(slack=slack))
    await settle(hub, said("size M", id="far-1"))
    await settle(hub, said("size L", id="far-2", edit_of=ExternalId("far-1")))
    await settle(hub, happened("deleted", edit_of=ExternalId("far-1")))
    lines = [(line.entry.kind, line.entry.edit_of) for line in slack.lines]
    first = await entry_of(hub, "size M")
    assert lines[-2:] == [("edit", first), ("delete", first)]


class Albums(Phone):
    """A channel on which one call becomes several messages."""

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        await super().send(to, parts, key)
        return ExternalId("ann.11,12,13")

    def pieces(self, sent: ExternalId) -> Sequence[ExternalId]:
        chat, _, numbers = str(sent).partition(".")
        return [ExternalId(f"{chat}.{number}") for number in numbers.split(",")]


@pytest.mark.parametrize("number", ["11", "12", "13"])
async def test_an_answer_or_a_sign_to_any_picture_of_an_album_names_the_entry(make_hub: Any, number: str) -> None:
    phone = Albums()
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("hello"))
    talk = await only(hub.store, Conversation)
    await settle(hub, answered("three pictures", conversation=talk["id"]))
    await settle(hub, said("this one", reply_to=ExternalId(f"ann.{number}")))
    sign = said("", id="sign", reply_to=ExternalId(f"ann.{number}"))
    await settle(hub, sign.model_copy(update={"parts": (Event(kind="reacted", data="👍"),)}))
    entries = {row["parts"]: row for row in await rows(hub.store, MessageRow)}
    album = next(row for parts, row in entries.items() if "three pictures" in parts)
    answer = next(row for parts, row in entries.items() if "this one" in parts)
    reacted = next(row for parts, row in entries.items() if "reacted" in parts)
    assert (answer["reply_to"], reacted["reply_to"]) == (album["id"], album["id"])
    await settle(hub, said("another", reply_to=ExternalId("ann.14"), id="other"))
    last = (await rows(hub.store, MessageRow))[-1]
    assert last["reply_to"] is None
