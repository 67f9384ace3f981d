"""What agents do beyond answering: snooze, priority, tags, blocking and undo, and what wakes, stays silent or comes too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub import sweep
from hub.model import ExternalId
from hub.runtime import Hub
from hub.store.tables import Conversation, Delivery, Identity, Message
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import EDITABLE, Phone, channels, data_of, desks, only, put, rows, settle, take_in


class Place:
    """A hub with a phone and a desk, and one conversation in which the customer has said hello."""

    def __init__(self, hub: Hub, talk: str, phone: Phone, desk: FakeDesk) -> None:
        self.hub, self.talk, self.phone, self.desk = hub, talk, phone, desk

    async def act(self, kind: str, **more: Any) -> None:
        """An agent's action in the console, taken in; nothing is sent yet."""
        await take_in(self.hub, answered("", kind=kind, conversation=self.talk, **more))

    async def now(self) -> dict[str, Any]:
        return await only(self.hub.store, Conversation, id=self.talk)

    async def changes(self) -> list[dict[str, Any]]:
        return [data_of(row) for row in await rows(self.hub.store, Message, kind="changed")]


@pytest.fixture
async def place(make_hub: Any) -> Place:
    phone, desk = Phone(EDITABLE), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=desk))
    await settle(hub, said("hello"))
    return Place(hub, (await only(hub.store, Conversation))["id"], phone, desk)


def later(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


async def test_a_snoozed_conversation_is_woken_by_the_customer(place: Place) -> None:
    await place.act("snooze", data={"until": later(hours=1)})
    assert (await place.now())["snooze_ms"] > 0
    await settle(place.hub, said("are you there?"))
    assert (await place.now())["snooze_ms"] == 0
    assert [(one["what"], one.get("by")) for one in await place.changes()] == [("snoozed", None), ("woken", "customer")]
    assert all(row["cs"] is None for row in await rows(place.hub.store, Message, kind="changed")), "customers never see it"


async def test_a_snoozed_conversation_is_woken_by_time_once_and_not_when_snoozed_again(place: Place) -> None:
    await place.act("snooze", data={"until": later(hours=1)})
    await sweep.run(place.hub)
    await take_in(place.hub)
    assert (await place.now())["snooze_ms"] > 0, "it sleeps on"
    await put(place.hub.store, Conversation, {}, snooze_ms=1)
    await sweep.run(place.hub)
    await sweep.run(place.hub)
    await take_in(place.hub)
    assert (await place.now())["snooze_ms"] == 0
    assert [one["what"] for one in await place.changes()] == ["snoozed", "woken"]
    (woken,) = [row for row in await rows(place.hub.store, Message, kind="changed") if data_of(row)["what"] == "woken"]
    assert (woken["author_kind"], data_of(woken)["by"]) == ("system", "time")


async def test_a_conversation_can_sleep_until_the_customer_writes_and_be_woken_by_hand(place: Place) -> None:
    await place.act("snooze", data={"until": None})
    await sweep.run(place.hub)
    await take_in(place.hub)
    assert (await place.now())["snooze_ms"] > 0
    assert not await place.hub.store.sweeping.unanswered(-1000), "nobody is reminded of what sleeps"
    await place.act("snooze", data={"until": later(seconds=-1)})
    assert (await place.now())["snooze_ms"] == 0
    assert await place.hub.store.sweeping.unanswered(-1000)


async def test_priority_and_tags_are_kept_and_told_once(place: Place) -> None:
    await place.act("priority", data={"level": 3})
    await place.act("priority", data={"level": 3})
    await place.act("tags", data={"add": ["vip", "退款"]})
    await place.act("tags", data={"add": ["late"], "remove": ["vip"]})
    talk = await place.now()
    assert (talk["priority"], talk["tags"].split()) == (3, ["late", "退款"])
    assert await place.changes() == [
        {"what": "priority", "level": 3},
        {"what": "tags", "add": ["vip", "退款"], "remove": [], "tags": ["vip", "退款"]},
        {"what": "tags", "add": ["late"], "remove": ["vip"], "tags": ["late", "退款"]},
    ]


async def test_a_blocked_customer_is_written_down_and_nobody_is_called(place: Place) -> None:
    await place.act("block", data={"reason": "spam"})
    assert (await only(place.hub.store, Identity))["blocked"]
    before = sum(len(lines) for lines in place.desk.threads.values())
    await settle(place.hub, said("buy my things"))
    said_last = (await rows(place.hub.store, Message, kind="message"))[-1]
    assert data_of(said_last) == {"blocked": True}
    assert (await place.now())["waiting_ms"] == 0
    assert sum(len(lines) for lines in place.desk.threads.values()) == before
    await place.act("resolve")
    await settle(place.hub, said("buy more"))
    assert [row["status"] for row in await rows(place.hub.store, Conversation)] == ["resolved"], "it opens nothing either"
    await place.act("unblock")
    await settle(place.hub, said("sorry"))
    assert [one["what"] for one in await place.changes()] == ["blocked", "unblocked"]
    assert any(row["status"] == "open" and row["waiting_ms"] for row in await rows(place.hub.store, Conversation))


async def test_undo_takes_back_a_reply_that_has_not_left(place: Place) -> None:
    await take_in(place.hub, answered("oops", id="r1", conversation=place.talk, data={"delay_ms": 10_000}))
    call = await only(place.hub.store, Delivery, target="phone")
    assert call["due_ms"] > 0, "it waits for the agent to change their mind"
    await place.act("undo", id="u1", edit_of=ExternalId("r1"))
    await settle(place.hub)
    assert place.phone.texts == []
    assert (await only(place.hub.store, Delivery, target="phone"))["state"] == "cancelled"
    assert (await only(place.hub.store, Message, kind="delete"))["edit_of"] == call["message_id"]


async def test_undo_in_the_same_breath_as_the_reply(place: Place) -> None:
    reply = answered("oops", id="r1", conversation=place.talk)
    await take_in(place.hub, reply, answered("", kind="undo", id="u1", edit_of=ExternalId("r1"), conversation=place.talk))
    await settle(place.hub)
    assert place.phone.texts == []


async def test_undo_says_when_it_is_too_late(place: Place) -> None:
    await settle(place.hub, answered("sent", id="r1", conversation=place.talk))
    await place.act("undo", id="u1", edit_of=ExternalId("r1"))
    assert place.phone.texts == ["sent"]
    assert await place.changes() == [{"what": "late"}]
    assert not await rows(place.hub.store, Message, kind="delete")
