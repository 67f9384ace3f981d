"""Replies: whatever an agent does at a desk or in the console lands as the right entries, and reaches whom it must reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.errors import Undeliverable
from hub.model import AgentId, ExternalId
from hub.people import Member
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Conversation, Customer, Delivery, Identity, Inbox, Message
from tests.fakes import TEXT_ONLY, FakeConnector, FakeDesk, answered, said
from tests.hub.hubs import EDITABLE, Phone, channels, data_of, desks, named, only, put, rows, settle, take_in


class Place:
    """A hub with a phone, two desks, and one conversation in which the customer has said hello."""

    def __init__(self, hub: Hub, talk: dict[str, Any], phone: Phone, slack: FakeDesk, other: FakeDesk) -> None:
        self.hub, self.talk, self.phone, self.slack, self.other = hub, talk, phone, slack, other
        self.thread = next(iter(slack.threads), "")

    def at_desk(self, text: str, **more: Any) -> Any:
        """Somebody at the desk `slack`, in the conversation's thread."""
        return answered(text, thread=self.thread, desk="slack", **more)

    def in_console(self, text: str, **more: Any) -> Any:
        """Somebody in the console."""
        return answered(text, conversation=self.talk["id"], **more)

    async def kinds(self) -> list[str]:
        return [row["kind"] for row in await rows(self.hub.store, Message)]

    async def now(self) -> dict[str, Any]:
        """The conversation as it is."""
        return await only(self.hub.store, Conversation, id=self.talk["id"])

    def lines(self, desk: FakeDesk) -> list[str]:
        return [text for texts in desk.threads.values() for text in texts]


@pytest.fixture
async def place(make_hub: Any) -> Place:
    phone, slack, other = Phone(EDITABLE), FakeDesk(), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack, other=other))
    await settle(hub, said("hello", profile=named("Ann")))
    return Place(hub, await only(hub.store, Conversation), phone, slack, other)


async def test_a_reply_at_a_desk_reaches_the_customer_and_the_other_desk(place: Place) -> None:
    await settle(place.hub, place.at_desk("hi Ann", id="ts7"))
    assert place.phone.texts == ["hi Ann"]
    assert "hi Ann" in place.lines(place.other)
    assert "hi Ann" not in place.lines(place.slack), "it stands there already"
    assert place.slack.marks == [("ts7", "sent")]
    entry = await only(place.hub.store, Message, kind="message", author_kind="agent")
    assert (entry["source"], entry["external_id"], entry["author_name"]) == ("slack", "ts7", "Bo")
    status = await only(place.hub.store, Message, kind="status")
    assert (status["edit_of"], data_of(status)["state"], data_of(status)["target"]) == (entry["id"], "sent", "phone")


async def test_a_reply_in_the_console_goes_to_every_desk(place: Place) -> None:
    await settle(place.hub, place.in_console("hi Ann", client_id="k1"))
    assert place.phone.texts == ["hi Ann"]
    assert "hi Ann" in place.lines(place.slack)
    assert "hi Ann" in place.lines(place.other)
    entry = await only(place.hub.store, Message, kind="message", author_kind="agent")
    assert entry["client_id"] == "k1"


async def test_a_reply_ends_the_wait_and_begins_the_customers(place: Place) -> None:
    assert (await place.now())["waiting_ms"] > 0
    await take_in(place.hub, place.in_console("hi Ann"))
    talk = await place.now()
    assert talk["waiting_ms"] == 0
    assert talk["unread_ms"] > 0
    assert talk["preview"] == "hi Ann"
    await take_in(place.hub, said("thanks"))
    assert (await place.now())["unread_ms"] == 0


