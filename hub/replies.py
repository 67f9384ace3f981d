"""What agents say and do, and what became of it, as entries of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from hub import acts, bilingual, calling, rating, saved, tasks
from hub.accepting import accepted
from hub.batch import Batch
from hub.correcting import correct, undone
from hub.doubts import ask, doubt
from hub.joined import answered_in, matter, shut
from hub.model import AgentReply, Author, ExternalId
from hub.packing import Quoted
from hub.quotes import quoted_by
from hub.resending import again
from hub.rights import audited, author_of, person_of, refusal, refuse
from hub.runtime import Hub
from hub.sparing import of_note, spared
from hub.store.staff import Person
from hub.store.talks import Talk
from hub.telling import SYSTEM

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

HERE_MS, FETCHED_MS = 45_000, 6_000
"""Who was seen so recently reads along (a long poll takes 25 s), and has told us within so long what they have read."""


async def agent_said(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply) -> set[int]:
    """Write down an agent's reply or action; returns lanes in which an old call became due again."""
    if reply.kind == "translated":
        return await bilingual.came(hub, connection, batch, talk, reply)
    there = await answered_in(hub, connection, batch, talk, reply)
    talk = batch.head(talk)
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
            await _said(hub, connection, batch, there, reply, author)
        case "edit" | "delete":
            await correct(hub, connection, batch, there, reply, author)
        case "resolve" if talk.status != "resolved":
            resolve(batch, talk, author)
            await rating.ask(hub, connection, batch, talk, reply.data.get("survey"))
        case "reopen":
            reopen(batch, talk, author)
        case "assign" | "translate" | "save" | "forget" | "task" | "tasked":
            await WHOLE[reply.kind](hub, connection, batch, talk, reply, author)
        case "tell":
            calling.tell(hub, batch, talk, reply, author)
        case "undo":
            await undone(hub, connection, batch, there, reply, author)
        case "snooze" | "priority" | "tags" | "block" | "unblock":
            for one in matter(batch, talk) if reply.kind in ("block", "unblock") else (talk,):
                acts.acted(batch, one, reply, author)
        case "resend":
            if await again(hub, connection, batch, there, reply, author):
                return {there.lane}
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
    if said.kind == "reply":
        accepted(batch, talk, said)


def speak(batch: Batch, talk: Talk, reply: AgentReply, author: Author, about: tuple[str, Quoted] | None) -> None:
    public = reply.kind == "reply"
    language = bilingual.holds(batch, talk, reply.parts, reply.desk) if public else ""
    head = batch.head(talk)
    if public and head.status == "resolved":
        reopen(batch, head, author)
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
        public=public and not language,
    )
    entry["late"] = _overtaken(talk, reply) or bool(reply.data.get("found"))
    calling.mentioned(batch, talk, reply, entry)
    if public:
        if entry["late"]:
            batch.whisper(talk, str(reply.desk), str(reply.agent), "found_again", {})
        _take(batch, head, author)
        for one in matter(batch, talk):
            one.waiting_ms, one.answered, one.changed = 0, True, True
        talk.unread_ms = batch.now_ms
        talk.bot = orjson.dumps({**orjson.loads(talk.bot), "silent": True}).decode()
        delay_ms = max(int(reply.data.get("delay_ms") or 0), _patience_ms(batch, talk))
        batch.reserved_ms = batch.now_ms + delay_ms if delay_ms else 0
        with bilingual.held(batch, talk, entry, language, reply.desk):
            batch.to_customer(talk, entry, quoted=about[1] if about else None)
        batch.reserved_ms = 0
    old_thread = head is not talk and batch.threads.get((str(reply.desk), str(reply.thread))) == talk.id
    shown = old_thread or {"canned", "began", "sure"} & reply.data.keys()
    batch.to_desks(talk, entry, origin="" if shown else reply.desk)


def _overtaken(talk: Talk, reply: AgentReply) -> bool:
    """Whether a line at a desk was written before one that is stored already: a desk that hears no 2xx tells again, minutes
    later and in no order, and by then its author has written on."""
    if reply.thread is None:
        return False
    wrote_us = int(reply.at.timestamp() * 1_000_000)
    before, talk.wrote_us = talk.wrote_us, max(wrote_us, talk.wrote_us)
    return wrote_us < before


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


async def _assigned(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Give the conversation away. `data` may hold `agent` or `person`, who gets it, by their id here or at the desk, or `claim`:
    whoever asks first does, and the next is told who that was, unless they take it `over`; the bot is silent from then on.
    `reason` is shown to agents."""
    agent, name, reason = reply.assignee or "", "", str(reply.data.get("reason") or "")
    if reply.data.get("claim"):
        if talk.agent_id and talk.agent_id != author.id[:32] and not reply.data.get("over"):
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
    elif reply.data.get("agent"):
        chosen = await hub.store.staff.one(connection, str(reply.data["agent"]))
        if chosen is None or "answer" not in hub.access.rights_of(chosen.role):
            batch.whisper(talk, reply.desk, str(reply.agent), "no_agent_there", {"name": chosen.name if chosen else ""})
            return
        agent, name = chosen.agent_id, chosen.name
    else:
        name = await _name(hub, connection, batch, reply.assignee)
    if agent and not reply.assignee:
        talk.bot = orjson.dumps({**orjson.loads(talk.bot), "silent": True}).decode()
        talk.changed = True
    assign(batch, talk, author, agent[:32], reply.team, name, reason)


WHOLE = {"assign": _assigned, "translate": bilingual.asked, "save": saved.settled, "forget": saved.settled}
WHOLE |= {"task": tasks.settled, "tasked": tasks.settled}
"""What acts of these kinds come to."""


def resolve(batch: Batch, talk: Talk, author: Author) -> None:
    """The matter is settled."""
    talk.status, talk.waiting_ms, talk.snooze_ms = "resolved", 0, 0
    talk.resolved_at, talk.resolved_by = batch.now, author.name[:191]
    for one in matter(batch, talk):
        shut(batch, one)
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
    calling.given(batch, talk, author, agent, entry)
