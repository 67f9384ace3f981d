"""The customer protocol's HTTP half: sessions, long poll, history, files."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from config.settings import HubSettings, WebSettings
from hub.errors import Conflict, Undeliverable
from hub.limits import Rule
from hub.linking import named
from hub.model import ExternalId
from hub.runtime import Hub
from hub.store.filing import FileRow
from hub.text import clean
from widget.answers import Refusal, answer, json_of, whole, word
from widget.attendance import Attendance
from widget.attributes import read_attributes
from widget.consent import has_agreed
from widget.feed import Feed
from widget.frames import POLL_S, customer_event
from widget.identities import read_identity
from widget.socket import customer_socket
from widget.talk import Talk
from widget.visitors import Visitor, address_of, new_token, origin_allowed, settings_of, signed_token, visitor_of

FILE_BYTES = 25_000_000
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,120}\.[^\W\d_]{2,24}")
MAILS = Rule(3, 86_400)
"""Transcripts that one customer, and one address, may get in a day."""
UPLOAD_S = 60.0
"""Seconds for a whole file."""


def chat_routes() -> list[BaseRoute]:
    """Everything below /chat/."""
    return [
        Route("/chat/{channel}/session", session, methods=["POST"]),
        Route("/chat/{channel}/poll", poll, methods=["POST"]),
        Route("/chat/{channel}/history", history, methods=["GET"]),
        Route("/chat/{channel}/files", upload, methods=["POST"]),
        Route("/chat/{channel}/transcript", transcript, methods=["POST"]),
        WebSocketRoute("/chat/{channel}/socket", customer_socket),
    ]


async def enter(request: Request) -> tuple[Hub, WebSettings, HubSettings, str]:
    """Whether this page may ask at all, and not too often."""
    hub: Hub = request.app.state.hub
    settings: HubSettings = request.app.state.settings
    web = settings_of(hub, request.path_params["channel"])
    if not origin_allowed(web, request, hub.public_url):
        raise Refusal(403, "origin", "this page may not embed the chat")
    address = address_of(request, settings.trusted_proxies)
    if not await hub.limits.hit(f"ip:{address}", Rule(settings.limits.requests_per_ip, 60)):
        raise Refusal(429, "slow_down", "too many requests from your address", retry_after=30)
    return hub, web, settings, address


async def session(request: Request) -> Response:
    """POST /chat/{channel}/session: a token for a new customer, or a fresh one for the customer of `tok`."""
    hub, web, settings, address = await enter(request)
    channel = request.path_params["channel"]
    body = await json_of(request, 16_384, bare=True)
    given = word(body, "identity", 8192)
    if web.identity is not None and given:
        signed = read_identity(web.identity, channel, given)
        await _keep_what_was_said(hub, channel, word(body, "tok", 4096), signed.address)
        token, customer = signed_token(hub, channel, signed, web.identity.session_hours, word(body, "lang", 16))
        return answer({"token": token, "customer": customer, "epoch": hub.store.epoch})
    if given:
        raise Refusal(401, "identity", "this chat has no keys for signed identities")
    known: Visitor | None = None
    if body.get("tok"):
        try:
            known = visitor_of(hub, channel, word(body, "tok", 4096))
        except Refusal:
            known = None
    if known is None and web.identity is not None and web.identity.required:
        raise Refusal(401, "identity", "this chat needs an identity that the shop's or app's backend has signed")
    if known is None and not await hub.limits.hit(f"new:{address}", Rule(settings.limits.sessions_per_ip, 3600)):
        raise Refusal(429, "slow_down", "too many new chats from your address", retry_after=300)
    told: dict[str, Any] = {"name": word(body, "name", 100), "email": word(body, "email", 190), "lang": word(body, "lang", 16)}
    told["attributes"] = read_attributes(body.get("attributes"))
    token, customer = new_token(hub, channel, told, known)
    return answer({"token": token, "customer": customer, "epoch": hub.store.epoch})


async def _keep_what_was_said(hub: Hub, channel: str, tok: str, address: str) -> None:
    """Both tokens together prove that the stranger and the customer are one. Who was signed already is somebody else."""
    try:
        known = visitor_of(hub, channel, tok, strangers=True) if tok else None
    except Refusal:
        return
    if known is not None and not known.signed and known.channel == channel:
        await named(hub, known.channel, known.id, ExternalId(address))


def bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or len(token) > 4096:
        raise Refusal(401, "token", "send the session's token as Authorization: Bearer")
    return token


async def poll(request: Request) -> Response:
    """POST /chat/{channel}/poll: stateless; `since` acknowledges everything up to it."""
    hub, web, settings, _ = await enter(request)
    body = await json_of(request)
    visitor = visitor_of(hub, request.path_params["channel"], word(body, "tok", 4096))
    here: Attendance = request.app.state.attendance
    talk = Talk(hub, web, settings.limits, visitor, here, word(body, "page", 500))
    talk.cursor = whole(body, "since")
    down: list[dict[str, Any]] = []
    frames = body.get("up") or []
    if not isinstance(frames, list) or len(frames) > 50 or not all(isinstance(frame, dict) for frame in frames):
        raise Refusal(400, "malformed", "up must be a list of at most 50 frames")
    other = body.get("epoch") != hub.store.epoch or await talk.is_ahead()
    if other and not any(frame.get("t") == "hello" for frame in frames):
        down.append(await talk.welcome({"since": talk.cursor, "epoch": body.get("epoch"), "lang": body.get("lang")}))
    for frame in frames:
        down += await talk.take(frame)
    feed: Feed = request.app.state.feed
    down += await _news(talk, feed, 0.0 if down or frames else min(float(whole(body, "wait")), POLL_S), request)
    if not down:
        down = here.lately(visitor.identity)
    elif any(frame["t"] == "welcome" for frame in down):
        down += here.still(visitor.identity)
    return answer({"down": down})


async def _news(talk: Talk, feed: Feed, seconds: float, request: Request) -> list[dict[str, Any]]:
    """What is new now, or within so many seconds. The listening begins before the first look."""
    stream = feed.customer(talk.visitor.identity)
    try:
        until = asyncio.get_running_loop().time() + seconds
        feed.here(talk.visitor.identity, talk.cursor)
        while True:
            stream.bell.clear()
            found = await talk.news()
            left = until - asyncio.get_running_loop().time()
            if found or stream.ephemeral or left <= 0 or feed.draining.is_set() or await request.is_disconnected():
                return found + stream.taken()
            try:
                await asyncio.wait_for(stream.bell.wait(), min(left, 5.0))
            except TimeoutError:
                continue
    finally:
        feed.leave(stream, talk.visitor.identity)


async def history(request: Request) -> Response:
    """GET /chat/{channel}/history?before=&limit=: older entries of one's own log."""
    hub, *_ = await enter(request)
    visitor = visitor_of(hub, request.path_params["channel"], bearer(request))
    given = {name: request.query_params.get(name, "") for name in ("before", "limit")}
    query = {name: int(value) for name, value in given.items() if re.fullmatch(r"[0-9]{1,15}", value)}
    most = min(max(whole(query, "limit", 50), 1), 100)
    found = await hub.store.logs.before(visitor.identity, whole(query, "before", 2**53), most)
    items = [customer_event(entry, hub.files) for entry in reversed(found)]
    return answer({"items": items, "next": items[0]["s"] if len(items) == most else None})