async def test_a_note_is_never_for_customers(place: Place) -> None:
    await settle(place.hub, place.at_desk("careful with this one", kind="note"))
    assert place.phone.texts == []
    assert "careful with this one" in place.lines(place.other)
    note = await only(place.hub.store, Message, kind="note")
    assert note["cs"] is None
    assert [call["target"] for call in await rows(place.hub.store, Delivery, message_id=note["id"])] == ["other"]
    assert (await place.now())["waiting_ms"] > 0, "the customer still waits"
    assert (await place.now())["agent_id"] == ""


async def test_a_note_that_is_edited_stays_among_agents(place: Place) -> None:
    await settle(place.hub, place.at_desk("carefull", kind="note", id="ts1"))
    await settle(place.hub, place.at_desk("careful", kind="edit", id="ts1.e", edit_of=ExternalId("ts1")))
    assert place.phone.changes == []
    assert (await only(place.hub.store, Message, kind="edit"))["cs"] is None
    assert "careful\n← carefull" in place.lines(place.other)


async def test_an_edit_changes_what_the_customer_has(place: Place) -> None:
    await settle(place.hub, place.at_desk("helo Ann", id="ts1"))
    await settle(place.hub, place.at_desk("hello Ann", kind="edit", id="ts1.e", edit_of=ExternalId("ts1")))
    first, edit = await only(place.hub.store, Message, external_id="ts1"), await only(place.hub.store, Message, kind="edit")
    sent = await only(place.hub.store, Delivery, message_id=first["id"], target="phone")
    assert place.phone.changes == [("edit", sent["external_id"], "hello Ann")]
    assert edit["edit_of"] == first["id"]
    assert "hello Ann\n← helo Ann" in place.lines(place.other)


async def test_a_deletion_takes_it_back(place: Place) -> None:
    await settle(place.hub, place.at_desk("wrong window", id="ts1"))
    await settle(place.hub, place.at_desk("", kind="delete", id="ts1.d", edit_of=ExternalId("ts1")))
    assert [change[0] for change in place.phone.changes] == ["delete"]
    assert await only(place.hub.store, Message, kind="delete")


async def test_an_edit_waits_for_what_it_edits(place: Place) -> None:
    """Both in one batch: the call that edits comes after the call that sent, in one stream."""
    await settle(
        place.hub,
        place.at_desk("helo", id="ts1"),
        place.at_desk("hello", kind="edit", id="ts1.e", edit_of=ExternalId("ts1")),
    )
    assert place.phone.texts == ["helo"]
    assert [change[2] for change in place.phone.changes] == ["hello"]


async def test_where_a_channel_cannot_edit_agents_are_told(make_hub: Any) -> None:
    phone, slack = FakeConnector(TEXT_ONLY), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hello"))
    thread = next(iter(slack.threads))
    await settle(hub, answered("helo", thread=thread, desk="slack", id="ts1"))
    await settle(hub, answered("hello", thread=thread, desk="slack", id="ts1.e", kind="edit", edit_of=ExternalId("ts1")))
    assert [text for _, text, _ in phone.sent] == ["helo"]
    told = (await rows(hub.store, Message, kind="status"))[-1]
    assert data_of(told)["state"] == "failed"
    assert "cannot change" in data_of(told)["reason"]
    assert ("ts1", "failed") in slack.marks
    assert any("cannot change" in text for text in slack.threads[thread])


async def test_an_edit_of_something_unknown_changes_nothing(place: Place) -> None:
    await settle(place.hub, place.at_desk("hello", kind="edit", id="x.e", edit_of=ExternalId("x")))
    assert await place.kinds() == ["message"]


async def test_resolving_is_shown_everywhere_and_done_once(place: Place) -> None:
    await settle(place.hub, place.in_console("", kind="resolve"), place.at_desk("", kind="resolve"))
    talk = await place.now()
    assert (talk["status"], talk["open_key"], talk["waiting_ms"], talk["resolved_by"]) == ("resolved", None, 0, "Bo")
    assert talk["resolved_at"] is not None
    assert await place.kinds() == ["message", "resolved"]
    assert place.slack.cards[-1].status == "resolved"
    assert "resolved" in place.lines(place.slack)
    assert place.phone.texts == []


