"""What agents say and do, and what became of it, as entries of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from hub import acts, rating
from hub.batch import Batch, Quoted
from hub.doubts import ask, doubt
from hub.holding import noticed
from hub.model import AgentReply, Author, ExternalId, Report, Text
from hub.quotes import quoted_by, remember
from hub.resending import again
from hub.rights import audited, author_of, person_of, refusal, refuse
from hub.runtime import Hub
from hub.sparing import of_note, spared
from hub.store.staff import Person
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

HERE_MS, FETCHED_MS = 45_000, 6_000
"""Who was seen so recently reads along (a long poll takes 25 s), and has told us within so long what they have read."""
SYSTEM = Author(kind="system", name="Frontdesk")


async def agent_said(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply) -> set[int]:
    """Write down an agent's reply or action; returns lanes in which an old call became due again."""
    person = await person_of(hub, connection, batch, reply)
    author = author_of(reply, person)
    if reply.kind in ("tell", "route") or "ended_ms" in reply.data:
        author = SYSTEM
    elif (allowed := await _allowed(hub, connection, batch, talk, reply, author, person)) is None:
        return set()
    else:
        reply = allowed
    audited(batch, talk, reply, author, person)
    match reply.kind:
        case "reply" | "note":
            await _said(hub, connection, batch, talk, reply, author)
        case "edit" | "delete":
            await _correct(hub, connection, batch, talk, reply, author)
        case "resolve" if talk.status != "resolved":
            resolve(batch, talk, author)
            await rating.ask(hub, connection, batch, talk, reply.data.get("survey"))
        case "reopen":
            reopen(batch, talk, author)
        case "assign":
            await _assigned(hub, connection, batch, talk, reply, author)
        case "tell":
            called = {} if reply.data.get("quiet") else {"mention": reply.assignee or "*"}
            told = batch.append(talk, "note", author, parts=reply.parts, data=called, public=False)
            batch.to_desks(talk, told)
        case "undo":
            await _undone(hub, connection, batch, talk, reply, author)
        case "snooze" | "priority" | "tags" | "block" | "unblock":
            acts.acted(batch, talk, reply, author)
        case "resend":
            if await again(hub, connection, batch, talk, reply, author):
                return {talk.lane}
    return set()


async def _allowed(
    hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author, person: Person | None
) -> AgentReply | None:
    """What of an agent's reply or action may happen now; None when nothing may."""
    if why := refusal(hub, reply, person):
        refuse(batch, talk, reply, author, why)
        return None
    if unsure := doubt(hub, talk, reply, author):
        ask(batch, talk, reply, author, unsure, await _name(hub, connection, batch, talk.agent_id))
        return None
    return reply


async def _name(hub: Hub, connection: AsyncConnection, batch: Batch, agent: str | None) -> str:
    if not agent:
        return ""
    if batch.staff is None:
        batch.staff = await hub.store.staff.roster(connection)
    return next((one.name for one in batch.staff if one.id == agent), "")


