"""Two conversations of one customer, as tests of merging set them up and look at them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hub.runtime import Hub
from hub.store.tables import Conversation, Message
from tests.fakes import TEXT_ONLY, FakeConnector, answered, said
from tests.hub.hubs import EDITABLE, Phone, Reading, channels, data_of, desks, only, rows, settle, text_of

PULLED = replace(TEXT_ONLY, pulled=True)


@dataclass
class Two:
    """Ann on the phone and, the same Ann, on another line; `head` goes on and `other` is to be merged into it."""

    hub: Hub
    phone: Phone
    line: Phone
    desk: Reading
    head: str
    other: str

    async def merge(self, head: str = "", other: str = "", **more: Any) -> None:
        await settle(
            self.hub, answered("", kind="merge", conversation=head or self.head, data={"other": other or self.other}, **more)
        )

    async def part(self, **more: Any) -> None:
        await settle(self.hub, answered("", kind="part", conversation=self.head, **more))

    async def talk(self, id: str) -> dict[str, Any]:
        return await only(self.hub.store, Conversation, id=id)

    async def log_of(self, id: str) -> list[tuple[str, str]]:
        """(kind, words) of a conversation's own entries; of marks and the like, what they say."""
        return [
            (row["kind"], text_of(row) or data_of(row).get("what", ""))
            for row in await rows(self.hub.store, Message, conversation_id=id)
        ]

    async def seen(self, id: str) -> list[tuple[str, str, str]]:
        """(channel, kind, words) as agents see a conversation."""
        place = await self.hub.store.console.place(id)
        assert place is not None
        found, _ = await self.hub.store.console.entries(place, before=None, most=100)
        shown = await self.hub.store.merging.shown(found)
        return [
            (one.data.get("via", {}).get("channel", ""), one.kind, "".join(getattr(part, "text", "") for part in one.parts))
            for one in shown
            if one.kind in ("message", "note", "edit", "delete")
        ]

    async def whole(self) -> None:
        """Every log is without gaps, and nothing is in any of them twice."""
        everything = await rows(self.hub.store, Message)
        for key in ("conversation_id", "identity_id"):
            for owner in {row[key] for row in everything}:
                place = "seq" if key == "conversation_id" else "cs"
                places = sorted(row[place] for row in everything if row[key] == owner and row[place] is not None)
                assert places == list(range(1, len(places) + 1))
        assert sorted(row["s"] for row in everything) == list(range(1, len(everything) + 1))
        for talk in await rows(self.hub.store, Conversation):
            assert talk["head"] == len([row for row in everything if row["conversation_id"] == talk["id"]])


async def two_of(make_hub: Any, *, linked: bool = True, **more: Any) -> Two:
    phone, line, desk = Phone(EDITABLE), Phone(EDITABLE), Reading()
    hub = await make_hub(connectors=channels(phone=phone, line=line, page=FakeConnector(PULLED)), desks=desks(slack=desk), **more)
    await settle(hub, said("where is my parcel?"))
    await settle(hub, said("it is me again", channel="line", customer="ann2"))
    head, other = await rows(hub.store, Conversation)
    if linked:
        await hub.store.links.link(head["customer_id"], other["customer_id"], "Bo", "")
    return Two(hub, phone, line, desk, head["id"], other["id"])
