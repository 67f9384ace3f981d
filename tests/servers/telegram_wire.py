"""How calls of the Bot API look on the wire, and what it refuses in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

JSON_FIELDS = (
    "reply_markup", "entities", "caption_entities", "link_preview_options", "reply_parameters", "allowed_updates", "message_ids",
    "media",
)  # fmt: skip


class Refusal(Exception):
    """An answer with ok: false."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        self.code, self.description, self.parameters = code, description, parameters


@dataclass
class StoredFile:
    """A file that the platform holds."""

    id: str
    path: str
    content: bytes


async def parameters(request: Request) -> dict[str, Any]:
    """A call's parameters, from the query, a form, a multipart form with its files, or JSON."""
    found: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        found |= await request.json()
    elif request.method == "POST":
        uploads: dict[str, StoredFile] = {}
        async with request.form() as form:
            for key, value in form.items():
                if isinstance(value, UploadFile):
                    uploads[key] = found[key] = StoredFile("", value.filename or key, await value.read())
                else:
                    found[key] = value
        for key, value in found.items():
            if isinstance(value, str) and value.startswith("attach://"):
                found[key] = uploads.get(value.removeprefix("attach://"))
        found["uploads"] = uploads
    for key in JSON_FIELDS:
        if isinstance(found.get(key), str):
            try:
                found[key] = json.loads(found[key])
            except ValueError:
                raise Refusal(400, f"Bad Request: can't parse {key} JSON object") from None
    return found


def text_of(asked: dict[str, Any], name: str, limit: int, *, empty: bool = False) -> str:
    """A text within its limit, counted in UTF-16 code units."""
    text = str(asked.get(name) or "")
    if not text.strip() and not empty:
        raise Refusal(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > limit:
        raise Refusal(400, "Bad Request: message is too long" if name == "text" else "Bad Request: message caption is too long")
    return text


def check_buttons(markup: Any) -> None:
    for row in (markup or {}).get("inline_keyboard", ()):
        for button in row:
            if len(button.get("callback_data", "").encode()) > 64:
                raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
