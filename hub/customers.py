"""What customers say and do, as entries of a conversation, with the bot's answer and the agent that routing finds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from hub import bilingual, rating
from hub.acts import wake
from hub.batch import Batch
from hub.bot import respond
from hub.facts import MessageFacts, facts_of
from hub.fates import came_of, fate_in
from hub.model import Author, Event, Message, Part, Text
from hub.origins import EntryKind, Origin
from hub.quotes import remember
from hub.remarks import begins_with, came_by, goes_on, is_moving, quote, reacted, still_moves
from hub.replies import assign
from hub.resuming import aloud, last_of, talk_of
from hub.routing import Assignment, opening, route
from hub.runtime import Hub
from hub.staffing import facts_of_waiting, who_are_there
from hub.store.inbox import Pending
from hub.store.talks import Talk, Who
from hub.telling import SYSTEM

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

BOT = Author(kind="bot", name="Bot")
GONE = {"blocked": "the customer has blocked this channel", "unfollowed": "the customer does not follow this account any more"}
"""Events after which somebody can't be reached, in words."""


async def heard(hub: Hub, connection: AsyncConnection, batch: Batch, row: Pending, message: Message) -> bool:
    """What a channel tells of a customer: what they said or did, or what became of a notice to them; False when that has to
    wait."""
    if fate := fate_in(message):
        return await came_of(hub, connection, batch, row, message, fate)
    before = len(batch.entries)
    await customer_said(hub, connection, batch, message)
    aloud(batch, before)
    return True


async def customer_said(hub: Hub, connection: AsyncConnection, batch: Batch, message: Message) -> None:
    """Write down a customer's message, let the bot have its turn, and find somebody who answers."""
    who = batch.who(message.channel, message.customer)
    _learn(who, message)
    if message.opens and not message.client_id:
        batch.acted(who, message.parts, message.at, message.ticket)
    author = Author(kind="customer", id=who.external_id, name=message.speaker or who.profile.get("name", ""))
    if await rating.answered(hub, connection, batch, who, message, author):
        return
    happened = message.parts and all(isinstance(part, Event) for part in message.parts)
    if happened and not begins_with(batch, who, message):
        await _happened(hub, connection, batch, who, message, author)
        return
    if message.edit_of is not None:
        await _corrected(hub, connection, batch, who, message, author, "edit")
        return
    talk = await talk_of(hub, connection, batch, who, message)
    reply_to = await _quoted(hub, connection, batch, who, message)
    begins = talk.new or talk.resumed
    talk.resumed = False
    further = await goes_on(hub, connection, batch, talk, message)
    facts = ({"album": message.album} if message.album else {}) | ({"blocked": True} if who.blocked else {})
    kind: EntryKind = "event" if happened else "message"
    origin: Origin = {"source": message.channel, "external_id": message.id, "client_id": message.client_id, "reply_to": reply_to}
    entry = batch.append(talk, kind, author, parts=message.parts, at=message.at, data=facts, **origin)
    _dated(talk, entry, message)
    await quote(hub, connection, batch, talk, entry)
    if who.blocked:
        return
    bilingual.hears(batch, talk, entry, message.parts)
    if further and not any(isinstance(part, Text) for part in message.parts):
        batch.to_desks(talk, entry)
        return
    head = _waits(batch, talk)
    if head is not talk:
        await _joined(hub, connection, batch, head, talk, entry, begins)
    else:
        await _answer(hub, connection, batch, talk, who, message, entry, begins)
    if batch.capabilities[talk.channel].window_for(who.external_id) is not None:
        batch.redraw(talk)


def _waits(batch: Batch, talk: Talk) -> Talk:
    """The customer waits for an answer now, in the conversation in which agents see this one too; returns that one."""
    head, talk.unread_ms = batch.head(talk), 0
    wake(batch, head, SYSTEM, "customer")
    talk.waiting_ms = talk.waiting_ms or batch.now_ms
    head.waiting_ms = head.waiting_ms or batch.now_ms
    return head


def _dated(talk: Talk, entry: dict[str, Any], message: Message) -> None:
    """Mark what arrives after something that was said later."""
    said_ms = int(message.at.timestamp() * 1000)
    entry["late"] = said_ms < talk.said_ms
    talk.said_ms = max(said_ms, talk.said_ms)


