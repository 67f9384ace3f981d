"""The console's routes: what agents may ask for and do, by right. Every action of the console is one of these calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from widget import console_acts as acts
from widget import console_admin as admin
from widget import console_begin as begin
from widget import console_bulk as bulk
from widget import console_change as change
from widget import console_customers as customers
from widget import console_desks as desks
from widget import console_factor as factor
from widget import console_find as find
from widget import console_merge as merging
from widget import console_oidc as oidc
from widget import console_own as own
from widget import console_reports as reports
from widget import console_session as session
from widget import console_view as view
from widget.access import Handler, Needed, known
from widget.console_socket import console_socket

API = "/console/api"
ONE = f"{API}/conversations/{{id}}"
OPEN: tuple[tuple[str, str, Callable[[Request], Awaitable[Response]]], ...] = (
    ("POST", f"{API}/setup", session.setup),
    ("POST", f"{API}/session", session.enter),
    ("GET", f"{API}/door", session.door),
    ("GET", f"{API}/oidc", oidc.begin),
    ("GET", f"{API}/oidc/back", oidc.back),
)
"""Calls of people who have not signed in yet."""
CALLS: tuple[tuple[str, str, Handler, Needed], ...] = (
    ("DELETE", f"{API}/session", session.leave, "enrol"),
    ("GET", f"{API}/me", session.me, "enrol"),
    ("PUT", f"{API}/me/presence", session.presence, "own"),
    ("PUT", f"{API}/me/password", session.change_password, "own"),
    ("GET", f"{API}/me/sessions", session.sessions, "own"),
    ("DELETE", f"{API}/me/sessions/{{id}}", session.end_session, "own"),
    ("POST", f"{API}/me/tokens", session.new_token, "own"),
    ("GET", f"{API}/me/factor", factor.state, "enrol"),
    ("POST", f"{API}/me/factor", factor.begin, "enrol"),
    ("PUT", f"{API}/me/factor", factor.confirm, "enrol"),
    ("DELETE", f"{API}/me/factor", factor.drop, "own"),
    ("POST", f"{API}/me/factor/codes", factor.codes, "own"),
    ("GET", f"{API}/conversations", view.conversations, "read"),
    ("POST", f"{API}/conversations", begin.begin, "answer"),
    ("GET", f"{API}/reach", begin.reach, "answer"),
    ("GET", ONE, view.conversation, "read"),
    ("GET", f"{ONE}/entries", view.entries, "read"),
    ("POST", f"{ONE}/entries", acts.say, "answer"),
    ("POST", f"{ONE}/resolve", acts.resolve, "answer"),
    ("POST", f"{ONE}/reopen", acts.reopen, "answer"),
    ("POST", f"{ONE}/assign", acts.assign, "answer"),
    ("POST", f"{ONE}/snooze", change.snooze, "answer"),
    ("POST", f"{ONE}/priority", change.priority, "answer"),
    ("POST", f"{ONE}/tags", change.tags, "answer"),
    ("POST", f"{ONE}/block", change.block, "customers"),
    ("POST", f"{ONE}/unblock", change.unblock, "customers"),
    ("POST", f"{ONE}/undo", change.undo, "answer"),
    ("POST", f"{ONE}/translate", change.translate, "answer"),
    ("POST", f"{ONE}/merge", merging.merge, "answer"),
    ("POST", f"{ONE}/part", merging.part, "answer"),
    ("POST", f"{ONE}/read", change.mark_read, "read"),
    ("GET", f"{ONE}/draft", own.draft, "read"),
    ("PUT", f"{ONE}/draft", own.keep_draft, "answer"),
    ("GET", f"{ONE}/canned", find.canned, "read"),
    ("POST", f"{API}/bulk", bulk.bulk, "answer"),
    ("GET", f"{API}/search", find.search, "read"),
    ("GET", f"{API}/workbench", find.workbench, "read"),
    ("GET", f"{API}/me/drafts", own.drafts, "read"),
    ("GET", f"{API}/me/views", own.views, "read"),
    ("PUT", f"{API}/me/views", own.keep_views, "read"),
    ("GET", f"{API}/views", own.shared_views, "read"),
    ("PUT", f"{API}/views", own.share_views, "views"),
    ("PUT", f"{API}/me/capacity", own.capacity, "answer"),
    ("POST", f"{API}/deliveries/{{id}}/resend", acts.resend, "answer"),
    ("POST", f"{API}/files", acts.upload, "answer"),
    ("GET", f"{API}/customers", find.customers, "read"),
    ("GET", f"{API}/customers/{{id}}", customers.customer, "read"),
    ("POST", f"{API}/customers/{{id}}/link", customers.link, "customers"),
    ("POST", f"{API}/links/{{id}}/undo", customers.undo, "customers"),
    ("GET", f"{API}/agents", admin.agents, "read"),
    ("POST", f"{API}/agents", admin.invite, "people"),
    ("PATCH", f"{API}/agents/{{id}}", admin.change, "people"),
    ("POST", f"{API}/agents/{{id}}/link", admin.link, "people"),
    ("DELETE", f"{API}/agents/{{id}}/factor", admin.reset_factor, "people"),
    ("GET", f"{API}/roles", admin.roles, "own"),
    ("GET", f"{API}/desks", desks.desks, "people"),
    ("POST", f"{API}/desks/{{name}}/install", desks.install, "people"),
    ("POST", f"{API}/me/links", desks.link, "own"),
    ("GET", f"{API}/reports", reports.figures, "reports"),
    ("GET", f"{API}/reports/conversations", reports.conversations, "reports"),
    ("GET", f"{API}/reports/csv", reports.table, "reports"),
    ("GET", f"{API}/parked", admin.parked, "repair"),
    ("POST", f"{API}/parked/{{id}}/replay", admin.replay, "repair"),
    ("GET", f"{API}/audit", admin.audit, "audit"),
)
"""Method, path, handler, and the right that it needs."""


def console_routes() -> list[BaseRoute]:
    """Everything below /console/ but its pages."""
    routes: list[BaseRoute] = [Route(path, handler, methods=[method]) for method, path, handler in OPEN]
    routes += [Route(path, known(handler, needed), methods=[method]) for method, path, handler, needed in CALLS]
    return [*routes, WebSocketRoute("/console/socket", console_socket)]
