"""Use-case: agents come in by an OpenID Connect provider: who somebody must be, and what becomes of them here."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from hub.errors import Conflict
from hub.roles import AccessRules, Oidc
from hub.store.agent_facts import Person
from hub.store.store import Store

STATE_S = 600.0
"""How long somebody may take at the provider."""
BACK = "/console/api/oidc/back"


class NotLetIn(Exception):
    """Somebody does not come in; `code` says why, for the page."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Begun:
    """What the browser keeps while somebody is at the provider, and where to send them."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Proved:
    """Who somebody is, as the provider has signed it."""

    subject: str
    email: str
    verified: bool
    name: str
    groups: frozenset[str]


async def come_in(store: Store, access: AccessRules, proved: Proved) -> Person:
    """The agent whom the provider has proved, made or given another role where the rules say so. Raises `NotLetIn`."""
    rules = access.oidc
    assert rules is not None
    found = await store.factors.known_as(proved.subject, proved.email)
    if found is not None and found[1] == proved.subject:
        person = found[0]
    elif not proved.verified or not proved.email:
        raise NotLetIn("unverified", "the provider has not verified the e-mail address")
    elif found is not None:
        person = found[0]
    elif rules.create:
        person = await _made(store, proved, _role(rules, proved))
    else:
        raise NotLetIn("unknown", "no agent has this e-mail address")
    if person.disabled:
        raise NotLetIn("off", "this agent is switched off")
    if not await store.factors.is_called(person.id, proved.subject):
        raise NotLetIn("other", "somebody else came in by this address before")
    role = _role(rules, proved)
    if rules.roles and role != person.role and await store.agents.change(person.id, role=role):
        change = {"before": {"role": person.role}, "after": {"role": role}}
        await store.agents.record(person.id, "agent.changed", person.id, orjson.dumps(change).decode())
    return await store.agents.someone(person.id) or person


async def _made(store: Store, proved: Proved, role: str) -> Person:
    try:
        agent = await store.agents.invite(proved.email, proved.name or proved.email.split("@")[0], role)
    except Conflict:
        raise NotLetIn("again", "somebody came in at the same moment") from None
    await store.agents.record(agent, "agent.invited", agent, role)
    person = await store.agents.someone(agent)
    assert person is not None
    return person


def _role(rules: Oidc, proved: Proved) -> str:
    return next((role for group, role in rules.roles.items() if group in proved.groups), rules.role)
