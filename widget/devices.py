"""What apps need besides the frames: devices that are told by push, and how much is not read."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.errors import Malformed
from hub.model import ChannelName
from hub.pushes import SupportsPush
from hub.pushing import zone
from widget.answers import Refusal, answer, json_of, word
from widget.chat import bearer, enter
from widget.visitors import Visitor, visitor_of

LONGEST_TOKEN = 1024


def device_routes() -> list[BaseRoute]:
    """Everything below /chat/ that is about devices."""
    return [
        Route("/chat/{channel}/devices", put, methods=["POST"]),
        Route("/chat/{channel}/devices/{id}", remove, methods=["DELETE"]),
        Route("/chat/{channel}/unread", unread, methods=["GET"]),
    ]


async def put(request: Request) -> Response:
    """POST /chat/{channel}/devices: tell this device of answers. Said again, it is the same device; said by another customer, it
    is theirs from then on."""
    hub, *_ = await enter(request)
    visitor = visitor_of(hub, request.path_params["channel"], bearer(request))
    connector = hub.connectors.get(ChannelName(request.path_params["channel"]))
    pushes: frozenset[str] = connector.pushes if isinstance(connector, SupportsPush) else frozenset()
    if not pushes or visitor.channel != request.path_params["channel"]:
        raise Refusal(404, "not_found", "this chat has no push")
    body = await json_of(request, 16_384)
    kind, token = word(body, "kind", 16), word(body, "token", LONGEST_TOKEN)
    if kind not in pushes:
        raise Malformed(f"kind must be one of {', '.join(sorted(pushes))}")
    if not token or not token.isascii() or not token.isprintable():
        raise Malformed("token must be what the push service gave to the app")
    locale, timezone = word(body, "locale", 16), zone(word(body, "timezone", 64))
    return answer({"id": await hub.store.devices.put(visitor.identity, visitor.channel, kind, token, locale, timezone)}, 201)


async def remove(request: Request) -> Response:
    """DELETE /chat/{channel}/devices/{id}: tell it no more, as on logging out. Harmless when repeated."""
    hub, *_ = await enter(request)
    visitor: Visitor = visitor_of(hub, request.path_params["channel"], bearer(request))
    await hub.store.devices.remove(request.path_params["id"][:32], visitor.identity)
    return Response(status_code=204)


async def unread(request: Request) -> Response:
    """GET /chat/{channel}/unread: for a badge."""
    hub, *_ = await enter(request)
    visitor = visitor_of(hub, request.path_params["channel"], bearer(request))
    count, head, read = await hub.store.devices.unread(visitor.identity)
    return answer({"unread": count, "head": head, "read": read})
