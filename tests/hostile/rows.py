"""One row for every route: what a good request looks like, and who may send it. A route without a row fails the tests."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.hostile.process import AGENT_TOKEN, CALLER_SECRET, LEAVING_TOKEN, Knocked
from tests.servers.installation import HOOK_SECRET
from tests.servers.slack import SECRET
from tests.servers.slack_events import signed

PAYLOADS = Path(__file__).parents[1] / "payloads"
UPDATE = json.loads((PAYLOADS / "telegram" / "text.json").read_text("utf-8"))["update"]
EVENT = json.loads((PAYLOADS / "slack" / "reply.json").read_text("utf-8"))
API = "/console/api"
TALK = f"{API}/conversations/{{id}}"
Proof = Callable[["Known", bytes], dict[str, str]]


@dataclass(frozen=True)
class Known:
    """A customer with a session, and what exists in the process."""

    hub: Knocked
    token: str
    conversation: str
    app_token: str = ""

    def filled(self, path: str) -> str:
        """A route's path with things that exist."""
        thing = self.hub.agent if "/agents/" in path else self.hub.customer() if "/customers/" in path else self.conversation
        channel = "app" if path.endswith("/devices") else "web"
        return (
            path.replace("{id}", thing)
            .replace("{channel}", channel)
            .replace("{path:path}", "widget.js")
            .replace("{name}", "slack-workspaces")
        )


def known(hub: Knocked, conversation: str) -> Known:
    """A new customer."""
    web, app = [httpx.post(f"{hub.url}/chat/{channel}/session", json={}).json()["token"] for channel in ("web", "app")]
    return Known(hub, web, conversation, app)


def _nobody(who: Known, body: bytes) -> dict[str, str]:
    return {}


def _customer(who: Known, body: bytes) -> dict[str, str]:
    return {"authorization": f"Bearer {who.token}"}


def _app_customer(who: Known, body: bytes) -> dict[str, str]:
    return {"authorization": f"Bearer {who.app_token}"}


def _agent(who: Known, body: bytes) -> dict[str, str]:
    return {"authorization": f"Bearer {AGENT_TOKEN}"}


def _leaving(who: Known, body: bytes) -> dict[str, str]:
    return {"authorization": f"Bearer {LEAVING_TOKEN}"}


def _telegram(who: Known, body: bytes) -> dict[str, str]:
    return {"x-telegram-bot-api-secret-token": HOOK_SECRET}


def _caller(who: Known, body: bytes) -> dict[str, str]:
    return {"x-signature": hmac.new(CALLER_SECRET.encode(), body, hashlib.sha256).hexdigest()}


def _slack(who: Known, body: bytes) -> dict[str, str]:
    return signed(SECRET, body)


@dataclass(frozen=True)
class Row:
    """`good` makes a body that is taken; None when the route looks at none."""

    proof: Proof = _nobody
    good: Callable[[Known], dict[str, Any]] | None = None
    multipart: bool = False
    bare: bool = False
    """Whether no body is as good as an empty object."""

    @property
    def guarded(self) -> bool:
        """Whether a header or cookie says who asks."""
        return self.proof is not _nobody


def _fixed(**body: Any) -> Callable[[Known], dict[str, Any]]:
    return lambda who: dict(body)


def _poll(who: Known) -> dict[str, Any]:
    return {"tok": who.token, "since": 0, "page": "https://x", "up": [{"t": "send", "id": "m1", "d": {"text": "Hello?"}}]}


