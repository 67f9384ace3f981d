"""How agents come in and go: one-time links, sign-in, sessions, API tokens, presence."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub import factors
from hub.assigning import soon
from hub.errors import Conflict, Malformed
from hub.limits import Rule
from hub.notices import one_line
from hub.roles import RIGHTS
from hub.runtime import Hub
from hub.signin import (
    ELSEWHERE,
    HERE,
    SESSION_S,
    TooManyTries,
    WeakPassword,
    check_password,
    device_proof,
    hash_of,
    hash_password,
    is_address,
    matches,
    new_secret,
    open_session,
    sign_in,
)
from hub.store.agent_facts import About, Login, Person
from widget.access import COOKIE, DEVICE_COOKIE, SECURE_COOKIE, Asker, guest_of, hub_of, is_secure, unknown
from widget.answers import Refusal, answer, json_of, whole, word

SMALL = 16_384
DEVICE_S = 180 * 86400
TOKEN_DAYS = 365
SETUPS = Rule(20, 600)
"""Tries to use one-time links, from one address."""
OWN_TRIES = Rule(10, 600)
"""Tries to change one's own password."""


def person_json(person: Person) -> dict[str, Any]:
    """An agent as colleagues see one: `present` only while a console is really open."""
    state = "present" if person.present else "away"
    return {"id": person.id, "name": person.name, "email": person.email, "role": person.role, "state": state}


def me_json(person: Person) -> dict[str, Any]:
    """An agent as they see themselves: the state that they chose."""
    return {**person_json(person), "state": person.state}


async def door(request: Request) -> Response:
    """GET /console/api/door: by what ways agents come in."""
    oidc = hub_of(request).access.oidc
    return answer({"single_sign_on": oidc.name if oidc else None})


async def setup(request: Request) -> Response:
    """POST /console/api/setup {token, email, name, password}: a one-time link becomes an agent with a password."""
    hub = hub_of(request)
    body = await from_page(request)
    guest = guest_of(request)
    if not await hub.limits.hit(f"setup:ip:{guest.address}", SETUPS):
        raise too_many()
    token = hash_of(word(body, "token", 200))
    if not await hub.store.agents.link_is_good(token):
        raise _used()
    email, name, password = word(body, "email", 190).strip(), word(body, "name", 100).strip(), word(body, "password", 4096)
    check_address(email)
    if not name:
        raise Malformed("name must not be empty")
    _check_password(password, email, name, email.split("@")[0])
    try:
        person = await hub.store.agents.use_link(token, email, name, await hash_password(password))
    except Conflict as exc:
        raise Refusal(409, "conflict", "An agent has this e-mail address already.") from exc
    if person is None:
        raise _used()
    await hub.store.agents.record(person.id, "setup", guest.address)
    if person.factor:
        return answer(me_json(person), 202)
    response = answer(me_json(person) | {"state": "present"}, 201)
    await let_in(request, response, person, HERE)
    return response


async def enter(request: Request) -> Response:
    """POST /console/api/session {email, password, code?}"""
    hub = hub_of(request)
    body = await from_page(request)
    try:
        person = await sign_in(hub.store, hub.limits, word(body, "email", 190), word(body, "password", 4096), guest_of(request))
        if person is None:
            raise Refusal(401, "credentials", "That address and password do not belong together.")
        if person.factor:
            await _check_code(hub, person, word(body, "code", 40).strip())
    except TooManyTries:
        raise too_many() from None
    response = answer(me_json(person) | {"state": "present"}, 201)
    await let_in(request, response, person, HERE)
    return response


async def _check_code(hub: Hub, person: Person, code: str) -> None:
    """Refuse who does not show a code after the password."""
    if not code:
        raise Refusal(401, "code_needed", "Give the code that your telephone shows, or a recovery code.")
    if not await factors.shown(hub.store, hub.limits, person, code, hub.now()):
        await hub.store.agents.record(person.id, "factor.failed")
        raise Refusal(401, "code", "This code is not right, or was used already.")


async def let_in(request: Request, response: Response, person: Person, how: str) -> None:
    """A new session, never one that came with the request. Who signs in is there."""
    hub = hub_of(request)
    await hub.store.agents.be(person.id, "present")
    browser = request.headers.get("user-agent", "")
    about = About(how, one_line(browser, 100), guest_of(request).address)
    secret, secure = await open_session(hub.store.agents, person.id, about), is_secure(request)
    options: dict[str, Any] = {"httponly": True, "samesite": "strict", "secure": secure}
    response.set_cookie(SECURE_COOKIE if secure else COOKIE, secret, max_age=int(SESSION_S), path="/", **options)
    proof = device_proof(hub.store.secret, person.email)
    response.set_cookie(DEVICE_COOKIE, proof, max_age=DEVICE_S, path="/console/api/session", **options)
    await tell_presence(hub, person, "present")


async def leave(request: Request, who: Asker) -> Response:
    """DELETE /console/api/session"""
    hub = hub_of(request)
    await hub.store.agents.close_login(who.agent.id, [who.hash])
    if who.by_cookie:
        await hub.store.agents.be(who.agent.id, "away")
        await tell_presence(hub, who.agent, "away")
    await hub.store.agents.record(who.agent.id, "signout")
    response = Response(status_code=204)
    secure = is_secure(request)
    response.delete_cookie(SECURE_COOKIE if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="strict")
    return response


