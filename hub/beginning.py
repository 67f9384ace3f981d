"""Use-case: an agent begins a conversation with a customer, where the channel lets us write first; where not, it is said why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from hub.batch import Batch
from hub.customers import desks_of
from hub.joined import gathered
from hub.model import AgentReply, ChannelName, DeskName, ExternalId, bucket_of
from hub.people import Begin, Reach, Reachable, Who
from hub.ports import Capabilities, Connector
from hub.replies import speak
from hub.rights import actor_of, author_of, person_of, refusal
from hub.runtime import Hub
from hub.store.agent_facts import Record
from hub.store.reach import Reached
from hub.store.store import Store
from hub.store.talks import Who as Identity

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Barrier = Literal["", "no_channel", "never", "never_wrote", "unreachable", "blocked", "window"]
"""Why nobody may write first; empty: they may."""
WHY: Mapping[str, Mapping[str, str]] = {
    "en": {
        "no_channel": "There is no such channel.",
        "never": "On this channel only customers can begin.",
        "never_wrote": "This channel lets nobody write to people who have not written to it first.",
        "unreachable": "This customer has blocked the channel, or can't be reached on it.",
        "blocked": "This customer is blocked here. Unblock them first.",
        "window": "This channel takes answers only for a while after a customer wrote, and that is over. They must write first.",
    },
    "zh": {
        "no_channel": "没有这个渠道。",
        "never": "在此渠道只能由客户发起会话。",
        "never_wrote": "此渠道不允许联系从未来信的人。",
        "unreachable": "该客户已屏蔽此渠道，或无法通过此渠道联系。",
        "blocked": "该客户已被拉黑，请先取消拉黑。",
        "window": "此渠道只能在客户来信后的一段时间内回复，现已超过时限：须由客户先来信。",
    },
}
MOST = 50


def barrier(channels: Mapping[str, Capabilities], channel: str, known: Reached | None) -> Barrier:
    """Why an agent may not write first to somebody on a channel; `known` is what we have of them, None for a stranger."""
    there = channels.get(channel)
    if there is None:
        return "no_channel"
    if there.begins == "never":
        return "never"
    if known is None:
        return "" if there.begins == "anybody" and there.window is None else "never_wrote"
    if known.blocked:
        return "blocked"
    if known.unreachable:
        return "unreachable"
    return "window" if there.window_for(known.address) is not None and not known.open else ""


def channels_of(hub: Hub) -> dict[str, Capabilities]:
    """What every channel lets us do."""
    return {str(name): one.capabilities for name, one in hub.connectors.items()}


async def begun(hub: Hub, connection: AsyncConnection, batch: Batch, lane: int, reply: AgentReply) -> int | None:
    """Begin a conversation, or go on in the one that is open; the bucket when that belongs to another lane. `reply.data` has
    {channel, address} or {identity}. Whoever may not is told, and nothing leaves."""
    author = author_of(reply, person := await person_of(hub, connection, batch, reply))
    why = refusal(hub, reply, person)
    found = await hub.store.reach.one(connection, reply.data)
    channel, address = (found.channel, found.address) if found else (reply.data.get("channel", ""), reply.data.get("address", ""))
    known = await _known(hub, connection, batch, channel, address)
    bucket = known.bucket if known else bucket_of(channel, address)
    if bucket % hub.store.lanes != lane:
        return bucket
    stop = why or (barrier(channels_of(hub), channel, found) if address else "never_wrote")
    if stop:
        batch.told.append((str(reply.desk), str(reply.agent), stop))
        batch.audits.append(Record(actor_of(reply, author), "desk.refused", channel, f"begin: {stop}"))
        return None
    who = known or batch.who(channel, address)
    talk = batch.open.get(who.id) or batch.open_talk(who, who.profile.get("locale", ""))
    talk.team = talk.team or reply.team
    batch.open_at(talk, desks_of(hub, None))
    said = reply.model_copy(update={"kind": "reply", "data": {"began": True}})
    speak(batch, talk, said, author, None)
    batch.audits.append(Record(actor_of(reply, author), "conversation.begun", talk.id, channel))
    return None


async def _known(hub: Hub, connection: AsyncConnection, batch: Batch, channel: str, address: str) -> Identity | None:
    """The identity, with its open conversation, as the batch knows it; None for a stranger."""
    if (channel, address) not in batch.people:
        people, talks = await hub.store.timeline.known(connection, {(channel, address)})
        batch.people |= people
        batch.owners |= {one.id: one for one in people.values()}
        for talk in talks.values():
            if talk.id not in batch.talks:
                batch.add_talk(talk)
        await gathered(hub, connection, batch)
    return batch.people.get((channel, address))


def beginning(store: Store, connectors: Mapping[ChannelName, Connector], agent: Reach) -> Begin:
    """The way from desks to the customers that can be written to."""

    class Beginning:
        async def channels(self, desk: DeskName, person: ExternalId, who: Who) -> list[str] | None:
            if not await agent(desk, person, who):
                return None
            return sorted(str(name) for name, one in connectors.items() if one.capabilities.begins != "never")

        async def find(self, channel: str, words: str) -> list[Reachable]:
            there = {str(name): one.capabilities for name, one in connectors.items()}
            found = await store.reach.like(channel, words, MOST)
            shown = [Reachable(one.id, one.name, one.address, barrier(there, channel, one)) for one in found]
            if channel in there and there[channel].begins == "anybody" and words and all(one.address != words for one in found):
                shown.append(Reachable("", "", words, ""))
            return shown

    return Beginning()
