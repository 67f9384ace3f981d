"""python-telegram-bot's errors → ours, in one place, and nothing of it with the token in it."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator
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

from hub.errors import ConnectorError, Temporary, Uncertain, Undeliverable, WindowClosed
from hub.people import Trouble

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
CONFIGURATION_S = 60.0
"""Seconds to wait when the bot itself is the trouble: a wrong token must not use up every message's tries."""
BAD_TOKEN = Trouble("token", "Telegram does not know this bot's token", "Compare token with the one that @BotFather shows")
SILENT = "business_peer"
REASONS = (
    ("blocked by the user", "blocked", "the customer has blocked this bot"),
    ("user_is_blocked", "blocked", "the customer has blocked this bot"),
    ("user is deactivated", "deactivated", "the customer's Telegram account no longer exists"),
    ("input_user_deactivated", "deactivated", "the customer's Telegram account no longer exists"),
    ("can't initiate conversation", "not_started", "the customer must write to this bot before it can write to them"),
    ("messages to bots", "to_a_bot", "Telegram lets no bot write to another"),
    ("bot was kicked", "removed", "this bot was removed from the group"),
    ("not a member", "removed", "this bot was removed from the group"),
    ("chat not found", "chat_not_found", "Telegram knows no such chat of this bot's: it may belong to another bot"),
    ("peer_id_invalid", "chat_not_found", "Telegram knows no such chat of this bot's: it may belong to another bot"),
    ("upgraded to a supergroup", "moved", "the group became a supergroup, which has another address"),
    ("group chat was deactivated", "moved", "the group is closed, or has become a supergroup"),
    ("topic_closed", "topic_closed", "the topic is closed"),
    ("message thread not found", "topic_gone", "the topic was deleted"),
    ("rights", "no_rights", "this bot may not write there: the group's administrators have to allow it"),
    (SILENT, "business_closed", "the Business account takes answers for 24 hours after the customer's last message"),
    (
        "business connection",
        "business_closed",
        "the Business account is no longer connected to this bot, or may not answer there",
    ),
    (
        "business_connection",
        "business_closed",
        "the Business account is no longer connected to this bot, or may not answer there",
    ),
    ("too long", "too_long", "the text is longer than Telegram takes"),
    ("text is empty", "empty", "there is nothing to see in the text"),
    ("too big", "too_big", "the file is bigger than Telegram takes"),
    ("entity too large", "too_big", "the file is bigger than Telegram takes"),
    ("button_", "bad_button", "Telegram does not take one of the buttons"),
    ("not modified", "not_modified", "it was so already"),
    ("to edit not found", "gone", "the message is no longer there"),
    ("to delete not found", "gone", "the message is no longer there"),
    ("can't be edited", "too_old", "Telegram does not let this message be changed any more"),
    ("can't be deleted", "too_old", "Telegram does not let this message be deleted any more: 48 hours have passed"),
    ("message to be replied not found", "gone", "the message that is answered is no longer there"),
)
"""Telegram's words, a name for what they mean, and a sentence for agents; the first that fits counts."""
TOKEN = re.compile(r'(/bot)[^/\s"]+')


class NotParsable(Exception):
    """Telegram could not read the formatting: the same text goes again without it."""


class NotAsSuch(Exception):
    """Telegram could not make a photo of it, or the customer takes no voice notes: the same file goes again as a document."""


class Moved(Exception):
    """The group became a supergroup, which has another id: the same goes there."""

    def __init__(self, chat: int) -> None:
        super().__init__(f"moved to {chat}")
        self.chat = chat


MENDABLE: frozenset[type[Exception]] = frozenset({NotParsable, NotAsSuch, Moved})


@contextmanager
def translated(mended: Collection[type[Exception]] = MENDABLE, *, group: bool = False) -> Iterator[None]:
    """Around every call of the SDK. BadRequest is a NetworkError there: it must be looked at first. What can be mended ends in an
    exception of its own unless it has been `mended`. In a `group` a limit is the group's own (20 messages a minute)."""
    try:
        yield
    except RetryAfter as exc:
        wait = exc.retry_after
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        raise Temporary("Telegram asks to slow down", retry_after=seconds, paused=True, everywhere=not group) from exc
    except Forbidden as exc:
        raise refusal(exc.message, unreachable=True) from exc
    except ChatMigrated as exc:
        if Moved not in mended:
            raise Moved(exc.new_chat_id) from exc
        raise refusal("group chat was upgraded to a supergroup chat") from exc
    except InvalidToken as exc:
        reason = f"{BAD_TOKEN.said}: compare token with the one that @BotFather shows"
        raise Temporary(reason, retry_after=CONFIGURATION_S, paused=True, everywhere=True, trouble=BAD_TOKEN) from exc
    except Conflict as exc:
        raise Temporary("another program fetches this bot's updates", retry_after=CONFIGURATION_S) from exc
    except BadRequest as exc:
        raise _refused(exc, mended) from exc
    except NetworkError as exc:
        raise _network(exc) from exc
    except (TelegramError, LookupError, TypeError, ValueError, AttributeError) as exc:
        raise Uncertain("Telegram answered something else than its documentation says") from exc


def _refused(exc: BadRequest, mended: Collection[type[Exception]]) -> Exception:
    words = exc.message.lower()
    if NotParsable not in mended and "parse entities" in words:
        return NotParsable()
    if NotAsSuch not in mended and any(one in words for one in ("photo_", "image_process_failed", "voice_messages_forbidden")):
        return NotAsSuch()
    return refusal(exc.message)


def refusal(said: str, *, unreachable: bool = False) -> Undeliverable | WindowClosed:
    """Telegram's words as a reason that agents understand, with a name for it; as they are where nothing fits. What is over until
    the customer writes again is no refusal for good."""
    words = said.lower()
    code, reason = next(((code, reason) for part, code, reason in REASONS if part in words), ("", f"Telegram: {said}"))
    return WindowClosed(reason, code) if SILENT in words else Undeliverable(reason, code, unreachable=unreachable)


def _network(exc: NetworkError) -> ConnectorError:
    """What became of a request without a proper answer. `TimedOut` is one of them."""
    words = exc.message.split(". Parsing the server response")[0]
    if isinstance(exc.__cause__, NEVER_SENT) or "not initialized" in words:
        return Temporary("Telegram cannot be reached")
    if words.lower().startswith("too many requests"):
        return Temporary("Telegram asks to slow down", retry_after=1.0, paused=True, everywhere=True)
    if words.lower().startswith("request entity too large"):
        return refusal(words)
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


def too_big() -> Undeliverable:
    """A customer's file that bots don't get."""
    return Undeliverable("Telegram hands no file above 20 MB to bots", "too_big")