async def me(request: Request, who: Asker) -> Response:
    """GET /console/api/me"""
    hub = hub_of(request)
    return answer(
        {
            **me_json(who.agent),
            "teams": sorted(hub.routing.teams),
            "epoch": hub.store.epoch,
            "rights": sorted(who.rights),
            "factor": who.agent.factor,
            "needs_factor": who.lacks_factor,
            "single": who.about.how == ELSEWHERE,
        }
    )


async def presence(request: Request, who: Asker) -> Response:
    """PUT /console/api/me/presence {state}"""
    hub = hub_of(request)
    state = word(await json_of(request, SMALL), "state", 16)
    if state not in ("present", "away"):
        raise Malformed("state must be present or away")
    await hub.store.agents.be(who.agent.id, state)
    await tell_presence(hub, who.agent, state)
    return answer({**me_json(who.agent), "state": state})


async def tell_presence(hub: Hub, person: Person, state: str) -> None:
    """Let colleagues' consoles know; who came may be given what waits."""
    by = {"kind": "agent", "id": person.id, "name": person.name}
    await hub.live.poke(ephemeral=[{"t": "eph", "k": "presence", "by": by, "state": state, "console": True}])
    if state == "present":
        await soon(hub)


async def change_password(request: Request, who: Asker) -> Response:
    """PUT /console/api/me/password {old, new}: every other session and token ends."""
    hub = hub_of(request)
    body = await json_of(request, SMALL)
    if not await hub.limits.hit(f"password:{who.agent.id}", OWN_TRIES):
        raise too_many()
    known = await hub.store.agents.secret_of(who.agent.email)
    if known is None or not await matches(word(body, "old", 4096), known[1]):
        raise Refusal(403, "credentials", "The old password is not right.")
    password = word(body, "new", 4096)
    _check_password(password, who.agent.email, who.agent.name, who.agent.email.split("@")[0])
    await hub.store.agents.set_password(who.agent.id, await hash_password(password), who.hash)
    await hub.store.agents.record(who.agent.id, "password")
    return Response(status_code=204)


async def sessions(request: Request, who: Asker) -> Response:
    """GET /console/api/me/sessions: one's own sessions and API tokens."""
    found = await hub_of(request).store.agents.logins(who.agent.id)
    return answer({"items": [_login_json(login, who) for login in found]})


def _login_json(login: Login, who: Asker) -> dict[str, Any]:
    times = {"created_at": login.at.isoformat(), "used_ms": login.used_ms, "expires_ms": login.expires_ms}
    about = {"label": login.about.label, "address": login.about.address, "rights": list(login.about.rights)}
    return {"id": login.hash[:32], "kind": login.kind, **times, **about, "current": login.hash == who.hash}


async def end_session(request: Request, who: Asker) -> Response:
    """DELETE /console/api/me/sessions/{id}"""
    agents = hub_of(request).store.agents
    wanted = request.path_params["id"]
    hashes = [login.hash for login in await agents.logins(who.agent.id) if login.hash[:32] == wanted]
    if not hashes:
        raise unknown()
    await agents.close_login(who.agent.id, hashes)
    await agents.record(who.agent.id, "session.ended")
    return Response(status_code=204)


async def new_token(request: Request, who: Asker) -> Response:
    """POST /console/api/me/tokens {name?, rights?, days?}: an API token with one's own role, or less; shown this once."""
    agents = hub_of(request).store.agents
    body = await json_of(request, SMALL)
    name, rights, days = word(body, "name", 60).strip(), body.get("rights") or [], whole(body, "days", TOKEN_DAYS)
    if not isinstance(rights, list) or any(one not in RIGHTS for one in rights):
        raise Malformed(f"rights must be a list of {', '.join(RIGHTS)}")
    if not 1 <= days <= TOKEN_DAYS:
        raise Malformed(f"days must be 1 to {TOKEN_DAYS}")
    if lacking := [one for one in rights if one not in who.rights]:
        raise Refusal(403, "role", f"Your role, {who.agent.role}, may not give what it has not: {', '.join(lacking)}.")
    secret = new_secret()
    about = About(label=one_line(name, 60), rights=tuple(dict.fromkeys(rights)))
    await agents.open_login("token", who.agent.id, hash_of(secret), days * 86400.0, about)
    await agents.record(who.agent.id, "token", detail=" ".join(about.rights))
    return answer({"token": secret, "expires_s": days * 86400}, 201)


async def from_page(request: Request) -> dict[str, Any]:
    """The body of a call without a session: only pages of ours can send it, because its type needs a preflight elsewhere."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal(415, "type", "Send application/json.")
    return await json_of(request, SMALL)


def check_address(email: str) -> None:
    """Raise `Malformed` for what can't be an e-mail address."""
    if not is_address(email):
        raise Malformed("email must be an e-mail address")


def _check_password(password: str, *about: str) -> None:
    try:
        check_password(password, *about)
    except WeakPassword as exc:
        raise Refusal(422, "password", str(exc)) from exc


def _used() -> Refusal:
    return Refusal(403, "used", "This link was used already or is too old. Ask for a new one.")


def too_many() -> Refusal:
    return Refusal(429, "slow_down", "Too many tries. Wait some minutes.", retry_after=120)
