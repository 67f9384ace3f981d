"""One platform call: from a claimed delivery to what its connector or desk is asked to do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from hub.acts import UNTIL_WRITTEN, tags_of
from hub.batch import PARTS
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
    Pace,
    SupportsEdit,
    SupportsNotice,
    SupportsPaces,
    SupportsPieces,
    SupportsWhisper,
    ThreadCard,
)
from hub.rendering import fit
from hub.runtime import Hub
from hub.shaping import links_told, shaped
from hub.store.calls import Call, Due

READY_S = 8.0
"""For fetching and converting a file, out of what the whole call may take."""

APART, SLOW = 0.95, 5.0
"""Of the distance between two calls, what is kept when they begin; and the calls a second beyond which nobody looks closely."""


def target_of(hub: Hub, name: str) -> Connector | Desk | None:
    """The connector or desk of this name."""
    return hub.connectors.get(ChannelName(name)) or hub.desks.get(DeskName(name))


def place_of(hub: Hub, head: Due) -> str:
    """What a platform's pace counts by: the desk's place, or the conversation."""
    desk = hub.desks.get(DeskName(head.target))
    return desk.place(ChannelName(head.channel), head.team) if desk is not None else head.conversation_id


def paces_of(hub: Hub, target: Connector | Desk, head: Due, *, everywhere: bool = False) -> dict[str, Pace]:
    """The paces that a call must keep, by what they count; with `everywhere` those that concern the whole channel or desk, where
    there are any."""
    there = target.capabilities
    if head.kind == "card" and there.card_pace:
        return {f"{head.target}:#card": there.card_pace}
    whole = {f"{head.target}:": there.total} if there.total else {}
    if everywhere and whole:
        return whole
    own = target.pace_of(ExternalId(head.address)) if isinstance(target, SupportsPaces) and head.address else None
    place, pace = own or (place_of(hub, head), there.pace)
    return {f"{head.target}:{place}": pace, **whole} if pace else whole


def paced(hub: Hub, head: Due) -> dict[str, Pace]:
    """The paces that a call must wait for: none for a question or a mark, nor where nobody is."""
    target = target_of(hub, head.target)
    return {} if target is None or head.state == "unknown" or head.kind == "mark" else paces_of(hub, target, head)


@dataclass(frozen=True, slots=True)
class Made:
    """What a call came to: the platform's id, a new thread's place, and what agents must read although all went well."""

    external_id: ExternalId | None
    place: str = ""
    told: str = ""
    pieces: Sequence[ExternalId] = ()
    """The ids of the messages that it became, where these are several."""


async def apart(hub: Hub, head: Due) -> None:
    """Let calls to a slow place begin as far apart as its pace says, in all processes: the way from claim to call takes one call
    longer than another, which would bring them together again."""
    paces = paced(hub, head) if head.kind != "card" else {}
    slow = {f"{key}:begun": Pace(pace.rate / APART) for key, pace in paces.items() if pace.burst < 2 and pace.rate <= SLOW}
    while slow and (wait := await hub.limits.wait_all(slow)) > 0:  # noqa: ASYNC110 -- Redis tells how long
        await asyncio.sleep(wait)


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
    return Identity(ChannelName(call.target), address, profile, ExternalId(quoted) if quoted else None, call.ticket)


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
    parts = fit(PARTS.validate_json(call.entry["parts"]), connector.capabilities, hub.files.link)
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
        lines = [_line(call) for call in run[1:]]
        thread = await desk.open(place, await card_of(hub, head), IdempotencyKey(head.key), lines)
        return ExternalId(thread), place
    if not head.thread:
        raise Undeliverable("its thread could not be opened")
    thread = ThreadId(head.thread)
    if head.kind == "card":
        await desk.update(thread, await card_of(hub, head))
        return None, ""
    if head.kind == "mark":
        said = orjson.loads(head.data)
        if "person" in said:
            if isinstance(desk, SupportsWhisper):
                await desk.whisper(thread, ExternalId(said["person"]), said["about"], said["facts"])
            return None, ""
        await desk.mark(ExternalId(said["reply"]), said["state"], thread)
        return None, ""
    lines = [_line(call) for call in run]
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
        preview=talk["preview"],
        status=talk["status"],
        agent=call.agent,
        team=talk["team"],
        locale=talk["locale"],
        contact=contact,
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
        calls_left=call.calls_left,
    )


def _console(hub: Hub, conversation: str) -> str:
    """Where a conversation is seen in the console."""
    return f"{hub.public_url}/console/#c={conversation}" if hub.public_url and conversation else ""


def _snoozed(until_ms: int) -> datetime | Literal["written"] | None:
    if until_ms >= UNTIL_WRITTEN:
        return "written"
    return datetime.fromtimestamp(until_ms / 1000, UTC) if until_ms else None


def _line(call: Call) -> Line:
    entry = entry_of(call)
    data: dict[str, Any] = entry.data
    profile = orjson.loads(call.identity["profile"])
    customer = entry.author.kind == "customer"
    return Line(
        entry=entry,
        parts=PARTS.validate_json(call.parts or "[]"),
        key=IdempotencyKey(call.key),
        author=entry.author.name or (profile.get("name") or "" if customer else ""),
        avatar=profile.get("avatar", "") if customer else "",
        mention=str(data.get("mention", "")),
        delivery=str(data.get("delivery", "")) if entry.kind == "status" else "",
    )


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
