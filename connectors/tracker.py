"""A tracker of tasks that an admin has named: one signed call for each task, which any program can take."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from standardwebhooks.webhooks import Webhook as Standard

from connectors.tracker_settings import TrackerSettings
from connectors.webhook import judge, translated
from connectors.webhook_net import client_of, pin
from hub.errors import Undeliverable
from hub.text import clean
from hub.tracker import Made, Task

MOST_BYTES = 65_536
WORDS = 300
_URL = re.compile(r"https?://[^\s<>|\"]{1,1000}")


class SignedTracker:
    """Posts JSON, and reads `key` and `url` from the JSON that comes back."""

    def __init__(self, settings: TrackerSettings) -> None:
        self.title = settings.title
        self._settings = settings
        self._client = client_of(settings.timeout)
        self._standard = Standard(settings.secret.get_secret_value())

    async def create(self, task: Task) -> Made:
        """Ask for a task. Its id is `webhook-id` and `idempotency-key`: the same at every try."""
        now = datetime.now(UTC)
        said = {"id": task.id, "title": task.title, "text": task.text, "by": task.by, "channel": task.channel}
        about = {"id": task.conversation, "url": task.link or None}
        body = orjson.dumps({**said, "conversation": about, "at": task.at.astimezone(UTC).isoformat()}).decode()
        headers = {name: value.get_secret_value() for name, value in self._settings.headers.items()}
        headers |= {
            "content-type": "application/json",
            "idempotency-key": task.id,
            "webhook-id": task.id,
            "webhook-timestamp": str(math.floor(now.timestamp())),
            "webhook-signature": self._standard.sign(task.id, now, body),
        }
        place = await pin(self._settings.url, self._settings.private_networks)
        with translated():
            async with self._client.stream(
                "POST", place.url, content=body, headers=headers | {"host": place.host}, extensions=place.extensions
            ) as answer:
                told = await _read(answer)
        try:
            judge(answer)
        except Undeliverable as exc:
            words = _words(told)
            raise Undeliverable(f"{exc.reason}: {words}" if words else exc.reason, exc.code) from exc
        return made_of(_json(told))

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()


async def _read(answer: httpx.Response) -> bytes:
    """The beginning of an answer, which is enough for what is looked for."""
    told = b""
    async for piece in answer.aiter_bytes():
        told += piece
        if len(told) >= MOST_BYTES:
            break
    return told[:MOST_BYTES]


def _json(told: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(told)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def made_of(found: dict[str, Any]) -> Made:
    """What an answer says of the task; what is no key and no address of a page is left out."""
    key, url = found.get("key"), found.get("url")
    named = str(key) if isinstance(key, str | int) and not isinstance(key, bool) else ""
    return Made(" ".join(clean(named).split())[:60], url if isinstance(url, str) and _URL.fullmatch(url) else "")


def _words(told: bytes) -> str:
    """What a tracker says about a refusal: a text in its JSON, or what came."""
    found = _json(told)
    said = next((found[name] for name in ("message", "error", "detail") if isinstance(found.get(name), str)), None)
    return " ".join(clean(said if said is not None else told.decode("utf-8", "replace")).split())[:WORDS]
