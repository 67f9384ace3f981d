"""A channel that is described by YAML alone: paths into the JSON that comes, a template of the JSON that goes out."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from mimetypes import guess_type
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import httpx
import orjson
from standardwebhooks.webhooks import Webhook as Standard

from connectors.webhook_net import client_of, pin
from connectors.webhook_paths import fill, follow, names_in
from connectors.webhook_proof import prove
from connectors.webhook_settings import Paths, WebhookSettings
from hub import ports
from hub.errors import Malformed, Temporary, Uncertain, Undeliverable
from hub.model import ChannelName, ExternalId, Media, Message, Part, Profile, Text, Unsupported
from hub.ports import Capabilities, Hook, IdempotencyKey, Identity, Kit, Receipt
from hub.text import clean, clean_tree, is_deeper, loads, single

MOST_BYTES = 1_048_576
DEEPEST = 50
LONGEST_ID = 120
LONGEST_WAIT_S = 6 * 3600.0
FETCH_S = 40.0
"""Seconds for a whole file, and `READ_S` for each piece: who sends a byte now and then must not hold a worker."""
READ_S = 10.0
MEDIA = frozenset({"image", "voice", "audio", "video", "file", "sticker"})
KINDS = {"image": "image", "audio": "audio", "video": "video"}
TRY_LATER = {408, 425, 429}
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Webhook:
    """One declared channel."""

    Settings: ClassVar[type[ports.Settings]] = WebhookSettings

    def __init__(self, name: ChannelName, settings: WebhookSettings, kit: Kit) -> None:
        self.name = name
        self._settings = settings
        self._kit = kit
        self._client = client_of(settings.outbound.timeout)
        self._standard = Standard(settings.outbound.secret.get_secret_value())
        media = "media_url" in names_in(settings.outbound.body)
        self.capabilities = Capabilities(
            parts=frozenset({"text", "media"} if media else {"text"}),
            media=MEDIA if media else frozenset(),
            brings=_brought(settings.inbound.paths),
            text_limit=settings.text_limit,
            caption_limit=settings.text_limit if media else 0,
            media_limit=50_000_000,
            quotes="quoted" in names_in(settings.outbound.body),
            idempotency="key",
            timeout=settings.outbound.timeout + 5.0,
        )

    async def receive(self, hook: Hook) -> Receipt:
        """One message for each hook."""
        if len(hook.body) > MOST_BYTES:
            raise Malformed("the body is above 1 MiB", too_large=True)
        if self._settings.inbound.signature is not None:
            prove(self._settings.inbound.signature, hook, self._kit.now())
        if hook.method != "POST":
            raise Malformed("messages are posted")
        return Receipt([self._message(_parse(hook.body))])

    def _message(self, said: dict[str, Any]) -> Message:
        paths = self._settings.inbound.paths
        found = {name: follow(said, paths.of(name)) for name in ("id", "customer", "name", "time", "locale")}
        name, locale = found["name"], found["locale"]
        return Message(
            channel=self.name,
            id=_identifier(found["id"], f"there is no id at {paths.id}"),
            customer=_identifier(found["customer"], f"there is no customer at {paths.customer}"),
            at=_time(found["time"]) or self._kit.now(),
            parts=self._parts(said),
            locale=locale[:16] if isinstance(locale, str) else "",
            profile=Profile(name=name[:100] if isinstance(name, str) else ""),
            raw=said,
        )

    def _parts(self, said: dict[str, Any]) -> tuple[Part, ...]:
        paths = self._settings.inbound.paths
        text, media = follow(said, paths.of("text")), follow(said, paths.of("media"))
        parts: list[Part] = []
        if isinstance(media, str) and media.strip():
            parts.append(_media(media.strip()))
        if isinstance(text, str) and text.strip():
            parts.append(Text(text=text))
        return tuple(parts) or (Unsupported(kind="message"),)

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        """Post the filled template. The delivery's key is `webhook-id` and `idempotency-key`: the same at every try."""
        now = self._kit.now()
        body = orjson.dumps(fill(self._settings.outbound.body, self._values(to, parts, key, now))).decode()
        headers = {name: value.get_secret_value() for name, value in self._settings.outbound.headers.items()}
        headers |= {
            "content-type": "application/json",
            "idempotency-key": key,
            "webhook-id": key,
            "webhook-timestamp": str(math.floor(now.timestamp())),
            "webhook-signature": self._standard.sign(key, now.astimezone(UTC), body),
        }
        place = await pin(self._settings.outbound.url, self._settings.private_networks)
        with translated():
            async with self._client.stream(
                "POST", place.url, content=body, headers=headers | {"host": place.host}, extensions=place.extensions
            ) as answer:
                judge(answer)
        return ExternalId(key)

    def _values(self, to: Identity, parts: Sequence[Part], key: str, now: datetime) -> dict[str, str | None]:
        media = next((part for part in parts if isinstance(part, Media)), None)
        text = "\n".join(part.text for part in parts if isinstance(part, Text)) or (media.alt if media else "")
        return {
            "id": key,
            "channel": self.name,
            "customer": to.address,
            "text": text or None,
            "media_url": self._kit.files.link(media.file) if media and media.file else None,
            "media_kind": media.kind if media else None,
            "media_name": media.name if media else None,
            "media_mime": media.mime if media else None,
            "quoted": to.quoted,
            "at": now.astimezone(UTC).isoformat(),
        }

    async def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """What a message's media address holds: as it comes, never unpacked."""
        until = time.monotonic() + FETCH_S
        place = await pin(remote, self._settings.private_networks)
        headers = {"host": place.host, "accept-encoding": "identity"}
        with translated():
            async with self._client.stream(
                "GET", place.url, headers=headers, extensions=place.extensions, timeout=READ_S
            ) as answer:
                if answer.is_redirect:
                    raise Undeliverable("the address leads elsewhere, and redirects are not followed", str(answer.status_code))
                judge(answer)
                async for piece in answer.aiter_raw():
                    if time.monotonic() > until:
                        raise Temporary("the file takes too long")
                    yield piece

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()


