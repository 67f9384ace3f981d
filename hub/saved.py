"""Use-case: canned replies that agents save at a desk, beside those of the file, which win where both have one name."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from hub.batch import Batch
from hub.canned import CannedReplies, Known, KnownOf, Ready, SavedReply
from hub.looking import agent_at
from hub.model import AgentReply, Author, DeskName, ExternalId
from hub.people import Who
from hub.rights import actor_of
from hub.runtime import Hub
from hub.store.agent_facts import Record
from hub.store.saved import Saved
from hub.store.store import Store
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

MOST = 500
KINDS = ("save", "forget")


async def ready(store: Store, file: CannedReplies) -> CannedReplies:
    """All that there are at this moment, whichever process has saved them."""
    found = [one for one in await store.saved.all() if file.find(one.name) is None]
    if not found:
        return file
    more = [
        SavedReply.model_construct(name=one.name, title=one.title, text={one.locale: one.text}, actor=one.actor) for one in found
    ]
    return CannedReplies.model_construct(replies=(*file.replies, *more))


def known_of(store: Store) -> KnownOf:
    """The way from desks to what must not stand in a text that is for other customers too."""

    async def known(desk: DeskName, person: ExternalId, who: Who, thread: str, *, anybody: bool) -> Known | str:
        if not await agent_at(store, desk, person, who) and not (anybody and await _is_member(store, desk, person)):
            return "no_agent"
        found = await store.saved.whose(str(desk), thread)
        return Known(found.name, found.email, found.phone, found.locale, found.conversation) if found else "not_here"

    return known


async def _is_member(store: Store, desk: DeskName, person: ExternalId) -> bool:
    """Whether somebody is a full member there, whom no admin has taken the right to answer."""
    async with store.db.read() as connection:
        found = (await store.staff.persons(connection, [(str(desk), str(person))])).get((str(desk), str(person)))
    return found is not None and not found.agent_id and found.standing == "member"


def ways(store: Store, file: CannedReplies) -> tuple[Ready, KnownOf]:
    """Both, as desks are given them."""
    return functools.partial(ready, store, file), known_of(store)


async def settled(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Save a reply or forget one. `reply.data`: {name}, and to save {title, locale, text, was: the name that it had before}."""
    name = str(reply.data["name"])
    told = await (_saved if reply.kind == "save" else _forgotten)(hub, connection, reply, actor_of(reply, author), name)
    batch.audits.append(Record(actor_of(reply, author), f"canned.{told}", name, talk.id))
    batch.whisper(talk, str(reply.desk), str(reply.agent), told, {"name": name})


async def _saved(hub: Hub, connection: AsyncConnection, reply: AgentReply, actor: str, name: str) -> str:
    title, locale, text, was = (str(reply.data.get(key) or "") for key in ("title", "locale", "text", "was"))
    SavedReply(name=name, title=title, text={locale: text})
    if hub.canned.find(name) is not None:
        return "not_saved"
    if not was and await hub.store.saved.count(connection) >= MOST:
        return "too_many_saved"
    kept = await hub.store.saved.put(connection, Saved(name, title, locale, text, actor), was)
    return "saved" if kept else "not_saved"


async def _forgotten(hub: Hub, connection: AsyncConnection, reply: AgentReply, actor: str, name: str) -> str:
    return "forgotten" if await hub.store.saved.drop(connection, name) else "not_forgotten"
