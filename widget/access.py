"""Who asks: a console session by cookie or a program by token, with the role that the agent has at this moment."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from config.settings import RateLimits
from hub.limits import Rule
from hub.roles import AccessRules, Right
from hub.runtime import Hub
from hub.signin import HERE, Guest, hash_of
from hub.store.agent_facts import About, Person, Standing
from widget.answers import Refusal
from widget.visitors import address_of

COOKIE, SECURE_COOKIE = "fd_session", "__Host-fd_session"
DEVICE_COOKIE = "fd_device"
HEADER = "x-frontdesk"
ID = re.compile(r"[0-9a-f]{32}")
Needed = Right | Literal["own", "enrol"]
"""What a call asks for: a right; nothing but being signed in; or not even the second factor that one's role needs."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The agent behind a request; `hash` names the login in the store."""

    agent: Person
    hash: str
    by_cookie: bool
    about: About
    rights: frozenset[Right]
    """What the role allows at this moment, within what the token is limited to."""
    lacks_factor: bool
    """Whether the role needs a second factor that this agent has not set up."""

    def may(self, needed: Needed) -> bool:
        """The one place where a right is asked for."""
        if self.lacks_factor:
            return needed == "enrol"
        return needed == "enrol" or (needed == "own" and not self.about.rights) or needed in self.rights


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
    return asker_of(hub_of(connection).access, found, hash)


def asker_of(rules: AccessRules, standing: Standing, hash: str) -> Asker:
    """A login that holds, with what its agent may do now."""
    rights = rules.rights_of(standing.agent.role)
    if standing.about.rights:
        rights &= frozenset(standing.about.rights)
    session = standing.kind == "session"
    lacks = session and standing.about.how == HERE and not standing.agent.factor and rules.needs_factor(standing.agent.role)
    return Asker(standing.agent, hash, session, standing.about, rights, lacks)


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


async def in_time(connection: HTTPConnection, who: Asker | None) -> bool:
    """Whether not too much is asked: by one login, as a whole office may share an address, or by an address where nobody is
    signed in."""
    limits: RateLimits = connection.app.state.settings.limits
    key = f"login:{who.hash}" if who is not None else f"ip:{guest_of(connection).address}"
    return await hub_of(connection).limits.hit(key, Rule(limits.requests_per_ip, 60))


def known(handler: Handler, needed: Needed) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for agents who may do what is `needed`."""

    async def guarded(request: Request) -> Response:
        who = await asker(request)
        if not await in_time(request, who):
            raise Refusal(429, "slow_down", "Too many calls; wait a little.", retry_after=30)
        if who is None:
            raise Refusal(401, "signed_out", "Please sign in.")
        if who.by_cookie and request.method not in ("GET", "HEAD") and not _meant(request):
            raise Refusal(403, "header", "Calls that change something need the header X-Frontdesk: 1.")
        if not who.may(needed):
            await hub_of(request).store.agents.record(who.agent.id, "refused", f"{request.method} {request.url.path}")
            raise not_allowed(who)
        return await handler(request, who)

    return guarded


def not_allowed(who: Asker) -> Refusal:
    """The answer to somebody who is signed in and may not do something."""
    if who.lacks_factor:
        return Refusal(403, "factor", "Your role needs a second factor: set one up first.")
    limited = " within what this token is for" if who.about.rights else ""
    return Refusal(403, "role", f"Your role, {who.agent.role}, may not do this{limited}.")


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
