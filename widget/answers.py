"""What every HTTP answer has in common: JSON, errors as a sentence, headers that keep browsers safe, bodies within limits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hub.errors import Malformed
from hub.text import clean_tree, is_deeper, loads, single

BODY_S = 15.0
"""Seconds for a whole body: uvicorn has no limit of its own."""
JSON_BYTES = 262_144
DEEPEST = 40
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self' ws: wss:; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
    "strict-transport-security": "max-age=31536000",
    "content-security-policy": CSP,
}


class Refusal(Exception):
    """An answer that is an error: a status, a code for programs and a sentence for people."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after

    def answer(self) -> Response:
        """The refusal as a response."""
        headers = {"retry-after": str(max(1, round(self.retry_after)))} if self.retry_after is not None else {}
        return answer({"error": {"code": self.code, "message": self.message}}, self.status, headers)


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response that nobody may keep."""
    body = orjson.dumps(value, default=str)
    return Response(body, status, {"cache-control": "no-store", **(headers or {})}, media_type="application/json")


async def body_of(request: Request, most: int) -> bytes:
    """A request's body, of at most `most` bytes, within `BODY_S` seconds."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 12 or int(length) > most:
        raise Refusal(413, "too_large", f"the body may have {most} bytes")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refusal(415, "encoding", "compressed bodies are not taken")
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise Refusal(413, "too_large", f"the body may have {most} bytes")
                pieces.append(piece)
    except TimeoutError:
        raise Refusal(408, "slow", "the body took too long") from None
    except ClientDisconnect:
        raise Refusal(400, "gone", "the connection ended in the middle") from None
    return b"".join(pieces)


async def json_of(request: Request, most: int = JSON_BYTES, *, bare: bool = False) -> dict[str, Any]:
    """A request's JSON object; with `bare`, no body says as much as an empty object."""
    body = await body_of(request, most)
    return {} if bare and not body else parse_object(body)


def parse_object(body: bytes | str) -> dict[str, Any]:
    """A JSON object from outside, with its characters made harmless. Raises `Refusal` 400."""
    try:
        found = orjson.loads(body)
    except ValueError:
        found = _lenient(body)
    if not isinstance(found, dict):
        raise Refusal(400, "malformed", "a JSON object is expected")
    if is_deeper(found, DEEPEST):
        raise Refusal(400, "malformed", "the JSON is nested too deep")
    if not single(body if isinstance(body, bytes) else body.encode(errors="surrogatepass"), found):
        raise Refusal(400, "malformed", "a name stands twice in one object")
    return dict(clean_tree(found))


def _lenient(body: bytes | str) -> Any:
    """Browsers write half of an emoji as `\\ud83d`, which orjson refuses: a page that sent one would send it for ever."""
    try:
        text = body if isinstance(body, str) else body.decode()
        if "\\u" in text:
            return loads(text)
    except ValueError:
        pass
    raise Refusal(400, "malformed", "that is not JSON") from None


def word(values: Mapping[str, Any], name: str, most: int, default: str = "") -> str:
    """A text field of at most `most` characters. Raises `Malformed`."""
    value = values.get(name, default)
    if value is None:
        return default
    if not isinstance(value, str) or len(value) > most:
        raise Malformed(f"{name} must be a text of at most {most} characters")
    return value


def whole(values: Mapping[str, Any], name: str, default: int = 0) -> int:
    """A whole number from 0 to 2⁵³. Raises `Malformed`."""
    value = values.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2**53:
        raise Malformed(f"{name} must be a whole number")
    return value
