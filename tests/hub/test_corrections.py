"""Edits and deletions on every channel there is: carried to the customer, or refused with a reason that agents read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config.matrix import channels as every_channel
from hub.model import ExternalId
from hub.store.tables import Message
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import Phone, channels, data_of, desks, rows, settle

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