async def transcript(request: Request) -> Response:
    """POST /chat/{channel}/transcript {email?}: the conversation by e-mail, to the address that a backend has proved or
    that the customer gives; 202 means that it will be sent."""
    hub, *_ = await enter(request)
    visitor = visitor_of(hub, request.path_params["channel"], bearer(request))
    stated = word(await json_of(request, 4096), "email", 190).strip()
    email = stated or (visitor.proved.email if visitor.proved else "") or visitor.profile.email
    if hub.notices.smtp is None:
        raise Refusal(404, "not_offered", "this hub sends no mail")
    if not ADDRESS.fullmatch(email):
        raise Refusal(400, "email", "give the address to which the conversation shall go")
    talk = await hub.store.logs.latest_talk(visitor.identity)
    if talk is None:
        raise Refusal(404, "not_found", "there is no conversation yet")
    to = hashlib.sha256(email.lower().encode()).hexdigest()[:20]
    if not await hub.limits.hit(f"mail:{visitor.identity}", MAILS) or not await hub.limits.hit(f"mail:{to}", MAILS):
        raise Refusal(429, "slow_down", "it was sent a few times already; try again tomorrow", retry_after=3600)
    await hub.store.sweeping.queue_transcript(talk, email)
    await hub.jobs.notify()
    return answer({"email": email}, 202)


