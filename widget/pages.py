"""Pages and static files: the demo shop, the hosted chat, the console's shell, the API's page, signed files."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote

import orjson
import rjsmin
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from config.settings import HubSettings, WebSettings
from hub.errors import Temporary, Undeliverable
from hub.model import FileId
from hub.routing import opening
from hub.runtime import Hub
from widget.answers import CSP, Refusal
from widget.openapi import openapi
from widget.visitors import settings_of

FOLDER = Path(__file__).parent
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
INLINE = PICTURES | {"audio/mpeg", "audio/ogg", "audio/webm", "audio/mp4", "video/mp4", "video/webm"}
"""Types that a browser may show in place; everything else is downloaded."""
FILE_CSP = "default-src 'none'; sandbox; frame-ancestors 'none'"


def page_routes(settings: HubSettings) -> list[BaseRoute]:
    """Everything that is a file or a page."""
    shown = [Route("/demo", _page("demo.html")), Route("/", _to_demo)] if settings.environment == "development" else []
    return [
        *shown,
        Route("/widget.js", _script),
        Route("/static/{path:path}", static),
        Route("/w/{channel}", hosted),
        Route("/console", _to_console),
        Route("/console/", _page("console.html")),
        Route("/files/{id}", signed_file),
        Route("/docs", _page("docs.html")),
        Route("/openapi.json", openapi),
    ]


@cache
def _content(path: Path) -> tuple[bytes, str]:
    content = path.read_bytes()
    if path.suffix == ".js":
        content = rjsmin.jsmin(content.decode()).encode()
    return content, _tag(content)


def _sent(request: Request, path: Path, seconds: int) -> Response:
    """A file of ours, with a tag so that it is sent once."""
    content, tag = _content(path)
    kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _answered(request, content, kind, tag, seconds)


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"'


def _answered(request: Request, content: bytes, kind: str, tag: str, seconds: int, **more: str) -> Response:
    headers = {"etag": tag, "cache-control": f"public, max-age={seconds}" if seconds else "no-cache", **more}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=kind)


def _page(name: str):  # type: ignore[no-untyped-def]
    async def page(request: Request) -> Response:
        if not await asyncio.to_thread((FOLDER / "pages" / name).is_file):
            raise Refusal(404, "not_found", "this page is not part of this release")
        return _sent(request, FOLDER / "pages" / name, 0)

    return page


async def hosted(request: Request) -> Response:
    """GET /w/{channel}: the chat as a page of its own; the pages that the channel's file names may hold it in a frame."""
    web = settings_of(request.app.state.hub, request.path_params["channel"])
    language = request.query_params.get("lang") or request.headers.get("accept-language", "")
    title = web.look(language.split(",")[0])["title"]
    origins = " ".join(web.origins)
    content = _content(FOLDER / "pages" / "hosted.html")[0]
    content = content.replace(b"<title>Frontdesk<", f"<title>{escape(title)}<".encode())
    content = content.replace(b'data-origins=""', f'data-origins="{escape(origins)}"'.encode())
    policy = CSP.replace("frame-ancestors 'none'", f"frame-ancestors {origins}") if origins else CSP
    more = {"content-security-policy": policy, "vary": "accept-language"}
    return _answered(request, content, "text/html", _tag(content + policy.encode()), 0, **more)


async def _to_demo(request: Request) -> Response:
    return RedirectResponse("/demo")


async def _to_console(request: Request) -> Response:
    return RedirectResponse("/console/")


async def _script(request: Request) -> Response:
    """GET /widget.js: the loader, with what each chat's file says that must be known before anybody asks."""
    hub: Hub = request.app.state.hub
    is_open, _ = opening(hub.routing, None, hub.now())
    chats = {str(name): one for name, one in hub.channels.items() if isinstance(one, WebSettings)}
    told = orjson.dumps({name: said for name, one in chats.items() if (said := one.loader(is_open))})
    content = _content(FOLDER / "static" / "widget.js")[0]
    head, bracket, tail = content.rpartition(b"({})")
    content = head + bracket[:1] + told + bracket[3:] + tail
    by_the_clock = any(one.hidden_outside_hours for one in chats.values())
    return _answered(request, content, "text/javascript", _tag(content), 0 if by_the_clock else 300)


async def static(request: Request) -> Response:
    """GET /static/…: only what lies in the folder."""
    root = FOLDER / "static"
    try:
        path = (root / request.path_params["path"]).resolve()
        found = path.is_relative_to(root) and await asyncio.to_thread(path.is_file)
    except (OSError, ValueError):  # a name that is too long, or that has a NUL in it
        found = False
    if not found:
        raise Refusal(404, "not_found", "there is nothing here")
    return _sent(request, path, 60)


async def signed_file(request: Request) -> Response:
    """GET /files/{id}?exp=&sig=: what a link of ours names, while it is good."""
    hub: Hub = request.app.state.hub
    file, query = request.path_params["id"], request.query_params
    if not hub.files.allowed(file, query.get("exp", ""), query.get("sig", "")):
        raise Refusal(404, "not_found", "this link is not good any more")
    try:
        row = await hub.files.fetch(FileId(file))
    except Temporary as exc:
        raise Refusal(503, "busy", "the file is not here yet", retry_after=exc.retry_after or 5) from exc
    except Undeliverable as exc:
        raise Refusal(404, "not_found", exc.reason) from exc
    if row.state != "stored":
        raise Refusal(404, "not_found", row.error or "the file is gone")
    inline = row.mime in INLINE
    kind = row.mime if inline else "application/octet-stream"
    shown = f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(row.name or 'file', safe='')}"
    headers = {"content-disposition": shown, "content-security-policy": FILE_CSP, "cache-control": "private, max-age=600"}
    headers["cross-origin-resource-policy"] = "cross-origin"
    return FileResponse(hub.files.path(row.id), headers=headers, media_type=kind)
