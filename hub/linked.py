"""Use-case: somebody at a desk whom no e-mail address proves says who they are, by a one-time code that the agent enters in the
console, signed in. The desk's person alone can do nothing with it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from hub.errors import ConnectorError
from hub.model import DeskName, ExternalId
from hub.people import SupportsDirect, Who
from hub.runtime import Hub
from hub.signin import hash_of
from hub.store.agent_facts import About, Person

if TYPE_CHECKING:
    from hub.store.store import Store

log = structlog.get_logger()
KIND, CODE_S = "link", 600.0
LETTERS, LENGTH = "ABCDEFGHJKMNPQRSTVWXYZ23456789", 10
"""Of a code: 49 random bits, without letters that look alike."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Whom a code is about."""

    desk: str
    person: str
    name: str


def plain_code(text: str) -> str:
    """A code as it was typed, with its spaces, dashes and small letters."""
    return "".join(one for one in text.upper() if one.isalnum())


class LinkCodes:
    """Gives codes to people at desks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, desk: DeskName, person: ExternalId, who: Who) -> str:
        """A new code, in two halves. Errors as of `who`."""
        known = await who(person)
        await self._store.staff.introduce(desk, person, known)
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        about = About(label=str(person), address=str(desk))
        await self._store.agents.open_login(KIND, "", hash_of(code), CODE_S, about)
        return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


async def look(hub: Hub, code: str) -> Claimed | None:
    """Whom a code is about, while it is good; it stays so."""
    found = await hub.store.workspaces.look(KIND, hash_of(plain_code(code)))
    if found is None:
        return None
    return Claimed(found.address, found.label, await hub.store.staff.name_of(found.address, found.label))


async def become(hub: Hub, code: str, agent: Person) -> Claimed | None:
    """The agent says: this person at the desk is me. The code is used up; the person is told where they are."""
    found = await hub.store.workspaces.spend(KIND, hash_of(plain_code(code)))
    if found is None:
        return None
    desk, person = found.address, found.label
    name = await hub.store.staff.name_of(desk, person)
    await hub.store.staff.is_agent(desk, person, agent.id)
    await hub.store.agents.record(agent.id, "desk.linked", f"{desk}:{person}", name)
    there = hub.desks.get(DeskName(desk))
    if isinstance(there, SupportsDirect):
        try:
            await there.direct(ExternalId(person), "linked", {"name": agent.name})
        except ConnectorError as exc:
            log.warning("desk.not_told", desk=desk, about="linked", error=str(exc))
    return Claimed(desk, person, name)
