"""Access tokens as WeChat gives them: stable ones, which are the same for everybody until one is forced, and ordinary ones, of
which the one before stays good for five minutes. Neither kind spoils the other (getStableAccessToken, getAccessToken)."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.wechat_callbacks import APP_ID, SECRET

FORCED_A_DAY, FORCED_APART_S, GRACE_S, DAY_S = 20, 30.0, 300.0, 86_400.0


class Tokens:
    """One account's, on the server's clock."""

    def __init__(self, clock: Callable[[], float], calls: Counter[str]) -> None:
        self.stable = _fresh()
        self._clock, self._calls = clock, calls
        self._ordinary = ""
        self._before: dict[str, float] = {}
        """Ordinary tokens that others came after → until when each is good all the same."""
        self._forced: list[float] = []
        self._revoked = ""

    def routes(self) -> list[Route]:
        """Where they are asked for."""
        return [
            Route("/cgi-bin/stable_token", self._stable, methods=["POST"]),
            Route("/cgi-bin/token", self._ordinary_one, methods=["GET"]),
        ]

    async def _stable(self, request: Request) -> Response:
        self._calls["token"] += 1
        asked = orjson.loads(await request.body())
        if (asked["appid"], asked["secret"]) != (APP_ID, SECRET):
            return error(40125, "invalid appsecret")
        if asked.get("force_refresh"):
            self._calls["forced"] += 1
            if not self.force():
                return error(45009, "reach max api daily quota limit")
        return JSONResponse({"access_token": self.stable, "expires_in": 7200})

    async def _ordinary_one(self, request: Request) -> Response:
        if (request.query_params["appid"], request.query_params["secret"]) != (APP_ID, SECRET):
            return error(40125, "invalid appsecret")
        return JSONResponse({"access_token": self.ordinary(), "expires_in": 7200})

    def ordinary(self) -> str:
        """Each call makes another one."""
        self._before[self._ordinary] = self._clock() + GRACE_S
        self._ordinary = _fresh()
        # Only the one before has its grace: an older one is over.
        self._before = dict(list(self._before.items())[-1:])
        return self._ordinary

    def force(self) -> bool:
        """Make another stable token. False: it was done twenty times today. Too soon after the last one, nothing changes."""
        now = self._clock()
        self._forced = [at for at in self._forced if now - at < DAY_S]
        if self._forced and now - self._forced[-1] < FORCED_APART_S:
            return True
        if len(self._forced) >= FORCED_A_DAY:
            return False
        self._forced.append(now)
        self.spoil()
        return True

    def spoil(self) -> None:
        """Somebody else had a stable token made: the one before is over."""
        self.stable = _fresh()

    def revoke(self) -> None:
        """The stable token that everybody is given is good for nothing until somebody forces another."""
        self._revoked = self.stable

    def good(self, token: str) -> bool:
        """Whether a call with this token is taken."""
        if token in ("", self._revoked):
            return False
        return token in (self.stable, self._ordinary) or self._clock() < self._before.get(token, 0.0)


def _fresh() -> str:
    return f"T{secrets.token_hex(40)}"


def error(code: int, message: str) -> Response:
    """How WeChat refuses: with 200."""
    return JSONResponse({"errcode": code, "errmsg": message})
