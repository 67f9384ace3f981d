"""The console's routes: what agents may ask for and do, by role. Every action of the console is one of these calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from widget import console_acts as acts
from widget import console_admin as admin
from widget import console_bulk as bulk
from widget import console_change as change
from widget import console_customers as customers
from widget import console_find as find
from widget import console_own as own
from widget import console_session as session
from widget import console_view as view
from widget.access import ADMINS, LEADERS, READERS, WRITERS, Handler, known
from widget.console_socket import console_socket

API = "/console/api"
ONE = f"{API}/conversations/{{id}}"
OPEN: tuple[tuple[str, str, Callable[[Request], Awaitable[Response]]], ...] = (
    ("POST", f"{API}/setup", session.setup),
    ("POST", f"{API}/session", session.enter),
)
"""Calls of people who have not signed in yet."""
CALLS: tuple[tuple[str, str, Handler, frozenset[str]], ...] = (
    ("DELETE", f"{API}/session", session.leave, READERS),
    ("GET", f"{API}/me", session.me, READERS),
    ("PUT", f"{API}/me/presence", session.presence, READERS),
    ("PUT", f"{API}/me/password", session.change_password, READERS),
    ("GET", f"{API}/me/sessions", session.sessions, READERS),
    ("DELETE", f"{API}/me/sessions/{{id}}", session.end_session, READERS),
    ("POST", f"{API}/me/tokens", session.new_token, READERS),
    ("GET", f"{API}/conversations", view.conversations, READERS),
    ("GET", ONE, view.conversation, READERS),
    ("GET", f"{ONE}/entries", view.entries, READERS),
    ("POST", f"{ONE}/entries", acts.say, WRITERS),
    ("POST", f"{ONE}/resolve", acts.resolve, WRITERS),
    ("POST", f"{ONE}/reopen", acts.reopen, WRITERS),
    ("POST", f"{ONE}/assign", acts.assign, WRITERS),
    ("POST", f"{ONE}/snooze", change.snooze, WRITERS),
    ("POST", f"{ONE}/priority", change.priority, WRITERS),
    ("POST", f"{ONE}/tags", change.tags, WRITERS),
    ("POST", f"{ONE}/block", change.block, WRITERS),
    ("POST", f"{ONE}/unblock", change.unblock, WRITERS),
    ("POST", f"{ONE}/undo", change.undo, WRITERS),
    ("POST", f"{ONE}/read", change.mark_read, READERS),
    ("GET", f"{ONE}/draft", own.draft, READERS),
    ("PUT", f"{ONE}/draft", own.keep_draft, WRITERS),
    ("GET", f"{ONE}/canned", find.canned, READERS),
    ("POST", f"{API}/bulk", bulk.bulk, WRITERS),
    ("GET", f"{API}/search", find.search, READERS),
    ("GET", f"{API}/workbench", find.workbench, READERS),
    ("GET", f"{API}/me/drafts", own.drafts, READERS),
    ("GET", f"{API}/me/views", own.views, READERS),
    ("PUT", f"{API}/me/views", own.keep_views, READERS),
    ("PUT", f"{API}/me/capacity", own.capacity, WRITERS),
    ("POST", f"{API}/deliveries/{{id}}/resend", acts.resend, WRITERS),
    ("POST", f"{API}/files", acts.upload, WRITERS),
    ("GET", f"{API}/customers", find.customers, READERS),
    ("GET", f"{API}/customers/{{id}}", customers.customer, READERS),
    ("POST", f"{API}/customers/{{id}}/link", customers.link, WRITERS),
    ("POST", f"{API}/links/{{id}}/undo", customers.undo, WRITERS),
    ("GET", f"{API}/agents", admin.agents, READERS),
    ("POST", f"{API}/agents", admin.invite, ADMINS),
    ("PATCH", f"{API}/agents/{{id}}", admin.change, ADMINS),
    ("POST", f"{API}/agents/{{id}}/link", admin.link, ADMINS),
    ("GET", f"{API}/parked", admin.parked, LEADERS),
    ("POST", f"{API}/parked/{{id}}/replay", admin.replay, LEADERS),
    ("GET", f"{API}/audit", admin.audit, ADMINS),
)
"""Method, path, handler, and the roles that may."""


def console_routes() -> list[BaseRoute]:
    """Everything below /console/ but its pages."""
    routes: list[BaseRoute] = [Route(path, handler, methods=[method]) for method, path, handler in OPEN]
    routes += [Route(path, known(handler, roles), methods=[method]) for method, path, handler, roles in CALLS]
    return [*routes, WebSocketRoute("/console/socket", console_socket)]