async def test_reopening_is_the_way_back(place: Place) -> None:
    await settle(place.hub, place.in_console("", kind="reopen"))
    assert await place.kinds() == ["message"], "it was open"
    await settle(place.hub, place.in_console("", kind="resolve"), place.in_console("", kind="reopen"))
    talk = await place.now()
    assert (talk["status"], talk["open_key"], talk["resolved_at"]) == ("open", talk["identity_id"], None)
    assert await place.kinds() == ["message", "resolved", "reopened"]
    assert place.slack.cards[-1].status == "open"


async def test_a_reply_to_a_settled_matter_reopens_it(place: Place) -> None:
    await settle(place.hub, place.in_console("", kind="resolve"))
    await settle(place.hub, place.at_desk("one more thing"))
    assert (await place.now())["status"] == "open"
    assert place.phone.texts == ["one more thing"]


async def test_a_reply_to_a_settled_matter_while_another_is_open(place: Place) -> None:
    """The customer has begun anew; somebody answers in the old thread. The customer gets it, and nobody's lane stops."""
    hub, old = place.hub, place.talk
    await settle(hub, place.in_console("", kind="resolve"))
    long_ago = hub.now() - timedelta(seconds=hub.reopen_within_s + 60)
    await put(hub.store, Conversation, {"id": old["id"]}, resolved_at=long_ago)
    await settle(hub, said("another matter"))
    await settle(hub, place.at_desk("about the old one"))
    assert place.phone.texts == ["about the old one"]
    assert (await only(hub.store, Conversation, id=old["id"]))["status"] == "resolved"
    assert await rows(hub.store, Inbox, state=0) == []


async def test_assigning_is_shown_and_never_to_customers(place: Place) -> None:
    store = place.hub.store
    chen = await store.agents.invite("chen@example.com", "Chen", "agent")
    await settle(place.hub, place.in_console("", kind="assign", assignee=AgentId(chen), team="billing"))
    talk, entry = await place.now(), await only(store, Message, kind="assigned")
    assert (talk["agent_id"], talk["team"]) == (chen, "billing")
    assert data_of(entry) == {"agent": chen, "name": "Chen", "team": "billing", "reason": ""}
    assert entry["cs"] is None
    assert place.slack.cards[-1].agent == "Chen"
    assert place.slack.cards[-1].team == "billing"
    await settle(place.hub, place.in_console("", kind="assign", assignee=AgentId(chen), team="billing"))
    assert len(await rows(store, Message, kind="assigned")) == 1, "it is theirs already"


async def test_assigning_to_nobody_gives_it_back(place: Place) -> None:
    await settle(place.hub, place.in_console("hi"))
    assert (await place.now())["agent_id"] == "agent1"
    await settle(place.hub, place.in_console("", kind="assign"))
    assert (await place.now())["agent_id"] == ""


async def test_resend_is_the_same_call_again(place: Place) -> None:
    place.phone.fail = [Undeliverable("the customer is away")]
    await settle(place.hub, place.at_desk("hi Ann", id="ts1"))
    failed = await only(place.hub.store, Delivery, target="phone")
    assert (failed["state"], failed["reason"]) == ("failed", "the customer is away")
    status = await only(place.hub.store, Message, kind="status")
    assert data_of(status)["delivery"] == failed["id"]
    assert any("the customer is away" in text for text in place.lines(place.slack)), "said in the thread"
    assert place.slack.marks == [("ts1", "failed")]
    await settle(place.hub, place.in_console("", kind="resend", edit_of=ExternalId(failed["id"])))
    again = await only(place.hub.store, Delivery, target="phone")
    assert (again["id"], again["idem_key"], again["state"]) == (failed["id"], failed["idem_key"], "sent")
    assert again["attempt"] == failed["attempt"] + 1
    assert place.phone.texts == ["hi Ann"]
    assert place.slack.marks[-1] == ("ts1", "sent")


