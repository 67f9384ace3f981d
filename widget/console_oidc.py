"""Single sign-on: to the provider and back. What the browser keeps meanwhile is signed, short-lived and good once."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.limits import Rule
from hub.oidc import STATE_S, Begun, NotLetIn, come_in
from hub.runtime import Hub
from hub.signin import ELSEWHERE, hash_of
from widget.access import guest_of, hub_of, is_secure, unknown
from widget.console_session import let_in, too_many

if TYPE_CHECKING:
    from hub.oidc_provider import Provider

COOKIE, SECURE_COOKIE = "fd_oidc", "__Host-fd_oidc"
TRIES = Rule(60, 600)
"""Ways to the provider and back, from one address."""


async def begin(request: Request) -> Response:
    """GET /console/api/oidc: to the provider."""
    hub = hub_of(request)
    provider = _provider(request)
    await _throttle(request, hub)
    try:
        begun = await provider.begin()
    except NotLetIn as exc:
        return await _back(hub, exc)
    await hub.store.agents.open_login("oidc", "", hash_of(begun.state), STATE_S)
    response = RedirectResponse(begun.url, 302, {"cache-control": "no-store"})
    secure = is_secure(request)
    options: dict[str, Any] = {"httponly": True, "samesite": "lax", "secure": secure, "max_age": int(STATE_S), "path": "/"}
    response.set_cookie(SECURE_COOKIE if secure else COOKIE, _sealed(hub, begun), **options)
    return response


async def back(request: Request) -> Response:
    """GET /console/api/oidc/back?code=&state=: the provider has sent somebody back."""
    hub = hub_of(request)
    provider = _provider(request)
    await _throttle(request, hub)
    try:
        begun = _opened(hub, request.cookies.get(SECURE_COOKIE if is_secure(request) else COOKIE, ""))
        given = request.query_params.get("state", "")
        if begun is None or not hmac.compare_digest(begun.state.encode(), given.encode(errors="replace")):
            raise NotLetIn("state", "this browser did not ask to come in")
        if not await hub.store.factors.take("oidc", hash_of(begun.state)):
            raise NotLetIn("state", "this way in was used, or took too long")
        if "code" not in request.query_params:
            raise NotLetIn("refused", f"the provider says: {request.query_params.get('error', 'nothing')[:40]}")
        proved = await provider.finish(request.query_params["code"][:4096], begun)
        person = await come_in(hub.store, hub.access, proved)
    except NotLetIn as exc:
        return await _back(hub, exc, guest_of(request).address)
    await hub.store.agents.record(person.id, "signin.oidc", guest_of(request).address)
    response = RedirectResponse("/console/", 302, {"cache-control": "no-store"})
    await let_in(request, response, person, ELSEWHERE)
    _forget(request, response)
    return response


def _provider(request: Request) -> Provider:
    state, hub = request.app.state, hub_of(request)
    if hub.access.oidc is None:
        raise unknown()
    if not hasattr(state, "provider"):
        from hub.oidc_provider import Provider  # with the cryptography behind it 8 MiB, which most installations never need

        state.provider = Provider(hub.access.oidc, hub.public_url)
    provider: Provider = state.provider
    return provider


async def _throttle(request: Request, hub: Hub) -> None:
    if not await hub.limits.hit(f"oidc:ip:{guest_of(request).address}", TRIES):
        raise too_many()


async def _back(hub: Hub, exc: NotLetIn, address: str = "") -> Response:
    """To the sign-in page, which says what went wrong."""
    await hub.store.agents.record("", "signin.oidc.failed", address, f"{exc.code}: {exc}")
    return RedirectResponse(f"/console/#problem={quote(exc.code)}", 302, {"cache-control": "no-store"})


def _forget(request: Request, response: Response) -> None:
    secure = is_secure(request)
    response.delete_cookie(SECURE_COOKIE if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def _sealed(hub: Hub, begun: Begun) -> str:
    body = base64.urlsafe_b64encode(orjson.dumps([begun.state, begun.nonce, begun.verifier])).decode()
    return f"{body}.{_mac(hub, body)}"


def _opened(hub: Hub, sealed: str) -> Begun | None:
    body, _, mac = sealed[:2000].partition(".")
    if not hmac.compare_digest(_mac(hub, body).encode(), mac.encode(errors="replace")):
        return None
    state, nonce, verifier = orjson.loads(base64.urlsafe_b64decode(body))
    return Begun("", state, nonce, verifier)


def _mac(hub: Hub, body: str) -> str:
    return hmac.new(hub.store.secret, f"oidc\0{body}".encode(), sha256).hexdigest()
