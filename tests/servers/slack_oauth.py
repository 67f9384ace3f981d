"""Slack's OAuth as an app meets it: the admin's page, the exchange of codes, further workspaces, and the app's removal."""

from __future__ import annotations

import base64
import functools
import itertools
import secrets
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.servers.slack_events import Told
from tests.servers.slack_people import Elsewhere, People
from tests.servers.slack_workspace import APP, BOT_USER, Accepted, Workspace

CLIENT_ID, CLIENT_SECRET = "123456.789012", "a-client-secret-of-the-tests"


class Installing(People):
    """The half of the server that knows which workspaces have installed the app, by which tokens."""

    def begin(self) -> None:
        """Nobody has installed it yet."""
        self.tokens: dict[str, Workspace] = {}
        self.revoked: set[str] = set()
        self.granted: dict[str, list[str]] = {}
        """Scopes of a token, where they are not all."""
        self.elsewhere: dict[str, Elsewhere] = {}
        self.grants: list[str] | None = None
        """Scopes that admins grant; None: all that are asked for."""
        self.admin_of = ""
        """The workspace whose admin looks at Slack's page; empty: they press Cancel."""
        self.odd: dict[str, Any] = {}
        """What stands in the next answers to an exchange beside the usual."""
        self._codes: dict[str, tuple[str, str, list[str]]] = {}
        self._turn = itertools.count(1)

    def more(self, team: str, name: str) -> Elsewhere:
        """One more workspace, which has not installed the app yet."""
        workspace = Workspace(Accepted(None), team, name, told=functools.partial(self._told, team))
        workspace.people = {id: dict(one) for id, one in self.workspace.people.items()}
        self.elsewhere[team] = Elsewhere(self, workspace)
        return self.elsewhere[team]

    def _told(self, team: str, event: dict[str, Any]) -> Any:
        return self._tell(event, team)  # type: ignore[attr-defined]

    def token_of(self, team: str) -> str:
        """The token that serves in a workspace; empty where none does."""
        return next((token for token, one in self.tokens.items() if one.team == team), "")

    async def authorize(self, request: Request) -> Response:
        """GET /oauth/v2/authorize: the admin's page, and what they press."""
        asked = request.query_params
        if asked["client_id"] != CLIENT_ID:
            return JSONResponse({"error": "invalid_client_id"}, 400)
        if not self.admin_of:
            answer = {"error": "access_denied", "state": asked["state"]}
        else:
            code = f"{secrets.token_hex(8)}.{next(self._turn)}"
            scopes = asked["scope"].split(",") if self.grants is None else self.grants
            self._codes[code] = (self.admin_of, asked["redirect_uri"], scopes)
            answer = {"code": code, "state": asked["state"]}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def access(self, request: Request) -> Response:
        """POST /api/oauth.v2.access: a code works once, for the address that it was asked for."""
        given = dict(await request.form())
        proof = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {proof}":
            return JSONResponse({"ok": False, "error": "bad_client_secret"})
        found = self._codes.pop(str(given.get("code")), None)
        if found is None:
            return JSONResponse({"ok": False, "error": "invalid_code"})
        team, back, scopes = found
        if given.get("redirect_uri") != back:
            return JSONResponse({"ok": False, "error": "bad_redirect_uri"})
        workspace = self.elsewhere[team].workspace
        token = f"xoxb-{team}-{next(self._turn)}"
        for old in [one for one, there in self.tokens.items() if there is workspace]:
            self._revoke(old)
        self.tokens[token], self.granted[token] = workspace, scopes
        own = {"app_id": APP, "authed_user": {"id": "U1ANNA"}, "scope": ",".join(scopes), "token_type": "bot"}
        own |= {"access_token": token, "bot_user_id": BOT_USER, "team": {"id": team, "name": workspace.name}}
        return JSONResponse({"ok": True, **own, "enterprise": None, "is_enterprise_install": False, **self.odd})

    def _revoke(self, token: str) -> None:
        self.revoked.add(token)
        self.tokens.pop(token, None)

    def uninstall(self, team: str, at: int = 0) -> tuple[Told, Told]:
        """An admin removes the app: its token serves no more, and Slack tells of both."""
        self._revoke(self.token_of(team))
        gone = self.sender.event({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}}, team, at)
        return gone, self.sender.event({"type": "app_uninstalled"}, team, at)
