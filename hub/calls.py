"""One platform call: from a claimed delivery to what its connector or desk is asked to do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import orjson

from hub.acts import UNTIL_WRITTEN, tags_of
from hub.amending import amended
from hub.batch import PARTS
from hub.calling import ASIDE, called, whom
from hub.continuing import link_of, with_link
from hub.errors import Temporary, Undeliverable
from hub.metrics import CALL_SECONDS
from hub.model import Author, ChannelName, ConversationId, DeskName, Entry, ExternalId, MessageId, Part, ThreadId
from hub.packing import joined
from hub.ports import (
    Connector,
    Desk,
    IdempotencyKey,
    Identity,
    Line,
    SupportsEdit,
    SupportsNotice,
    SupportsPieces,
    SupportsWhisper,
    ThreadCard,
)
from hub.profile import attributes_of
from hub.rendering import fit, plain
from hub.runtime import Hub
from hub.shaping import links_told, shaped
from hub.store.calls import Call

READY_S = 8.0
"""For fetching and converting a file, out of what the whole call may take."""


def asked_at(hub: Hub, call: Call, place: str) -> str:
    """Where to look for a call that may have arrived."""
    return place if call.kind in ASIDE else call.thread or place


@dataclass(frozen=True, slots=True)
class Made:
    """What a call came to: the platform's id, a new thread's place, and what agents must read although all went well."""

    external_id: ExternalId | None
    place: str = ""
    told: str = ""
    pieces: Sequence[ExternalId] = ()
    """The ids of the messages that it became, where these are several."""


async def made(hub: Hub, run: list[Call]) -> Made:
    """Make the call for a run of rows; how long it takes is counted, however it ends."""
    with CALL_SECONDS.labels(run[0].target).time():
        return await _made(hub, run)


async def _made(hub: Hub, run: list[Call]) -> Made:
    head = run[0]
    desk = hub.desks.get(DeskName(head.target))
    if desk is not None:
        return Made(*await _at_desk(hub, desk, run))
    connector = hub.connectors[ChannelName(head.target)]
    to = identity_of_call(head)
    if head.kind == "send":
        if connector.capabilities.named and head.entry and head.entry["author_kind"] == "agent":
            to = replace(to, agent=await hub.store.staff.known_as(head.entry["author_id"], head.entry["author_name"]))
        parts, told = await _ready(hub, connector, run)
        if head.left == 0:
            link = link_of(hub, head.target, str(to.address))
            parts = with_link(parts, link, connector.capabilities, head.conversation["locale"])
        sent = await connector.send(to, parts, IdempotencyKey(head.key))
        return Made(sent, told=told, pieces=connector.pieces(sent) if isinstance(connector, SupportsPieces) else ())
    if head.kind == "notice":
        if not isinstance(connector, SupportsNotice):
            raise Undeliverable("this channel has no notices")
        return Made(await connector.notice(to, link_of(hub, head.target, str(to.address)), IdempotencyKey(head.key)))
    return Made(await _changed(hub, connector, to, head))


async def _ready(hub: Hub, connector: Connector, run: list[Call]) -> tuple[tuple[Part, ...], str]:
    """The parts of a call to a customer, with files as the channel takes them, and what became of those. Nothing has left yet:
    what is not ready in time is tried again."""
    parts = joined([PARTS.validate_json(call.parts or "[]") for call in run])
    told = [links_told([name for call in run for name in orjson.loads(call.data).get("linked", ())])]
    if connector.capabilities.shapes and run[0].has_media:
        try:
            async with asyncio.timeout(READY_S):
                locale = run[0].conversation["locale"] or "en"
                parts, more = await shaped(hub.files, parts, connector.capabilities, locale)
        except TimeoutError:
            raise Temporary("a file was not ready in time") from None
        told.append(more)
    return parts, "; ".join(filter(None, told))


def identity_of_call(call: Call) -> Identity:
    """To whom a call goes, and which message it answers."""
    quoted = orjson.loads(call.data).get("quoted") if call.kind == "send" else None
    profile = orjson.loads(call.identity["profile"])
    address = ExternalId(call.identity["external_id"])
    return Identity(ChannelName(call.target), address, profile, ExternalId(quoted) if quoted else None, ticket=call.ticket)


async def _changed(hub: Hub, connector: Connector, to: Identity, call: Call) -> ExternalId | None:
    """Carry an edit or deletion to what the earlier entry became."""
    if not isinstance(connector, SupportsEdit):
        raise Undeliverable("this channel cannot change what was sent")
    sent = await hub.store.deliveries.sent_ids(call.entry["edit_of"], call.target)
    if not sent:
        raise Undeliverable("the earlier message never reached the customer")
    if call.kind == "delete":
        for external in sent:
            await connector.delete(to, ExternalId(external))
        return None
    parts = fit(PARTS.validate_json(call.parts or call.entry["parts"]), connector.capabilities, hub.files.link)
    if len(parts) != len(sent):
        raise Undeliverable(
            f"the new text needs {len(parts)} messages where {len(sent)} were sent; the customer still sees the old"
        )
    for external, group in zip(sent, parts, strict=True):
        await connector.edit(to, ExternalId(external), group)
    return None


async def _at_desk(hub: Hub, desk: Desk, run: list[Call]) -> tuple[ExternalId | None, str]:
    head = run[0]
    if head.kind == "open":
        place = desk.place(ChannelName(head.conversation["channel"]), head.conversation["team"])
        lines = await _lines(hub, run[1:])
        thread = await desk.open(place, await card_of(hub, head), IdempotencyKey(head.key), lines)
        return ExternalId(thread), place
    if head.kind in ASIDE:
        return await called(hub, desk, head), ""
    if not head.thread:
        raise Undeliverable("its thread could not be opened")
    thread = ThreadId(head.thread)
    if head.kind in ("card", "amend"):
        card = await card_of(hub, head)
        await (desk.update(thread, card) if head.kind == "card" else amended(hub, desk, run, card))
        return None, ""
    if head.kind == "mark":
        said = orjson.loads(head.data)
        if "person" in said:
            if isinstance(desk, SupportsWhisper):
                await desk.whisper(thread, ExternalId(said["person"]), said["about"], said["facts"])
            return None, ""
        await desk.mark(ExternalId(said["reply"]), said["state"], thread)
        return None, ""
    lines = await _lines(hub, run)
    return await desk.post(thread, lines, IdempotencyKey(head.key)), ""


async def card_of(hub: Hub, call: Call) -> ThreadCard:
    """The facts at the head of a conversation's thread, as they are now."""
    more = await hub.store.heading.of(call.conversation["id"])
    talk, profile = call.conversation, orjson.loads(call.identity["profile"])
    contact = {name: profile[name] for name in ("username", "email", "phone", "page") if profile.get(name)}
    waiting = datetime.fromtimestamp(talk["waiting_ms"] / 1000, UTC) if talk["waiting_ms"] else None
    return ThreadCard(
        conversation=ConversationId(talk["id"]),
        channel=ChannelName(talk["channel"]),
        customer=profile.get("name") or call.identity["external_id"],
        preview=talk["preview"] if more.line is None else _told(more.line, talk["locale"]),
        status=talk["status"],
        agent=call.agent,
        team=talk["team"],
        locale=talk["locale"],
        contact=contact,
        attributes=attributes_of(profile),
        waiting_since=waiting,
        opened_at=talk["at"],
        resolved_at=talk["resolved_at"],
        resolved_by=talk["resolved_by"],
        console_url=_console(hub, talk["id"]),
        proved=more.proved,
        earlier=more.earlier,
        earlier_url=_console(hub, more.last),
        earlier_at=more.last_at,
        place=more.place,
        avatar=profile.get("avatar", ""),
        tags=tags_of(talk["tags"]),
        priority=talk["priority"],
        snoozed_until=_snoozed(talk["snooze_ms"]),
        window_until=datetime.fromtimestamp(call.until_ms / 1000, UTC) if call.until_ms else None,
        due_at=datetime.fromtimestamp(talk["due_ms"] / 1000, UTC) if talk["due_ms"] else None,
        due_kind=talk["due_kind"],
        calls_left=call.calls_left,
        messages=more.messages,
        rating=more.rating,
        surveyed=hub.survey.asks(talk["channel"], wish=True),
    )


