"""An agent's second factor: set up with a picture to scan, confirmed by its first code, given up with the password."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub import factors
from hub.runtime import Hub
from hub.signin import TooManyTries, matches
from widget.access import Asker, hub_of
from widget.answers import Refusal, answer, json_of, word
from widget.console_session import OWN_TRIES, SMALL, too_many


async def state(request: Request, who: Asker) -> Response:
    """GET /console/api/me/factor"""
    hub = hub_of(request)
    left = await hub.store.factors.left(who.agent.id) if who.agent.factor else 0
    return answer({"on": who.agent.factor, "needed": hub.access.needs_factor(who.agent.role), "codes_left": left})


async def begin(request: Request, who: Asker) -> Response:
    """POST /console/api/me/factor {password}: a secret for a device; it counts once a code of it was shown."""
    hub = hub_of(request)
    await _themselves(hub, who, word(await json_of(request, SMALL), "password", 4096))
    offer = await factors.begin(hub.store, who.agent)
    if offer is None:
        raise Refusal(409, "factor_on", "A second factor is set up already.")
    return answer({"secret": offer.secret, "uri": offer.uri, "picture": offer.picture}, 201)


async def confirm(request: Request, who: Asker) -> Response:
    """PUT /console/api/me/factor {code}: from now on it is asked for; answers with the recovery codes, this once."""
    hub = hub_of(request)
    code = word(await json_of(request, SMALL), "code", 40)
    _in_browser(who)
    try:
        codes = await factors.confirm(hub.store, hub.limits, who.agent, code, hub.now())
    except TooManyTries:
        raise too_many() from None
    if codes is None:
        raise Refusal(422, "code", "This code is not right. Is the telephone's clock right?")
    await hub.store.agents.record(who.agent.id, "factor.on")
    return answer({"codes": codes})


async def codes(request: Request, who: Asker) -> Response:
    """POST /console/api/me/factor/codes {password}: new recovery codes for the old ones."""
    hub = hub_of(request)
    await _themselves(hub, who, word(await json_of(request, SMALL), "password", 4096))
    if not who.agent.factor:
        raise Refusal(409, "factor_off", "No second factor is set up.")
    await hub.store.agents.record(who.agent.id, "factor.codes")
    return answer({"codes": await factors.renew(hub.store, who.agent)}, 201)


async def drop(request: Request, who: Asker) -> Response:
    """DELETE /console/api/me/factor {password}: the password alone will do; other sessions and tokens end."""
    hub = hub_of(request)
    await _themselves(hub, who, word(await json_of(request, SMALL), "password", 4096))
    if hub.access.needs_factor(who.agent.role):
        raise Refusal(409, "factor_needed", "Your role needs a second factor.")
    await hub.store.factors.drop(who.agent.id, who.hash)
    await hub.store.agents.record(who.agent.id, "factor.off")
    return Response(status_code=204)


async def _themselves(hub: Hub, who: Asker, password: str) -> None:
    """Whoever found an open browser is not its agent: ask for the password, of agents who have one."""
    _in_browser(who)
    if not await hub.limits.hit(f"password:{who.agent.id}", OWN_TRIES):
        raise too_many()
    known = await hub.store.agents.secret_of(who.agent.email)
    if known is None or (known[1] and not await matches(password, known[1])):
        raise Refusal(403, "credentials", "The password is not right.")


def _in_browser(who: Asker) -> None:
    if not who.by_cookie:
        raise Refusal(403, "browser", "A second factor is set up in the console, not by a program.")