async def upload(request: Request) -> Response:
    """POST /chat/{channel}/files: one file, as multipart `file`; its id then goes into a `send`. With an `Idempotency-Key` the
    same file is kept once."""
    hub, web, *_ = await enter(request)
    visitor = visitor_of(hub, request.path_params["channel"], bearer(request))
    if not await has_agreed(hub, web, visitor):
        raise Refusal(403, "consent", "nothing is kept before the customer has agreed")
    if not await hub.limits.hit(f"file:{visitor.identity}", Rule(20, 60)):
        raise Refusal(429, "slow_down", "too many files", retry_after=30)
    return answer(await keep_upload(request, hub, str(visitor.identity)), 201)


async def keep_upload(request: Request, hub: Hub, owner: str) -> dict[str, Any]:
    """Keep the multipart field `file`. Raises `Refusal`."""
    length = request.headers.get("content-length", "")
    if not length:
        raise Refusal(411, "length", "say how long the file is: Content-Length is missing")
    if not length.isdecimal() or len(length) > 12 or int(length) > FILE_BYTES + 10_000:
        raise Refusal(413, "too_large", f"a file may have {FILE_BYTES // 1_000_000} MB")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refusal(415, "encoding", "compressed bodies are not taken")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal(415, "type", "send the file as multipart/form-data, field `file`")
    try:
        async with asyncio.timeout(UPLOAD_S), request.form(max_files=1, max_fields=5) as form:
            row = await _keep(hub, form.get("file"), owner, request.headers.get("idempotency-key", ""))
    except TimeoutError:
        raise Refusal(408, "slow", "the file took too long") from None
    except ClientDisconnect:
        raise Refusal(400, "gone", "the connection ended in the middle") from None
    except UnicodeError:
        # The form says itself which charset its names are in; some of Python's say so with errors of their own.
        raise Refusal(400, "malformed", "the form's names are not text") from None
    return {"id": row.id, "name": row.name, "mime": row.mime, "size": row.size, "url": hub.files.link(row.id)}


async def _keep(hub: Hub, found: Any, owner: str, key: str) -> FileRow:
    """The upload, kept once: the same key brings the same file, and another content `Conflict`."""
    if not isinstance(found, UploadFile):
        raise Refusal(400, "malformed", "the field `file` is missing")
    name = clean((found.filename or "").replace("\\", "/").rsplit("/", 1)[-1])[:150] or "file"
    own = hashlib.sha256(f"upload\0{owner}\0{key}".encode("utf-8", "replace")).hexdigest()[:32] if key else ""
    if own and (known := await hub.store.files.get(own)) is not None:
        digest = hashlib.sha256()
        async for piece in _pieces(found):
            digest.update(piece)
        if digest.hexdigest() != (known.remote or known.sha256):
            raise Conflict("this key was used for another file")
        return known
    kind = found.content_type or ""
    try:
        return await hub.files.save(_pieces(found), name=name, mime=kind, owner=owner, most=FILE_BYTES, file=own)
    except Undeliverable as exc:
        raise Refusal(413, "too_large", exc.reason) from exc


async def _pieces(upload: UploadFile) -> AsyncIterator[bytes]:
    while piece := await upload.read(65_536):
        yield piece