def _told(parts: str, locale: str) -> str:
    """Stored parts in one line."""
    return plain(PARTS.validate_json(parts), locale or "en").replace("\n", " ")


def _console(hub: Hub, conversation: str) -> str:
    """Where a conversation is seen in the console."""
    return f"{hub.public_url}/console/#c={conversation}" if hub.public_url and conversation else ""


def _snoozed(until_ms: int) -> datetime | Literal["written"] | None:
    if until_ms >= UNTIL_WRITTEN:
        return "written"
    return datetime.fromtimestamp(until_ms / 1000, UTC) if until_ms else None


async def _lines(hub: Hub, run: Sequence[Call]) -> list[Line]:
    lines = [_line(call) for call in run]
    return [replace(one, mention=await whom(hub, run[0].target, one.mention)) if one.mention else one for one in lines]


def _line(call: Call) -> Line:
    entry = entry_of(call)
    data, profile = entry.data, orjson.loads(call.identity["profile"])
    customer, more = entry.author.kind == "customer", orjson.loads(call.data)
    return Line(
        entry=entry,
        parts=PARTS.validate_json(call.parts or "[]"),
        key=IdempotencyKey(call.key),
        author=entry.author.name or (profile.get("name") or "" if customer else ""),
        avatar=profile.get("avatar", "") if customer else "",
        mention=_called(entry),
        delivery=str(data.get("delivery", "")) if entry.kind == "status" else "",
        aloud=bool(more.get("aloud")),
        **{name: str(more.get(name, "")) for name in ("via", "near")},
    )


def _called(entry: Entry) -> str:
    """Whom an entry calls: who is named for it, or who was given the conversation by somebody else."""
    given = str(entry.data.get("agent") or "") if entry.kind == "assigned" and entry.author.kind == "agent" else ""
    return str(entry.data.get("mention", "")) or (given if given != entry.author.id else "")


def entry_of(call: Call) -> Entry:
    """The entry that a delivery carries."""
    said = call.entry
    return Entry(
        id=MessageId(said["id"]),
        conversation=ConversationId(call.conversation["id"]),
        seq=said["seq"],
        s=said["s"],
        cs=said["cs"],
        kind=said["kind"],
        author=Author(kind=said["author_kind"], id=said["author_id"], name=said["author_name"]),
        at=said["at"],
        parts=PARTS.validate_json(said["parts"]),
        client_id=said["client_id"],
        external_id=said["external_id"],
        reply_to=said["reply_to"],
        edit_of=said["edit_of"],
        data=orjson.loads(said["data"]),
    )
