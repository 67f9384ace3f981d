"""Edits and deletions on every channel there is: carried to the customer, or refused with a reason that agents read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.matrix import channels as every_channel
from hub.model import ExternalId
from hub.store.tables import Inbox, Message
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import EDITABLE, Phone, channels, data_of, desks, only, put, rows, settle, text_of

CHANNELS = every_channel()


@pytest.mark.parametrize("kind", ["edit", "delete"])
@pytest.mark.parametrize("name", CHANNELS)
async def test_a_correction_reaches_the_customer_or_agents_read_why_not(make_hub: Any, name: str, kind: str) -> None:
    can = replace(CHANNELS[name], pace=None, total=None)
    phone, slack = Phone(can), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hello"))
    thread = next(iter(slack.threads))
    await settle(hub, answered("helo", thread=thread, desk="slack", id="ts1"))
    text = "hello again" if kind == "edit" else ""
    await settle(hub, answered(text, thread=thread, desk="slack", id="ts1.e", kind=kind, edit_of=ExternalId("ts1")))
    refused = [
        data_of(row)["reason"] for row in await rows(hub.store, Message, kind="status") if data_of(row)["state"] == "failed"
    ]
    if can.pulled:
        log = [(row["kind"], row["cs"]) for row in await rows(hub.store, Message) if row["cs"]]
        assert log[-1][0] == kind, "in the customer's own log"
        assert refused == []
    elif can.edit if kind == "edit" else can.delete:
        assert [(what, said) for what, _, said in phone.changes] == [(kind, text)]
        assert refused == []
    else:
        assert phone.changes == []
        (reason,) = refused
        assert ("cannot change" if kind == "edit" else "cannot take back") in reason
        assert any(reason in line for line in slack.threads[thread])


OWN = "T0TEAM:C0SUPPORT:1700000000.000100"
"""How Slack's bridge names a message; its edits have the time of each behind that."""


@pytest.mark.parametrize("how", ["told again", "told again in one batch", "parked"])
@pytest.mark.parametrize("kinds", [["edit"], ["edit", "edit"], ["delete"], ["edit", "delete"]], ids="-".join)
async def test_what_was_changed_before_it_came_leaves_as_its_author_left_it(make_hub: Any, kinds: list[str], how: str) -> None:
    """We were not there for the message, or could not take it; its edit or deletion came through, about nothing yet."""
    phone, slack = Phone(EDITABLE), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hello"))
    place: dict[str, Any] = {"thread": next(iter(slack.threads)), "desk": "slack"}
    began = datetime.now(UTC) - timedelta(minutes=5)
    written = answered("helo", id=OWN, **place).model_copy(update={"at": began})
    other = answered("bye", id=f"{OWN[:-1]}1", **place)
    changes = [
        answered(
            f"hello {n}" if kind == "edit" else "",
            id=f"{OWN}:{'deleted' if kind == 'delete' else f'170000009{n}.000100'}",
            kind=kind,
            edit_of=ExternalId(OWN),
            **place,
        ).model_copy(update={"at": began + timedelta(seconds=n)})
        for n, kind in enumerate(kinds, 1)
    ]
    if how == "parked":
        await hub.intake.keep([written], 10.0)
        await put(hub.store, Inbox, {"state": 0}, state=2, at=began)
        (row,) = await rows(hub.store, Inbox, state=2)
        await settle(hub, *reversed(changes), other)
        await hub.store.inbox.replay([row["n"]])
        await settle(hub)
    elif how == "told again":
        await settle(hub, *reversed(changes))
        await settle(hub, written, other)
    else:
        await settle(hub, *reversed(changes), written, other)
    lines = ["bye"] if "delete" in kinds else ["bye", f"hello {len(kinds)}"]
    assert (sorted(phone.texts), phone.changes) == (lines, [])
    assert sorted(text_of(row) for row in await rows(hub.store, Message, author_kind="agent", kind="message")) == lines
    assert {row["state"] for row in await rows(hub.store, Inbox)} == {1}


@pytest.mark.parametrize("kind", ["note", "edit"])
async def test_words_for_colleagues_that_an_answer_became_before_it_came_never_leave(make_hub: Any, kind: str) -> None:
    phone, slack = Phone(EDITABLE), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hello"))
    place: dict[str, Any] = {"thread": next(iter(slack.threads)), "desk": "slack"}
    began = datetime.now(UTC) - timedelta(minutes=5)
    data = {"internal": True} if kind == "edit" else {}
    change = answered("he is rude", id=f"{OWN}:1700000091.000100", kind=kind, edit_of=ExternalId(OWN), data=data, **place)
    await settle(hub, change.model_copy(update={"at": began + timedelta(seconds=1)}))
    await settle(hub, answered("hello", id=OWN, **place).model_copy(update={"at": began}))
    assert (phone.texts, phone.changes) == ([], [])
    assert [text_of(row) for row in await rows(hub.store, Message, kind="note")] == ["he is rude"]


@pytest.mark.parametrize(("kind", "left"), [("edit", ["as it is by now"]), ("delete", [])])
async def test_what_a_thread_showed_when_it_was_read_again_leaves_so_unless_it_is_gone(
    make_hub: Any, kind: str, left: list[str]
) -> None:
    """Its own edits came before; of a deletion that comes while it is read it knows nothing."""
    phone, slack = Phone(EDITABLE), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hello"))
    place: dict[str, Any] = {"thread": next(iter(slack.threads)), "desk": "slack"}
    began = datetime.now(UTC) - timedelta(minutes=5)
    change = answered("an edit ago", id=f"{OWN}:1700000091.000100", kind=kind, edit_of=ExternalId(OWN), **place)
    await settle(hub, change.model_copy(update={"at": began + timedelta(seconds=1)}))
    found = answered("as it is by now", id=OWN, data={"found": True}, **place)
    await settle(hub, found.model_copy(update={"at": began}))
    assert phone.texts == left


async def test_an_edit_among_words_for_colleagues_never_reaches_a_customer_who_has_the_answer(make_hub: Any) -> None:
    """In Slack an answer was changed into a note, which the customer does not see, and that is changed once more."""
    phone, slack = Phone(EDITABLE), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hello"))
    place: dict[str, Any] = {"thread": next(iter(slack.threads)), "desk": "slack"}
    await settle(hub, answered("on its way", id=OWN, **place))
    change: dict[str, Any] = {"kind": "edit", "edit_of": ExternalId(OWN), **place}
    await settle(hub, answered("he is very rude", id=f"{OWN}:1700000092.000100", data={"internal": True}, **change))
    assert (phone.texts, phone.changes) == (["on its way"], [])
    assert [text_of(row) for row in await rows(hub.store, Message, kind="note")] == ["he is very rude"]
    await settle(hub, answered("on its way!", id=f"{OWN}:1700000093.000100", **change))
    assert [words for _, _, words in phone.changes] == ["on its way!"]


async def test_a_message_that_comes_in_time_is_looked_up_nowhere(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    phone, slack = Phone(EDITABLE), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    monkeypatch.setattr("hub.correcting.changes_of", None)
    await settle(hub, said("hello"))
    await settle(hub, answered("hi", thread=next(iter(slack.threads)), desk="slack", id=OWN))
    assert phone.texts == ["hi"]
    assert (await only(hub.store, Message, author_kind="agent", kind="message"))["external_id"] == OWN