async def _said(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Words for the customer or for colleagues, as they are to be once they are filled and their author is sure of them."""
    if "canned" in reply.data:
        reply = _canned(hub, batch, talk, reply, author)
    said = await of_note(hub, connection, batch, talk, reply) if "note" in reply.data else reply
    if said is None or (said.kind == "reply" and await spared(hub, connection, batch, talk, said, author)):
        return
    speak(batch, talk, said, author, await quoted_by(hub, connection, batch, talk, said))


def speak(batch: Batch, talk: Talk, reply: AgentReply, author: Author, about: tuple[str, Quoted] | None) -> None:
    public = reply.kind == "reply"
    if public and talk.status == "resolved":
        reopen(batch, talk, author)
    entry = batch.append(
        talk,
        "message" if public else "note",
        author,
        parts=reply.parts,
        at=reply.at,
        source=reply.desk,
        external_id=reply.id,
        client_id=reply.client_id,
        reply_to=about[0] if about else None,
        public=public,
    )
    entry["late"] = bool(reply.data.get("found"))
    if public:
        if entry["late"]:
            batch.whisper(talk, str(reply.desk), str(reply.agent), "found_again", {})
        _take(batch, talk, author)
        talk.waiting_ms, talk.answered = 0, True
        talk.unread_ms = batch.now_ms
        talk.bot = orjson.dumps({**orjson.loads(talk.bot), "silent": True}).decode()
        delay_ms = max(int(reply.data.get("delay_ms") or 0), _patience_ms(batch, talk))
        batch.reserved_ms = batch.now_ms + delay_ms if delay_ms else 0
        batch.to_customer(talk, entry, quoted=about[1] if about else None)
        batch.reserved_ms = 0
    batch.to_desks(talk, entry, origin="" if {"canned", "began", "sure"} & reply.data.keys() else reply.desk)


def _canned(hub: Hub, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> AgentReply:
    """With the text that leaves: of the canned reply that `data` names, or of the parts, filled."""
    facts = {"name": batch.owners[talk.identity_id].profile.get("name", ""), "agent": author.name}
    facts |= {"channel": talk.channel, "team": talk.team}
    parts = hub.canned.said(str(reply.data["canned"]), reply.parts, talk.locale, facts)
    return reply.model_copy(update={"parts": parts})


def _patience_ms(batch: Batch, talk: Talk) -> int:
    """How long an answer waits for a customer who reads in the web chat in which the conversation goes on: what they fetch there
    need not leave on the platform too."""
    here = batch.now_ms - batch.owners[talk.identity_id].seen_ms < HERE_MS
    return FETCHED_MS if here and talk.channel in batch.continued else 0


def _take(batch: Batch, talk: Talk, author: Author) -> None:
    """Whoever answers first has the conversation."""
    if talk.agent_id:
        return
    talk.agent_id = author.id[:32]
    data = {"agent": author.id, "name": author.name, "team": talk.team, "reason": "answered"}
    batch.append(talk, "assigned", author, data=data, public=False)
    batch.redraw(talk)


async def _correct(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Carry an edit or a deletion to the customer, or say that the channel can't."""
    before = await _earlier(hub, connection, batch, reply.desk, str(reply.edit_of))
    if before is None:
        return
    entry_id, public = before
    entry = batch.append(
        talk,
        "edit" if reply.kind == "edit" else "delete",
        author,
        parts=reply.parts,
        at=reply.at,
        source=reply.desk,
        external_id=reply.id,
        edit_of=entry_id,
        public=public,
    )
    await remember(hub, connection, batch, talk, entry)
    batch.to_desks(talk, entry, origin=reply.desk)
    if not public:
        return
    capabilities = batch.capabilities[talk.channel]
    if capabilities.edit if reply.kind == "edit" else capabilities.delete:
        batch.to_customer(talk, entry, kind=reply.kind)
    elif not capabilities.pulled:
        word = "change" if reply.kind == "edit" else "take back"
        reason = f"this channel cannot {word} what was sent; the customer still sees the earlier text"
        tell(batch, talk, entry_id, talk.channel, "failed", reason, "")
        batch.mark(talk, reply.desk, str(reply.edit_of), "failed")
        if reply.kind == "edit":
            batch.whisper(talk, reply.desk, str(reply.agent), "unchanged", {"note": str(reply.id)})


async def _undone(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Take back a reply of which nothing has left yet; where customers fetch their log, and for a note, that is a deletion."""
    before = await _earlier(hub, connection, batch, reply.desk, str(reply.edit_of))
    if before is None:
        return
    entry_id, public = before
    calls = public and not batch.capabilities[talk.channel].pulled
    late = calls and not await acts.undo(hub, connection, batch, talk, author, entry_id)
    batch.whisper(talk, reply.desk, str(reply.agent), "late" if late else "undone", {})
    if late:
        return
    entry = batch.append(
        talk, "delete", author, at=reply.at, source=reply.desk, external_id=reply.id, edit_of=entry_id, public=public
    )
    await remember(hub, connection, batch, talk, entry)
    batch.to_desks(talk, entry, origin=reply.desk)


async def _earlier(hub: Hub, connection: AsyncConnection, batch: Batch, source: str, external_id: str) -> tuple[str, bool] | None:
    """(entry id, whether customers see it) of what came in earlier, in this batch or before."""
    for entry in batch.entries:
        if entry["source"] == source and entry["external_id"] == external_id:
            return entry["id"], entry["kind"] != "note"
    found = await hub.store.timeline.said(connection, source, external_id)
    return (found[0], found[3]) if found else None


async def _assigned(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Give the conversation away. `data` may hold `person`, the desk's id of who gets it, or `claim`: whoever asks first
    does, and the next is told who that was; the bot is silent from then on. `reason` is shown to agents."""
    agent, name, reason = reply.assignee or "", "", str(reply.data.get("reason") or "")
    if reply.data.get("claim"):
        if talk.agent_id and talk.agent_id != author.id[:32]:
            here = await hub.store.staff.persons(connection, [(str(reply.desk), talk.agent_id)])
            holder = await _name(hub, connection, batch, talk.agent_id) or "".join(one.name for one in here.values())
            batch.whisper(talk, reply.desk, str(reply.agent), "taken", {"name": holder})
            return
        agent, name = author.id, author.name
    elif reply.data.get("person"):
        asked = reply.model_copy(update={"agent": ExternalId(str(reply.data["person"])), "agent_name": "", "agent_email": ""})
        person = await person_of(hub, connection, batch, asked)
        given = author_of(asked, person)
        if refusal(hub, asked, person):
            batch.whisper(talk, reply.desk, str(reply.agent), "no_agent_there", {"name": given.name})
            return
        agent, name = given.id, given.name
    else:
        name = await _name(hub, connection, batch, reply.assignee)
    if agent and not reply.assignee:
        talk.bot = orjson.dumps({**orjson.loads(talk.bot), "silent": True}).decode()
        talk.changed = True
    assign(batch, talk, author, agent[:32], reply.team, name, reason)


def resolve(batch: Batch, talk: Talk, author: Author) -> None:
    """The matter is settled."""
    talk.status, talk.open_key, talk.waiting_ms, talk.snooze_ms = "resolved", None, 0, 0
    talk.resolved_at, talk.resolved_by = batch.now, author.name[:191]
    batch.open.pop(talk.identity_id, None)
    entry = batch.append(talk, "resolved", author)
    batch.to_desks(talk, entry)
    batch.redraw(talk)


def reopen(batch: Batch, talk: Talk, author: Author) -> None:
    """The matter goes on, unless the customer has opened another conversation meanwhile."""
    if talk.status == "open" or talk.identity_id in batch.open:
        return
    talk.status, talk.open_key, talk.resolved_at, talk.resolved_by = "open", talk.identity_id, None, ""
    talk.bot = "{}"
    batch.open[talk.identity_id] = talk
    entry = batch.append(talk, "reopened", author)
    batch.to_desks(talk, entry)
    batch.redraw(talk)


def assign(batch: Batch, talk: Talk, author: Author, agent: str, team: str, name: str, reason: str = "") -> None:
    """Give a conversation to an agent, a team, or (both empty) back to everybody."""
    if (talk.agent_id, talk.team) == (agent, team or talk.team):
        return
    talk.agent_id, talk.team = agent[:32], team or talk.team
    data = {"agent": agent, "name": name, "team": talk.team, "reason": reason}
    entry = batch.append(talk, "assigned", author, data=data, public=False)
    batch.to_desks(talk, entry)
    batch.redraw(talk)


async def reported(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, report: Report) -> None:
    """Write down what became of a call, show it on the agent's own message, and in the thread when it failed."""
    if report.unreachable and report.target == talk.channel:
        who = batch.owners[talk.identity_id]
        who.unreachable, who.changed = report.reason[:191] or "unreachable", True
    entry_id = str(report.message) if report.message else None
    tell(batch, talk, entry_id, report.target, report.state, report.reason, report.delivery, file=report.file)
    if report.target == talk.channel and batch.capabilities[talk.channel].window is not None:
        batch.redraw(talk)
    await noticed(hub, connection, batch, talk, report)
    if entry_id is None or report.target != talk.channel or report.state == "warned":
        return
    origin = await hub.store.timeline.origin(connection, entry_id)
    if origin is not None and origin[0] in hub.desks:
        batch.mark(talk, origin[0], origin[1], report.state)


def tell(
    batch: Batch, talk: Talk, entry_id: str | None, target: str, state: str, reason: str, delivery: str, *, file: bool = False
) -> None:
    """A status entry; desks are shown it unless all went well and there is nothing to say of it."""
    data = {"state": state, "target": target, "reason": reason, "delivery": delivery} | ({"file": True} if file else {})
    parts = (Text(text=reason),) if reason else ()
    entry = batch.append(talk, "status", SYSTEM, parts=parts, edit_of=entry_id, data=data, public=False)
    if state != "sent" or reason:
        batch.to_desks(talk, entry, origin=target)