def _brought(paths: Paths) -> frozenset[str]:
    """The kinds that an admin has said the places of."""
    return frozenset({*(("text",) if paths.text else ()), *(("image", "audio", "video", "file") if paths.media else ())})


def judge(answer: httpx.Response) -> None:
    """Nothing for a 2xx; else the error that says what to do. A redirect is the other side's mistake and may be mended."""
    status = answer.status_code
    if answer.is_success:
        return
    if status == 410:
        raise Undeliverable("the address is gone for good", "410")
    if status in TRY_LATER or status >= 500 or answer.is_redirect:
        wait = retry_after(answer.headers.get("retry-after", ""))
        raise Temporary(f"the other side answered {status}", retry_after=wait, paused=wait is not None or status == 429)
    raise Undeliverable(f"the other side answered {status}", str(status))


def retry_after(value: str) -> float | None:
    """Seconds to wait (RFC 9110 §10.2.3: seconds, or a date), at least one and at most six hours; None when it does not say."""
    if value.isascii() and value.isdecimal() and len(value) < 10:
        return min(max(float(value), 1.0), LONGEST_WAIT_S)
    try:
        wait = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, 1.0), LONGEST_WAIT_S)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """httpx's errors as ours."""
    try:
        yield
    except NEVER_SENT as exc:
        raise Temporary("the other side can't be reached") from exc
    except httpx.HTTPError as exc:
        raise Uncertain(f"the other side did not answer: {type(exc).__name__}") from exc


def _parse(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            found = loads(body.decode())
        except ValueError as exc:
            raise Malformed(f"not JSON: {exc}"[:200]) from exc
    if not isinstance(found, dict):
        raise Malformed("not a JSON object")
    if not single(body, found):
        raise Malformed("a name stands twice in one object")
    if is_deeper(found, DEEPEST):
        raise Malformed("the JSON is nested too deep")
    return dict(clean_tree(found))


def _identifier(value: Any, missing: str) -> ExternalId:
    """A text or whole number, short enough to be a key."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**40:
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise Malformed(missing)
    if len(value) > LONGEST_ID:
        raise Malformed(f"an id may have {LONGEST_ID} characters")
    return ExternalId(value)


def _time(value: Any) -> datetime | None:
    """A point in time; None when it is none. What is beyond the year 2286 in seconds is milliseconds."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 16:
        value = int(value)
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e10 else value, UTC) if 0 < value < 2.5e14 else None
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC) if found else None
    except (ValueError, OverflowError, OSError):
        return None


def _media(address: str) -> Part:
    try:
        parts = urlsplit(address)
    except ValueError:
        return Unsupported(kind="media")
    if parts.scheme not in ("http", "https") or not parts.netloc or len(address) > 4000:
        return Unsupported(kind="media", text=address[:200])
    name = clean(unquote(parts.path.rsplit("/", 1)[-1]))[:150]
    mime = guess_type(parts.path)[0] or ""
    kind: Any = KINDS.get(mime.split("/")[0], "file")
    return Media(kind=kind, remote=address, name=name, mime=mime)