ACT = _fixed(id="a1")
ROWS: Mapping[tuple[str, str], Row] = {
    ("POST", "/chat/{channel}/session"): Row(good=_fixed(name="Ann", email="ann@example.com", lang="en"), bare=True),
    ("POST", "/chat/{channel}/poll"): Row(good=_poll),
    ("GET", "/chat/{channel}/history"): Row(_customer),
    ("POST", "/chat/{channel}/files"): Row(_customer, multipart=True),
    ("POST", "/chat/{channel}/devices"): Row(_app_customer, _fixed(kind="apns", token="0f" * 32, locale="en", timezone="UTC")),
    ("DELETE", "/chat/{channel}/devices/{id}"): Row(_customer),
    ("GET", "/chat/{channel}/unread"): Row(_customer),
    ("POST", "/chat/{channel}/transcript"): Row(_customer, _fixed(email="ann@example.com")),
    ("GET", "/chat/{channel}/socket"): Row(),
    ("POST", f"{API}/setup"): Row(good=_fixed(token="x", email="x@example.com", name="X", password="a long enough sentence")),
    ("POST", f"{API}/session"): Row(good=_fixed(email="x@example.com", password="x")),
    ("DELETE", f"{API}/session"): Row(_leaving),
    ("GET", f"{API}/me"): Row(_agent),
    ("PUT", f"{API}/me/presence"): Row(_agent, _fixed(state="away")),
    ("PUT", f"{API}/me/password"): Row(_agent, _fixed(old="x", new="a long enough sentence")),
    ("GET", f"{API}/me/sessions"): Row(_agent),
    ("DELETE", f"{API}/me/sessions/{{id}}"): Row(_agent),
    ("POST", f"{API}/me/tokens"): Row(_agent, _fixed(name="till", rights=["read"], days=30)),
    ("GET", f"{API}/me/factor"): Row(_agent),
    ("POST", f"{API}/me/factor"): Row(_agent, _fixed(password="x")),
    ("PUT", f"{API}/me/factor"): Row(_agent, _fixed(code="123456")),
    ("DELETE", f"{API}/me/factor"): Row(_agent, _fixed(password="x")),
    ("POST", f"{API}/me/factor/codes"): Row(_agent, _fixed(password="x")),
    ("DELETE", f"{API}/agents/{{id}}/factor"): Row(_agent),
    ("GET", f"{API}/roles"): Row(_agent),
    ("GET", f"{API}/desks"): Row(_agent),
    ("POST", f"{API}/desks/{{name}}/install"): Row(_agent),
    ("POST", f"{API}/me/links"): Row(_agent, _fixed(code="ABCDE-FGHJK", yes=True)),
    ("GET", "/connect/{name}/install"): Row(),
    ("GET", "/connect/{name}/back"): Row(),
    ("GET", f"{API}/reports"): Row(_agent),
    ("GET", f"{API}/reports/conversations"): Row(_agent),
    ("GET", f"{API}/reports/csv"): Row(_agent),
    ("GET", f"{API}/door"): Row(),
    ("GET", f"{API}/oidc"): Row(),
    ("GET", f"{API}/oidc/back"): Row(),
    ("GET", f"{API}/conversations"): Row(_agent),
    ("GET", TALK): Row(_agent),
    ("GET", f"{TALK}/entries"): Row(_agent),
    ("POST", f"{TALK}/entries"): Row(_agent, _fixed(id="a1", kind="note", text="A note.")),
    ("POST", f"{TALK}/resolve"): Row(_agent, ACT),
    ("POST", f"{TALK}/reopen"): Row(_agent, ACT),
    ("POST", f"{TALK}/assign"): Row(_agent, ACT),
    ("POST", f"{TALK}/snooze"): Row(_agent, _fixed(id="a1", until=None)),
    ("POST", f"{TALK}/priority"): Row(_agent, _fixed(id="a1", level=2)),
    ("POST", f"{TALK}/tags"): Row(_agent, _fixed(id="a1", add=["vip"])),
    ("POST", f"{TALK}/block"): Row(_agent, _fixed(id="a1", reason="spam")),
    ("POST", f"{TALK}/unblock"): Row(_agent, ACT),
    ("POST", f"{TALK}/merge"): Row(_agent, _fixed(id="a1", other="0" * 32)),
    ("POST", f"{TALK}/part"): Row(_agent, _fixed(id="a1")),
    ("POST", f"{TALK}/undo"): Row(_agent, _fixed(id="a1", of="a0")),
    ("POST", f"{TALK}/translate"): Row(_agent, _fixed(id="a1", on=True)),
    ("POST", f"{TALK}/read"): Row(_agent, _fixed(n=1)),
    ("POST", f"{API}/deliveries/{{id}}/resend"): Row(_agent, ACT),
    ("POST", f"{API}/files"): Row(_agent, multipart=True),
    ("GET", f"{TALK}/draft"): Row(_agent),
    ("PUT", f"{TALK}/draft"): Row(_agent, _fixed(text="Half a line")),
    ("GET", f"{TALK}/canned"): Row(_agent),
    ("POST", f"{API}/bulk"): Row(_agent, _fixed(id="a1", conversations=["0" * 32], do={"kind": "resolve"})),
    ("GET", f"{API}/search"): Row(_agent),
    ("GET", f"{API}/reach"): Row(_agent),
    ("POST", f"{API}/conversations"): Row(_agent, _fixed(id="n1", channel="telegram", identity="0" * 32, text="Hello")),
    ("GET", f"{API}/workbench"): Row(_agent),
    ("GET", f"{API}/me/drafts"): Row(_agent),
    ("GET", f"{API}/me/views"): Row(_agent),
    ("PUT", f"{API}/me/views"): Row(_agent, _fixed(items=[])),
    ("GET", f"{API}/views"): Row(_agent),
    ("PUT", f"{API}/views"): Row(_agent, _fixed(items=[])),
    ("PUT", f"{API}/me/capacity"): Row(_agent, _fixed(most=3)),
    ("GET", f"{API}/customers"): Row(_agent),
    ("GET", f"{API}/agents"): Row(_agent),
    ("POST", f"{API}/agents"): Row(_agent, _fixed(email="new@example.com", name="New", role="agent")),
    ("PATCH", f"{API}/agents/{{id}}"): Row(_agent, _fixed(name="Bo")),
    ("POST", f"{API}/agents/{{id}}/link"): Row(_agent),
    ("GET", f"{API}/customers/{{id}}"): Row(_agent),
    ("POST", f"{API}/customers/{{id}}/link"): Row(_agent, _fixed(other="0" * 32, reason="the same person")),
    ("POST", f"{API}/links/{{id}}/undo"): Row(_agent, _fixed(reason="two people")),
    ("GET", f"{API}/parked"): Row(_agent),
    ("POST", f"{API}/parked/{{id}}/replay"): Row(_agent),
    ("GET", f"{API}/audit"): Row(_agent),
    ("GET", "/console/socket"): Row(),
    ("GET", "/healthz"): Row(),
    ("GET", "/readyz"): Row(),
    ("GET", "/metrics"): Row(),
    ("GET", "/demo"): Row(),
    ("GET", "/"): Row(),
    ("GET", "/widget.js"): Row(),
    ("GET", "/static/{path:path}"): Row(),
    ("GET", "/w/{channel}"): Row(),
    ("GET", "/console"): Row(),
    ("GET", "/console/"): Row(),
    ("GET", "/files/{id}"): Row(),
    ("GET", "/docs"): Row(),
    ("GET", "/openapi.json"): Row(),
    ("POST", "/hooks/telegram"): Row(_telegram, lambda who: UPDATE),
    ("POST", "/hooks/slack"): Row(_slack, lambda who: EVENT),
    ("POST", "/hooks/slack-workspaces"): Row(_slack, lambda who: EVENT),
    ("POST", "/hooks/app"): Row(good=lambda who: UPDATE),
    ("POST", "/hooks/webhook"): Row(_caller, _fixed(**{"id": "m1", "from": {"id": 7}, "text": "Hello?"})),
    ("POST", "/hooks/wechat"): Row(good=lambda who: UPDATE),  # signs its address: tests/connectors/test_wechat_seals.py
    ("POST", "/hooks/miniprogram"): Row(good=lambda who: UPDATE),  # as WeChat's own
    ("POST", "/hooks/wecom-kf"): Row(good=lambda who: UPDATE),
    ("POST", "/hooks/nobody"): Row(good=lambda who: UPDATE),
    ("POST", "/hooks/web"): Row(good=lambda who: UPDATE),
}
"""Every route with one of its methods, and the places that hooks come to, by the names that the installation of the tests has."""
SOCKETS = {path for _, path in ROWS if path.endswith("/socket")}
