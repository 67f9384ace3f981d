"""Who at a desk may do something about customers: decided by the agent's own role, in the transaction in which it would happen.

Whatever a stranger writes in a thread is kept as a note, so that nothing is lost; it never leaves. What they press does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hub.batch import Batch
from hub.model import AgentReply, Author, ExternalId
from hub.ports import SupportsPeople
from hub.runtime import Hub
from hub.store.agent_facts import Record
from hub.store.inbox import Pending
from hub.store.staff import Person
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Refused = Literal["", "stranger", "guest", "outside", "viewer", "off", "unasked"]
"""Why somebody may not; empty: they may."""
SAID = ("reply", "note")


class UnknownPerson(Exception):
    """A desk must be asked who this is before the reply can be written down. `row` is the inbox row that waits for the answer."""

    def __init__(self, desk: str, person: ExternalId) -> None:
        super().__init__(f"{person} at {desk}")
        self.desk = desk
        self.person = person
        self.row: Pending | None = None


async def person_of(hub: Hub, connection: AsyncConnection, batch: Batch, reply: AgentReply) -> Person | None:
    """Who speaks; None where no desk has to say it: in the console, which has asked already, and at desks that know nobody."""
    if reply.agent_name or not isinstance(hub.desks.get(reply.desk), SupportsPeople):
        return None
    return await person_at(hub, connection, batch, reply.desk, reply.agent)


async def person_at(hub: Hub, connection: AsyncConnection, batch: Batch, desk: str, agent: ExternalId) -> Person:
    """Who somebody at a desk is. Raises `UnknownPerson` when it must be asked first."""
    key = (str(desk), str(agent))
    if key not in batch.persons:
        found = (await hub.store.staff.persons(connection, [key])).get(key)
        if found is None:
            raise UnknownPerson(desk, agent)
        batch.persons[key] = found
    person = batch.persons[key]
    if not person.name:
        batch.strangers.add(key)
    return person


def author_of(reply: AgentReply, person: Person | None) -> Author:
    """Under whose name an entry stands."""
    if person is None:
        return Author(kind="agent", id=reply.agent, name=reply.agent_name or reply.agent_email)
    return Author(kind="agent", id=person.agent_id or reply.agent, name=person.name or reply.agent_email)


def refusal(hub: Hub, reply: AgentReply, person: Person | None) -> Refused:
    """Why somebody may not do this."""
    if person is None or "answer" in hub.access.rights_of(person.role):
        return ""
    if person.agent_id:
        return "viewer" if person.role else "off"
    if person.standing == "guest":
        return "guest"
    if person.standing == "outside":
        return "outside"
    if hub.desks[reply.desk].capabilities.speakers == "members":
        return ""
    return "stranger" if person.standing else "unasked"


def refuse(batch: Batch, talk: Talk, reply: AgentReply, author: Author, why: Refused) -> None:
    """Keep what was said as a note, tell its author alone why it did not leave, and note who tried."""
    if reply.kind in SAID and "canned" not in reply.data:
        entry = batch.append(
            talk, "note", author, parts=reply.parts, at=reply.at, source=reply.desk, external_id=reply.id, public=False
        )
        batch.to_desks(talk, entry, origin=reply.desk)
    if reply.kind == "note":
        return
    batch.whisper(talk, reply.desk, str(reply.agent), why, {"name": author.name})
    batch.audits.append(Record(actor_of(reply, author), "desk.refused", talk.id, f"{reply.kind}: {why}"))


def audited(batch: Batch, talk: Talk, reply: AgentReply, author: Author, person: Person | None) -> None:
    """Note what somebody at a desk did beyond writing, which the log of entries shows; saving and tasks note themselves."""
    if person is not None and reply.kind not in (*SAID, "save", "forget", "task"):
        batch.audits.append(Record(actor_of(reply, author), f"desk.{reply.kind}", talk.id, reply.team))


def actor_of(reply: AgentReply, author: Author) -> str:
    """A person at a desk as the audit log names them: who they are here, who there, and what they are called."""
    agent = "" if author.id == reply.agent else f"{author.id} "
    return f"{agent}{reply.desk}:{reply.agent} {author.name}".strip()