async def test_resend_of_what_was_sent_or_is_elsewhere_does_nothing(place: Place) -> None:
    await settle(place.hub, place.at_desk("hi Ann"))
    sent = await only(place.hub.store, Delivery, target="phone")
    await settle(place.hub, place.in_console("", kind="resend", edit_of=ExternalId(sent["id"])))
    await settle(place.hub, place.in_console("", kind="resend", edit_of=ExternalId("nothing")))
    assert place.phone.texts == ["hi Ann"]


async def test_resend_names_a_call_of_its_own_conversation(place: Place) -> None:
    """Who may act in one conversation can't set another's calls going."""
    place.phone.fail = [Undeliverable("away")]
    await settle(place.hub, said("hi", customer="bob"))
    theirs = next(row for row in await rows(place.hub.store, Conversation) if row["id"] != place.talk["id"])
    await settle(place.hub, answered("hi Bob", conversation=theirs["id"]))
    failed = await only(place.hub.store, Delivery, target="phone")
    await settle(place.hub, place.in_console("", kind="resend", edit_of=ExternalId(failed["id"])))
    assert (await only(place.hub.store, Delivery, target="phone"))["state"] == "failed"


async def test_a_long_reply_is_several_calls_in_order(make_hub: Any) -> None:
    phone = Phone(replace(TEXT_ONLY, text_limit=20))
    hub = await make_hub(connectors=channels(phone=phone))
    await settle(hub, said("hello"))
    talk = await only(hub.store, Conversation)
    await settle(hub, answered("one two three four five six seven", conversation=talk["id"]))
    assert len(phone.texts) == 2
    assert "".join(phone.texts) == "one two three four five six seven"
    calls = await rows(hub.store, Delivery, target="phone")
    assert [call["rank"] for call in calls] == [2000, 2001]
    assert len({call["idem_key"] for call in calls}) == 2


async def test_customers_who_fetch_their_log_need_no_call(hub: Hub) -> None:
    await settle(hub, said("hello", channel="page"))
    talk = await only(hub.store, Conversation)
    await settle(hub, answered("hi", conversation=talk["id"]), answered("", conversation=talk["id"], kind="resolve"))
    assert await rows(hub.store, Delivery) == []
    assert [entry.kind for entry in await hub.store.logs.after(talk["identity_id"], 0)] == ["message", "message", "resolved"]


async def test_a_customer_who_cannot_be_reached_is_remembered(place: Place) -> None:
    place.phone.fail = [Undeliverable("blocked by the customer", unreachable=True)]
    await settle(place.hub, place.in_console("hi"))
    assert (await only(place.hub.store, Identity))["unreachable"] == "blocked by the customer"
    assert len(await rows(place.hub.store, Customer)) == 1


async def test_somebody_at_a_desk_is_who_has_the_same_address(make_hub: Any, store: Store) -> None:
    """The desk knows an id; the worker asks it once for name and address, and finds the agent behind them."""

    class Knowing(FakeDesk):
        asked = 0

        async def person(self, agent: ExternalId) -> Member:
            self.asked += 1
            return Member("Chen", "Chen@example.com")

    chen = await store.agents.invite("chen@example.com", "Chen Li", "agent")
    hub = await make_hub(desks=desks(slack=(slack := Knowing())))
    await settle(hub, said("hello"))
    for n in range(2):
        reply = answered(f"hi {n}", thread=next(iter(slack.threads)), desk="slack")
        await settle(hub, reply.model_copy(update={"agent": ExternalId("U17"), "agent_name": ""}))
    spoken = await rows(store, Message, kind="message", author_kind="agent")
    assert [(row["author_id"], row["author_name"]) for row in spoken] == [(chen, "Chen")] * 2
    assert (await only(store, Conversation))["agent_id"] == chen
    assert slack.asked == 1
