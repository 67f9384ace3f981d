"""python-telegram-bot's errors → ours, in one place, and nothing of it with the token in it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from hub.errors import ConnectorError, Temporary, Uncertain, Undeliverable

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
CONFIGURATION_S = 60.0
"""Seconds to wait when the bot itself is the trouble: a wrong token must not use up every message's tries."""
TOKEN = re.compile(r'(/bot)[^/\s"]+')


class NotParsable(Exception):
    """Telegram could not read the formatting: the same text goes again without it."""


class NotAsSuch(Exception):
    """Telegram could not make a photo of it, or the customer takes no voice notes: the same file goes again as a document."""


@contextmanager
def translated(*, first: bool = False) -> Iterator[None]:
    """Around every call of the SDK. BadRequest is a NetworkError there: it must be looked at first. Only a `first` try may end
    in `NotParsable` or `NotAsSuch`."""
    try:
        yield
    except RetryAfter as exc:
        wait = exc.retry_after
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        raise Temporary("Telegram asks to slow down", retry_after=seconds, paused=True) from exc
    except Forbidden as exc:
        raise Undeliverable(f"Telegram: {exc.message}", unreachable=True) from exc
    except ChatMigrated as exc:
        raise Undeliverable("the chat moved to a supergroup") from exc
    except InvalidToken as exc:
        raise Temporary("Telegram does not know this bot's token", retry_after=CONFIGURATION_S, paused=True) from exc
    except Conflict as exc:
        raise Temporary("another program fetches this bot's updates", retry_after=CONFIGURATION_S) from exc
    except BadRequest as exc:
        raise _refused(exc, first) from exc
    except NetworkError as exc:
        raise _network(exc) from exc
    except (TelegramError, LookupError, TypeError, ValueError, AttributeError) as exc:
        raise Uncertain("Telegram answered something else than its documentation says") from exc


def _refused(exc: BadRequest, first: bool) -> Exception:
    words = exc.message.lower()
    if first and "parse entities" in words:
        return NotParsable()
    if first and ("photo_" in words or "image_process_failed" in words or "voice_messages_forbidden" in words):
        return NotAsSuch()
    return Undeliverable(f"Telegram: {exc.message}")


def _network(exc: NetworkError) -> ConnectorError:
    """What became of a request without a proper answer. `TimedOut` is one of them."""
    words = exc.message.split(". Parsing the server response")[0]
    if isinstance(exc.__cause__, NEVER_SENT) or "not initialized" in words:
        return Temporary("Telegram cannot be reached")
    if words.lower().startswith("too many requests"):
        return Temporary("Telegram asks to slow down", retry_after=1.0, paused=True)
    if words.lower().startswith("request entity too large"):
        return Undeliverable("Telegram: the file is too big")
    if isinstance(exc, TimedOut):
        return Uncertain("Telegram did not answer in time")
    return Uncertain(f"Telegram: {words[:200]}")


class _Masked(logging.Filter):
    """httpx and the SDK log the addresses that they call, and a bot's token is part of them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the token; the record itself stays."""
        if isinstance(record.args, tuple):
            record.args = tuple(_masked(value) for value in record.args)
        return True


def _masked(value: Any) -> Any:
    return TOKEN.sub(r"\1***", str(value)) if isinstance(value, (str, httpx.URL)) else value


for _name in ("httpx", "telegram.Bot"):
    logging.getLogger(_name).addFilter(_Masked())
