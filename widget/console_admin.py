"""What leads the console's staff do: agents and their roles, invitations, parked messages, the record of who did what."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub import rereading
from hub.errors import Conflict, Malformed
from hub.roles import ABOUT, RIGHTS, SHIPPED
from hub.runtime import Hub
from hub.signin import INVITATION_S, RESET_S, one_time_link
from hub.store.agent_facts import Person
from widget.access import Asker, hub_of, id_of, unknown
from widget.answers import Refusal, answer, json_of, word
from widget.console_session import check_address, person_json
from widget.console_view import limit_of, number

SHOWN = 2_000
"""Characters of a parked body that are shown."""


async def agents(request: Request, who: Asker) -> Response:
    """GET /console/api/agents"""
    found = await hub_of(request).store.agents.everyone()
    return answer({"items": [_colleague(person) for person in found]})


def _colleague(person: Person) -> dict[str, Any]:
    return {**person_json(person), "disabled": person.disabled, "factor": person.factor}


async def roles(request: Request, who: Asker) -> Response:
    """GET /console/api/roles: every role with its rights, and what each right allows."""
    rules = hub_of(request).access
    items = [
        {
            "name": name,
            "rights": [right for right in RIGHTS if right in rules.rights_of(name)],
            "shipped": name in SHIPPED,
            "factor": rules.needs_factor(name),
            "yours": rules.rights_of(name) <= who.rights,
        }
        for name in rules.names
    ]
    return answer({"items": items, "rights": [{"name": right, "about": ABOUT[right]} for right in RIGHTS]})


def _role(hub: Hub, who: Asker, role: str) -> str:
    """A role that exists and holds no right that the asker lacks: nobody lifts anybody above themselves."""
    if role not in hub.access.names:
        raise Malformed(f"role must be one of {', '.join(hub.access.names)}")
    if not hub.access.rights_of(role) <= who.rights:
        raise Refusal(403, "role", f"The role {role} may do more than you may.")
    return role


async def invite(request: Request, who: Asker) -> Response:
    """POST /console/api/agents {email, name, role} → {id, link}: the link sets the password, once."""
    hub = hub_of(request)
    body = await json_of(request)
    email, name = word(body, "email", 190).strip().lower(), word(body, "name", 100).strip()
    check_address(email)
    role = _role(hub, who, word(body, "role", 16, "agent"))
    try:
        agent = await hub.store.agents.invite(email, name or email.split("@")[0], role)
    except Conflict as exc:
        raise Refusal(409, "conflict", "An agent has this e-mail address already.") from exc
    await hub.store.agents.record(who.agent.id, "agent.invited", agent, role)
    link = await one_time_link(hub.store.agents, hub.public_url, "invite", agent, INVITATION_S)
    return answer({"id": agent, "link": link, "expires_s": int(INVITATION_S)}, 201)


async def change(request: Request, who: Asker) -> Response:
    """PATCH /console/api/agents/{id} {name?, role?, disabled?}"""
    hub = hub_of(request)
    person = await _person(hub, request, who)
    body = await json_of(request)
    values: dict[str, Any] = {}
    if "name" in body:
        values["name"] = word(body, "name", 100).strip() or person.name
    if "role" in body:
        values["role"] = _role(hub, who, word(body, "role", 16))
    if "disabled" in body:
        if not isinstance(body["disabled"], bool):
            raise Malformed("disabled must be true or false")
        values["disabled"] = body["disabled"]
    if not values:
        raise Malformed("give name, role or disabled")
    if not await hub.store.agents.change(person.id, **values):
        raise Refusal(409, "last_admin", "Nobody could invite agents any more: this is the last admin.")
    before = {name: getattr(person, name) for name in values}
    change = orjson.dumps({"before": before, "after": values}).decode()
    await hub.store.agents.record(who.agent.id, "agent.changed", person.id, change)
    return answer(_colleague(await hub.store.agents.someone(person.id) or person))


async def link(request: Request, who: Asker) -> Response:
    """POST /console/api/agents/{id}/link: a link with which an agent sets a new password, once."""
    hub = hub_of(request)
    person = await _person(hub, request, who)
    if person.disabled:
        raise Refusal(409, "disabled", "This agent is switched off.")
    await hub.store.agents.record(who.agent.id, "agent.link", person.id)
    made = await one_time_link(hub.store.agents, hub.public_url, "reset", person.id, RESET_S)
    return answer({"link": made, "expires_s": int(RESET_S)}, 201)


async def reset_factor(request: Request, who: Asker) -> Response:
    """DELETE /console/api/agents/{id}/factor: for one whose device is lost; every session and token of theirs ends."""
    hub = hub_of(request)
    person = await _person(hub, request, who)
    if not person.factor:
        raise Refusal(409, "factor_off", "No second factor is set up.")
    await hub.store.factors.drop(person.id)
    await hub.store.agents.record(who.agent.id, "factor.reset", person.id)
    return Response(status_code=204)


async def _person(hub: Hub, request: Request, who: Asker) -> Person:
    """The agent that a call is about, who must not be above the asker."""
    person = await hub.store.agents.someone(id_of(request.path_params))
    if person is None:
        raise unknown()
    if not hub.access.rights_of(person.role) <= who.rights:
        raise Refusal(403, "role", f"{person.name} may do more than you may.")
    return person


async def parked(request: Request, who: Asker) -> Response:
    """GET /console/api/parked?cursor=&limit=: what nobody could handle, newest first."""
    most = limit_of(request, 50)
    rows = await hub_of(request).store.inbox.parked(before=number(request, "cursor"), most=most + 1)
    items = [
        {
            "id": row["id"],
            "source": row["source"],
            "external_id": row["external_id"],
            "at": row["at"].isoformat(),
            "tries": row["tries"],
            "error": row["error"] or "",
            "body": row["body"][:SHOWN],
        }
        for row in rows[:most]
    ]
    return answer({"items": items, "next": str(rows[most - 1]["n"]) if len(rows) > most else None})


async def replay(request: Request, who: Asker) -> Response:
    """POST /console/api/parked/{id}/replay: let it be tried again; 409 where it still can't be read."""
    hub = hub_of(request)
    row = id_of(request.path_params)
    n = await hub.store.console.parked_row(row)
    if n is None:
        raise unknown()
    refused = await rereading.replay(hub, [n])
    if refused:
        raise Refusal(409, "conflict", f"It still can't be read: {refused[n]}")
    await hub.store.agents.record(who.agent.id, "replay", row)
    return answer({"id": row}, 202)


async def audit(request: Request, who: Asker) -> Response:
    """GET /console/api/audit?cursor=&limit=: who did what, newest first."""
    most = limit_of(request, 50)
    given = request.query_params.get("cursor")
    rows = await hub_of(request).store.agents.records(before=id_of({"id": given}) if given else None, most=most + 1)
    items = [{**row, "at": row["at"].isoformat()} for row in rows[:most]]
    return answer({"items": items, "next": items[-1]["id"] if len(rows) > most else None})