def _learn(who: Who, message: Message) -> None:
    """Keep what the channel tells about the customer; whoever writes can be reached again."""
    told = message.profile.told()
    if word := came_by(message):
        told["came_by"] = word
    if message.locale:
        told["locale"] = message.locale
    if any(who.profile.get(name) != value for name, value in told.items()):
        who.profile = {**who.profile, **told}
        who.changed = who.learned = True
    if who.unreachable:
        who.unreachable, who.changed = "", True


async def _earlier(hub: Hub, connection: AsyncConnection, batch: Batch, message: Message, external_id: str) -> str | None:
    """Our entry behind a platform's message id: something the customer said, or something we sent."""
    for entry in reversed(batch.entries):
        if entry["source"] == message.channel and entry["external_id"] == external_id:
            return str(entry["id"])
    said = await hub.store.timeline.said(connection, message.channel, external_id)
    if said is not None:
        return said[0]
    return await hub.store.timeline.sent_to(connection, message.channel, external_id)


async def _quoted(hub: Hub, connection: AsyncConnection, batch: Batch, who: Who, message: Message) -> str | None:
    """Our entry that a message answers. Who fetches the log itself knows our own ids."""
    if message.reply_to is None:
        return None
    wanted = str(message.reply_to)
    if not batch.capabilities[message.channel].pulled:
        return await _earlier(hub, connection, batch, message, wanted)
    known = next((one for one in batch.entries if one["id"] == wanted), None) or await hub.store.timeline.entry(
        connection, wanted
    )
    own = known is not None and known["kind"] == "message" and known["identity_id"] == who.id
    return wanted if own else await _earlier(hub, connection, batch, message, wanted)


async def _corrected(
    hub: Hub, connection: AsyncConnection, batch: Batch, who: Who, message: Message, author: Author, kind: Any
) -> None:
    """An edit or a deletion; of a message that we never saw, an edit is the message."""
    talk = batch.open.get(who.id) or await last_of(hub, connection, batch, who)
    earlier = await _earlier(hub, connection, batch, message, str(message.edit_of))
    if talk is None or earlier is None:
        if kind == "edit":
            await customer_said(hub, connection, batch, message.model_copy(update={"edit_of": None}))
        return
    batch.add_talk(talk)
    parts = message.parts if kind == "edit" else ()
    if await still_moves(hub, connection, batch, talk, earlier, message):
        return
    entry = batch.append(
        talk, kind, author, parts=parts, at=message.at, source=message.channel, external_id=message.id, edit_of=earlier
    )
    bilingual.hears(batch, talk, entry, parts)
    if not is_moving(parts):
        await remember(hub, connection, batch, talk, entry)
        batch.to_desks(talk, entry)


async def _happened(hub: Hub, connection: AsyncConnection, batch: Batch, who: Who, message: Message, author: Author) -> None:
    """Something that is not a message: it is shown where there is a conversation, and opens none."""
    kinds = {part.kind for part in message.parts if isinstance(part, Event)}
    if gone := [words for kind, words in GONE.items() if kind in kinds]:
        who.unreachable, who.changed = gone[0], True
        await hub.store.holds.left(connection, who, f"{gone[0]}: it has not left, and will not by itself")
    if "deleted" in kinds and message.edit_of is not None:
        await _corrected(hub, connection, batch, who, message, author, "delete")
        return
    if "reacted" in kinds:
        last = batch.open.get(who.id) or await last_of(hub, connection, batch, who)
        await reacted(hub, connection, batch, last, await _quoted(hub, connection, batch, who, message), message)
        return
    talk = batch.open.get(who.id)
    if talk is None and not kinds & {"followed", "opened", "started"}:
        return
    greeting = _greeting(hub, batch, who, message) if talk is None and not who.blocked else ()
    if talk is None and not greeting:
        return
    talk = talk or batch.open_talk(who, message.locale)
    entry = batch.append(
        talk, "event", author, parts=message.parts, at=message.at, source=message.channel, external_id=message.id
    )
    batch.to_desks(talk, entry)
    if greeting:
        talk.bot = orjson.dumps({"greeted": True}).decode()
        batch.to_customer(talk, batch.append(talk, "message", BOT, parts=greeting))


def _greeting(hub: Hub, batch: Batch, who: Who, message: Message) -> tuple[Part, ...]:
    """What the bot says to a customer who came without a word. Desks see it once the customer has written."""
    facts = facts_of(message, locale=message.locale, name=who.profile.get("name", ""))
    return respond(hub.bot, {}, facts, batch.now).parts


