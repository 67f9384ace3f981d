"""Installing a desk's app into a workspace: to the platform's page and back, beginning with a one-time link alone.

The state is signed, short-lived, good once, and bound to the browser that began.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from hub.installing import STATE, STATE_S, TICKET, installed
from hub.installs import NotInstalled, SupportsInstall
from hub.limits import Rule
from hub.metrics import INSTALLS
from hub.model import DeskName
from hub.runtime import Hub
from hub.signin import hash_of, new_secret
from hub.store.agent_facts import About
from widget.access import guest_of, hub_of, is_secure, unknown
from widget.connect_page import page
from widget.console_session import too_many

log = structlog.get_logger()
COOKIE, SECURE_COOKIE = "fd_connect", "__Host-fd_connect"
NO_STORE = {"cache-control": "no-store"}
LONGEST = 1024
TRIES = Rule(60, 600)
"""Ways to the platform and back, from one address."""


def connect_routes() -> list[BaseRoute]:
    """The two addresses of the way."""
    return [
        Route("/connect/{name}/install", begin, methods=["GET"]),
        Route("/connect/{name}/back", back, methods=["GET"]),
    ]


async def begin(request: Request) -> Response:
    """GET /connect/{name}/install?ticket=: to the platform's page."""
    hub, name, desk = await _asked(request)
    if request.method == "HEAD":  # who only looks whether the link is there must not use it up
        return Response(headers={"cache-control": "no-store"})
    found = await hub.store.workspaces.spend(TICKET, hash_of(request.query_params.get("ticket", "")[:LONGEST]))
    if found is None or found.label != name:
        return _told(request, desk, name, NotInstalled("link", "the link is not good"))
    secret, nonce = new_secret(), new_secret()
    await hub.store.agents.open_login(STATE, found.agent_id, hash_of(secret), STATE_S, About(label=name))
    response = RedirectResponse(desk.authorize(f"{secret}.{_mac(hub, name, secret, nonce)}", _back(hub, name)), 302, NO_STORE)
    secure = is_secure(request)
    options: dict[str, Any] = {"httponly": True, "samesite": "lax", "secure": secure, "max_age": int(STATE_S), "path": "/"}
    response.set_cookie(SECURE_COOKIE if secure else COOKIE, nonce, **options)
    return response


async def back(request: Request) -> Response:
    """GET /connect/{name}/back?code=&state=: the platform has sent an admin back."""
    hub, name, desk = await _asked(request)
    if request.method == "HEAD":
        return Response(headers=NO_STORE)
    try:
        agent = await _proved(request, hub, name)
        if "code" not in request.query_params:
            denied = request.query_params.get("error") == "access_denied"
            raise NotInstalled("cancelled" if denied else "refused", "nothing was granted")
        grant = await desk.exchange(request.query_params["code"][:LONGEST], _back(hub, name))
        await installed(hub, name, grant, agent)
    except NotInstalled as exc:
        return _told(request, desk, name, exc)
    INSTALLS.labels(name, "installed").inc()
    facts = {"name": grant.name, "lines": desk.lines(grant.workspace), "desk": name}
    response = page(request, desk, "done", 200, facts, desk.missing(grant.scopes))
    secure = is_secure(request)
    response.delete_cookie(SECURE_COOKIE if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
    return response


async def _asked(request: Request) -> tuple[Hub, DeskName, SupportsInstall]:
    """The desk that is to be installed; one that can't be does not exist."""
    hub, name = hub_of(request), DeskName(request.path_params["name"])
    desk = hub.desks.get(name)
    if hub.installs is None or not isinstance(desk, SupportsInstall):
        raise unknown()
    if not await hub.limits.hit(f"connect:ip:{guest_of(request).address}", TRIES):
        raise too_many()
    return hub, name, desk


async def _proved(request: Request, hub: Hub, name: DeskName) -> str:
    """The agent who began this in this browser, within ten minutes, and has not come back yet; empty for the command line."""
    nonce = request.cookies.get(SECURE_COOKIE if is_secure(request) else COOKIE, "")[:LONGEST]
    secret, _, mac = request.query_params.get("state", "")[:LONGEST].partition(".")
    if not nonce or not hmac.compare_digest(_mac(hub, name, secret, nonce).encode(), mac.encode(errors="replace")):
        raise NotInstalled("state", "this browser did not begin it")
    found = await hub.store.workspaces.spend(STATE, hash_of(secret))
    if found is None or found.label != name:
        raise NotInstalled("state", "it was used, or took too long")
    return found.agent_id


def _mac(hub: Hub, name: DeskName, secret: str, nonce: str) -> str:
    """Ties a state to its desk and to the browser that keeps the nonce."""
    said = f"connect\0{name}\0{secret}\0{nonce}".encode(errors="replace")
    return hmac.new(hub.store.secret, said, sha256).hexdigest()


def _back(hub: Hub, name: DeskName) -> str:
    return f"{hub.public_url}/connect/{name}/back"


def _told(request: Request, desk: SupportsInstall, name: DeskName, exc: NotInstalled) -> Response:
    """The page that says why nothing was installed, and what to do."""
    INSTALLS.labels(name, exc.code).inc()
    log.warning("workspace.not_installed", desk=name, code=exc.code, why=str(exc))
    status = {"away": 502, "cancelled": 200}.get(exc.code, 403 if exc.code in ("link", "state") else 400)
    return page(request, desk, exc.code, status, {"why": str(exc), "desk": name}, {})
