"""Use-case: agents are called: in a thread, where a desk wants what is urgent, and by a message to one of them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import structlog

from hub.batch import PARTS, RANK, Batch
from hub.errors import ConnectorError, Undeliverable
from hub.looking import agent_at
from hub.model import AgentReply, Author, ChannelName, DeskName, ExternalId, Text, ThreadId, new_id
from hub.people import Seen
from hub.ports import IdempotencyKey, SupportsDigest, SupportsDirect, SupportsEscalation, SupportsFind, SupportsPeople

if TYPE_CHECKING:
    from hub.ports import Desk
    from hub.runtime import Hub
    from hub.store.calls import Call
    from hub.store.talks import Talk

log = structlog.get_logger()
ALONE, URGENT, RUSH = "direct", "urgent", "digest"
"""Kinds of calls to a desk that go into no thread."""
ASIDE = (ALONE, URGENT, RUSH)
CALLED_MOST = 5
"""People whom one line can call."""


def tell(hub: Hub, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Frontdesk's own words: a line in the threads, which calls somebody unless it is quiet or said where it is urgent; or a
    message to one person (`data["alone"]`: {desk, person, about, facts})."""
    if alone := reply.data.get("alone"):
        if alone["desk"] in talk.desks.split():
            batch.call(talk, alone["desk"], ALONE, talk.head * RANK, None, data=alone, stream=f"{alone['desk']}#{ALONE}")
        return
    urgent = [name for name in talk.desks.split() if urgent_place(hub, name, talk.channel, talk.team)]
    urgent = urgent if reply.data.get("urgent") else []
    called = {} if urgent or reply.data.get("quiet") else {"mention": reply.assignee or "*"}
    entry = batch.append(talk, "note", author, parts=reply.parts, data=called, public=False)
    batch.to_desks(talk, entry)
    for name in urgent:
        batch.call(talk, name, URGENT, entry["seq"] * RANK, entry["id"], parts=entry["parts"], stream=f"{name}#{URGENT}")
    if called and reply.assignee:
        remind(batch, talk, str(reply.assignee), "mention", entry)


def mentioned(batch: Batch, talk: Talk, reply: AgentReply, entry: dict[str, Any]) -> None:
    """An agent's line calls others by their ids at the desk."""
    for person in reply.data.get("calls") or () if batch.unseen_ms else ():
        if person != reply.agent:
            remind(batch, talk, str(person), "mention", entry)


def given(batch: Batch, talk: Talk, author: Author, agent: str, entry: dict[str, Any]) -> None:
    """Somebody was given the conversation by another."""
    if agent and agent != author.id:
        remind(batch, talk, agent, "assigned", entry)


def remind(batch: Batch, talk: Talk, whom: str, why: str, entry: dict[str, Any]) -> None:
    """Look later whether somebody has been there since. `whom` is an agent, or the desk's id of a person."""
    seq, same = entry["seq"], [one for one in batch.reminders if (one["conversation_id"], one["seq"]) == (talk.id, entry["seq"])]
    if not batch.unseen_ms or not talk.desks or len(same) >= CALLED_MOST or any(one["agent_id"] == whom for one in same):
        return
    row = {"id": new_id(), "conversation_id": talk.id, "kind": why, "about_ms": seq * 100 + len(same), "state": "queued"}
    row |= {"tries": 0, "due_ms": batch.now_ms + batch.unseen_ms, "error": "", "agent_id": whom[:32], "seq": seq, "address": None}
    batch.reminders.append(row | {"at": batch.now})


def urgent_place(hub: Hub, name: str, channel: str, team: str) -> str:
    """Where a desk wants what is urgent about such a conversation; empty: nowhere."""
    desk = hub.desks.get(DeskName(name))
    return desk.urgent_place(ChannelName(channel), team) if isinstance(desk, SupportsEscalation) else ""


async def called(hub: Hub, desk: Desk, call: Call) -> ExternalId | None:
    """Make a call that goes into no thread."""
    talk = call.conversation
    url = _console(hub, talk["id"])
    if call.kind == URGENT and isinstance(desk, SupportsEscalation):
        place = desk.urgent_place(ChannelName(talk["channel"]), talk["team"])
        text = "\n".join(part.text for part in PARTS.validate_json(call.parts or "[]") if isinstance(part, Text))
        thread = ThreadId(call.thread) if call.thread else None
        return await desk.escalate(place, thread, text, url, IdempotencyKey(call.key))
    if call.kind == RUSH and isinstance(desk, SupportsDigest):
        found = await hub.store.gathering.of(orjson.loads(call.data)["of"])
        seen = [Seen(one.channel, one.customer, one.preview, "", one.team, one.at, _console(hub, one.id)) for one in found]
        return await desk.digest(desk.place(ChannelName(talk["channel"]), talk["team"]), seen, IdempotencyKey(call.key))
    if call.kind == ALONE and isinstance(desk, SupportsDirect):
        said = orjson.loads(call.data)
        await desk.direct(ExternalId(said["person"]), said["about"], said["facts"] | {"thread": call.thread, "url": url})
        return None
    raise Undeliverable("this desk has no such place")


def _console(hub: Hub, conversation: str) -> str:
    return f"{hub.public_url}/console/#c={conversation}" if hub.public_url else ""


async def whom(hub: Hub, desk: str, mention: str) -> str:
    """The desk's own id of somebody who is called: of an agent, who they are there; empty when nobody knows."""
    return mention if mention in ("", "*") or ":" in mention else await person_at(hub, desk, mention)


async def person_at(hub: Hub, name: str, agent: str) -> str:
    """Who an agent is at a desk, also when they were never seen there: then the desk is asked by their address. Empty: nobody."""
    known = await hub.store.reminders.at_desk(name, agent)
    desk, email = hub.desks.get(DeskName(name)), "" if known else await hub.store.reminders.email_of(agent)
    if known or not email or not isinstance(desk, SupportsFind) or not isinstance(desk, SupportsPeople):
        return known
    try:
        found = await desk.find(email)
        same = found and await agent_at(hub.store, DeskName(name), found, desk.person) == agent
    except ConnectorError as exc:
        log.warning("desk.not_found", desk=name, agent=agent, error=str(exc))
        return ""
    return str(found) if same else ""