async def _answer(
    hub: Hub,
    connection: AsyncConnection,
    batch: Batch,
    talk: Talk,
    who: Who,
    message: Message,
    entry: dict[str, Any],
    begins: bool,
) -> None:
    """The bot's turn and the routing, and everything that desks must be shown of them, in order. Routing happens when a matter
    begins and when the bot hands over; later the sweep sees to those who still wait."""
    is_open, opens_at = opening(hub.routing, talk.team or None, batch.now)
    facts = facts_of(
        message,
        locale=talk.locale or message.locale,
        name=who.profile.get("name", ""),
        came_by=who.profile.get("came_by", ""),
        team=talk.team,
        open=is_open,
        opens_at=opens_at,
    )
    state = orjson.loads(talk.bot)
    turn = respond(hub.bot, state, facts, batch.now)
    if turn.state != state:
        talk.bot = orjson.dumps(turn.state).decode()
    people_turn = turn.handover and (begins or turn.reason not in ("off", "silent"))
    if people_turn and (not talk.agent_id or begins):
        await _route(hub, connection, batch, talk, facts, entry)
        who.changed = bool(who.profile.pop("came_by", "")) or who.changed
    else:
        batch.open_at(talk, desks_of(hub, None))
        batch.to_desks(talk, entry)
    if turn.parts:
        said = batch.append(talk, "message", BOT, parts=turn.parts)
        batch.to_customer(talk, said)
        batch.to_desks(talk, said)
        if not turn.handover and not talk.agent_id:
            talk.waiting_ms = 0


async def _joined(
    hub: Hub, connection: AsyncConnection, batch: Batch, head: Talk, talk: Talk, entry: dict[str, Any], begins: bool
) -> None:
    """A line of a merged conversation is shown in the one that goes on. People have it in hand: no bot answers, and somebody is
    looked for only when the matter begins anew."""
    batch.to_desks(talk, entry)
    if begins:
        await _route(hub, connection, batch, head, facts_of_waiting(hub, head.channel, head.locale, head.team), None)
    batch.redraw(head)


async def _route(
    hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, facts: MessageFacts, entry: dict[str, Any] | None
) -> None:
    """Find team, desks and agent; the first entry is shown at the desks before the assignment is. A matter that goes on stays
    with its agent while that one is there."""
    if batch.staff is None:
        batch.staff = await hub.store.staff.roster(connection)
    present = who_are_there(batch.staff, batch.loads)
    last = talk.agent_id or await hub.store.timeline.last_agent(connection, talk.customer_id, talk.identity_id)
    left = ""
    if talk.agent_id and talk.agent_id not in {one.id for one in present}:
        left, talk.agent_id = talk.agent_id, ""
    found = route(replace(facts, team=talk.team, last_agent=last), present, hub.routing, batch.now, talk.id)
    if not talk.team and found.team:
        talk.team, talk.changed = found.team, True
    batch.open_at(talk, desks_of(hub, found))
    if entry is not None:
        batch.to_desks(talk, entry)
    if found.agent is not None and not talk.agent_id:
        batch.loads[found.agent.id] = batch.loads.get(found.agent.id, 0) + 1
        assign(batch, talk, SYSTEM, found.agent.id, found.team or "", found.agent.name, found.reason)
    if left:
        _handed_over(batch, talk, left)


def desks_of(hub: Hub, found: Assignment | None) -> list[str]:
    wanted = found.desks if found is not None else hub.routing.desks
    return [str(name) for name in hub.desks] if wanted is None else list(wanted)


def _handed_over(batch: Batch, talk: Talk, left: str) -> None:
    """Note who had the matter before and is not there: whoever has it now knows whom to ask."""
    name = next((one.name for one in batch.staff or () if one.id == left), "")
    entry = batch.append(talk, "changed", SYSTEM, data={"what": "handed_over", "agent": left, "name": name}, public=False)
    batch.to_desks(talk, entry)


async def route_again(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk) -> None:
    """A conversation that waits for nobody in particular, when agents have come or have room again."""
    if talk.agent_id or talk.status != "open" or not talk.waiting_ms:
        return
    await _route(hub, connection, batch, talk, facts_of_waiting(hub, talk.channel, talk.locale, talk.team), None)
