"""One request to a service that translates, within limits, and what its answer means: texts, later, or never."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from connectors.translators.settings import Service
from hub.errors import Temporary, Undeliverable
from hub.text import clean

ANSWER = 1_000_000
"""Bytes of an answer that are read."""
LONGER = 6
"""How many times as long as the original a translation may be: Chinese becomes four times as many letters in German."""
FIRST = 400
"""Characters that any translation may have."""
SAID = 200


class Asking:
    """A client for one service: no redirect is followed, and no proxy that the environment names is used."""

    def __init__(self, service: Service, name: str) -> None:
        self._service, self._name = service, name
        self._client = httpx.AsyncClient(timeout=service.timeout, follow_redirects=False, trust_env=False)

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        """The JSON that comes back for JSON. Raises `Temporary` for silence, 429, 5xx and whatever is no JSON: a proxy's page is
        gone later; `Undeliverable` for every other refusal."""
        with translated(self._name):
            async with asyncio.timeout(self._service.timeout):
                found = self._client.stream("POST", f"{self._service.url}{path}", json=body, headers=dict(headers))
                async with found as answer:
                    content = await self._read(answer)
        if answer.status_code != 200:
            raise self._refusal(answer, content)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as exc:
            raise Temporary(f"{self._name} answered something that is no JSON") from exc

    async def _read(self, answer: httpx.Response) -> bytes:
        content = b""
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > ANSWER:
                raise Undeliverable(f"{self._name} answered more than {ANSWER // 1000} kB")
        return content

    def _refusal(self, answer: httpx.Response, content: bytes) -> Temporary | Undeliverable:
        status, wait = answer.status_code, answer.headers.get("retry-after", "")
        said = f"{self._name} answered {status}{_why(content)}"
        if status == 429 or status == 408 or status >= 500:
            after = min(float(wait), 600.0) if wait.isascii() and wait.isdecimal() and len(wait) < 10 else None
            return Temporary(said, retry_after=after, paused=status == 429)
        return Undeliverable(said, str(status))

    def code(self, language: str) -> str:
        """What this service calls a language."""
        return self._service.codes.get(language, language)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def checked(name: str, found: Any, texts: Sequence[str]) -> tuple[str, ...]:
    """As many texts as were asked for, none empty, none much longer than it can be; control characters are made visible.
    A text is only ever shown as text. Raises `Undeliverable`."""
    if not isinstance(found, list) or len(found) != len(texts) or not all(isinstance(one, str) for one in found):
        raise Undeliverable(f"{name} answered other texts than it was asked for")
    for said, was in zip(found, texts, strict=True):
        if not said.strip():
            raise Undeliverable(f"{name} answered nothing")
        if len(said) > max(LONGER * len(was), FIRST):
            raise Undeliverable(f"{name} answered a text that is far too long")
    return tuple(clean(one) for one in found)


def _why(content: bytes) -> str:
    """The service's own sentence, where there is one."""
    try:
        found = json.loads(content)
        error = found.get("error") or found.get("message") or ""
        said = error.get("message", "") if isinstance(error, dict) else error
    except (ValueError, AttributeError, RecursionError):
        return ""
    return f": {' '.join(str(said).split())[:SAID]}" if said else ""


@contextlib.contextmanager
def translated(name: str) -> Iterator[None]:
    """Others' errors as ours: asking twice does no harm."""
    try:
        yield
    except TimeoutError as exc:
        raise Temporary(f"{name} did not answer in time") from exc
    except httpx.HTTPError as exc:
        raise Temporary(f"{name} can't be reached: {type(exc).__name__}") from exc
    except (httpx.InvalidURL, ValueError) as exc:
        raise Undeliverable(f"{name} can't be asked: {type(exc).__name__}") from exc
