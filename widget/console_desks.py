"""Desks in the console: the workspaces that an app is in, the link that brings it into one, and "this person there is me"."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub import linked
from hub.errors import Malformed
from hub.installing import TICKET_S, ticket
from hub.installs import Installed, SupportsInstall
from hub.limits import Rule
from hub.model import DeskName
from hub.roles import ADMIN
from widget.access import Asker, hub_of, unknown
from widget.answers import Refusal, answer, json_of, word
from widget.console_session import SMALL, too_many

TRIES = Rule(10, 600)
"""Codes that one agent may try."""


async def desks(request: Request, who: Asker) -> Response:
    """GET /console/api/desks: desks whose app is installed into workspaces, with what was granted there."""
    hub = hub_of(request)
    items = []
    for name, desk in hub.desks.items():
        if isinstance(desk, SupportsInstall) and hub.installs is not None:
            found = await hub.installs.all(name)
            items.append({"name": name, "workspaces": [_workspace(desk, one) for one in found]})
    return answer({"items": items})


def _workspace(desk: SupportsInstall, one: Installed) -> dict[str, Any]:
    missing = [{"scope": name, "so": so} for name, so in sorted(desk.missing(one.scopes).items())] if one.state == "live" else []
    told = {"id": one.workspace, "name": one.name, "state": one.state, "reason": one.reason, "since": one.since.isoformat()}
    return {**told, "missing": missing, "lines": desk.lines(one.workspace)}


async def install(request: Request, who: Asker) -> Response:
    """POST /console/api/desks/{name}/install → {url}: where an admin begins, once, in their own browser."""
    hub, name = hub_of(request), DeskName(request.path_params["name"])
    if hub.installs is None or not isinstance(hub.desks.get(name), SupportsInstall):
        raise unknown()
    if who.agent.role != ADMIN or not who.by_cookie:
        raise Refusal(403, "role", "Only an admin who is signed in to the console may install the app.")
    await hub.store.agents.record(who.agent.id, "desk.install", name)
    return answer({"url": await ticket(hub, name, who.agent.id), "expires_s": int(TICKET_S)}, 201)


async def link(request: Request, who: Asker) -> Response:
    """POST /console/api/me/links {code, yes?}: whom a code from a desk would make this agent; with `yes`, it does."""
    hub = hub_of(request)
    body = await json_of(request, SMALL)
    code, yes = word(body, "code", 64), body.get("yes", False)
    if not isinstance(yes, bool):
        raise Malformed("yes must be true or false")
    if not await hub.limits.hit(f"link:{who.agent.id}", TRIES):
        raise too_many()
    found = await linked.look(hub, code)
    if found is not None and not who.by_cookie:
        raise Refusal(403, "browser", "Sign in to the console to say who you are elsewhere; a token can't.")
    if found is not None and yes:
        found = await linked.become(hub, code, who.agent)
    if found is None:
        raise Refusal(404, "used", "This code is not right, was used, or is older than ten minutes.")
    return answer({"desk": found.desk, "person": found.person, "name": found.name, "linked": yes}, 201 if yes else 200)
