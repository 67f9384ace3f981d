"""Who asks: a console session by cookie or a program by token, with the role that the agent has at this moment."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from hub.runtime import Hub
from hub.signin import Guest, hash_of
from hub.store.agents import Person
from widget.answers import Refusal
from widget.visitors import address_of

COOKIE, SECURE_COOKIE = "fd_session", "__Host-fd_session"
DEVICE_COOKIE = "fd_device"
HEADER = "x-frontdesk"
ID = re.compile(r"[0-9a-f]{32}")
READERS = frozenset({"admin", "supervisor", "agent", "viewer"})
WRITERS = frozenset({"admin", "supervisor", "agent"})
LEADERS = frozenset({"admin", "supervisor"})
ADMINS = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class Asker:
    """The agent behind a request; `hash` names the login in the store."""

    agent: Person
    hash: str
    by_cookie: bool


Handler = Callable[[Request, Asker], Awaitable[Response]]


def hub_of(connection: HTTPConnection) -> Hub:
    """The hub that the process has opened."""
    hub: Hub = connection.app.state.hub
    return hub


def is_secure(connection: HTTPConnection) -> bool:
    """Whether the browser came by https, as far as we or the proxy in front of us can tell."""
    public = urlsplit(hub_of(connection).public_url)
    by_name = public.scheme == "https" and connection.headers.get("host", "") == public.netloc
    return connection.url.scheme in ("https", "wss") or by_name


def guest_of(connection: HTTPConnection) -> Guest:
    """Whoever wants to sign in."""
    address = address_of(connection, connection.app.state.settings.trusted_proxies)
    return Guest(address, connection.cookies.get(DEVICE_COOKIE, "")[:200])


def _secret_of(connection: HTTPConnection) -> tuple[str, bool]:
    """The secret that came along, and whether a browser sent it on its own."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip(), False
    return connection.cookies.get(SECURE_COOKIE if is_secure(connection) else COOKIE, ""), True


async def asker(connection: HTTPConnection) -> Asker | None:
    """Who asks; None when nobody is signed in. Being asked counts as use of a session."""
    secret, by_cookie = _secret_of(connection)
    if not secret or len(secret) > 200:
        return None
    agents = hub_of(connection).store.agents
    hash = hash_of(secret)
    found = (await agents.standing([hash])).get(hash)
    if found is None or (found.kind == "session") != by_cookie:
        return None
    if found.resting:
        await agents.used([hash])
    return Asker(found.agent, hash, by_cookie)


def from_here(connection: HTTPConnection) -> bool:
    """Whether a browser's socket was opened by a page of ours; programs send no Origin."""
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    public = urlsplit(hub_of(connection).public_url)
    try:
        theirs = urlsplit(origin).netloc
    except ValueError:
        return False
    return theirs in (connection.headers.get("host", ""), public.netloc) and bool(theirs)


def known(handler: Handler, roles: frozenset[str] = READERS) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for agents with one of `roles`."""

    async def guarded(request: Request) -> Response:
        who = await asker(request)
        if who is None:
            raise Refusal(401, "signed_out", "Please sign in.")
        if who.by_cookie and request.method not in ("GET", "HEAD") and not _meant(request):
            raise Refusal(403, "header", "Calls that change something need the header X-Frontdesk: 1.")
        if who.agent.role not in roles:
            await hub_of(request).store.agents.record(who.agent.id, "refused", f"{request.method} {request.url.path}")
            raise Refusal(403, "role", f"Your role, {who.agent.role}, may not do this.")
        return await handler(request, who)

    return guarded


def _meant(request: Request) -> bool:
    return hmac.compare_digest(request.headers.get(HEADER, "").encode(), b"1")


def unknown() -> Refusal:
    """The one answer for what does not exist and for what somebody may not see."""
    return Refusal(404, "unknown", "There is no such thing.")


def id_of(values: Any, name: str = "id") -> str:
    """One of our ids from outside; anything that can't be one does not exist."""
    value = values.get(name)
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise unknown()
    return value
