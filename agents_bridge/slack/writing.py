"""That a customer is writing, as a thread's status (assistant.threads.setStatus). Slack shows it where it likes: elsewhere it
refuses, and is left alone with it for a day."""

from __future__ import annotations

import time

import structlog

from agents_bridge.slack.calls import Slack
from agents_bridge.slack.errors import ChannelGone, Refused, Unfit, translated
from agents_bridge.slack.modals import Locale
from agents_bridge.slack.text import short
from agents_bridge.slack.wire import thread_of
from hub.errors import Temporary
from hub.model import ThreadId

log = structlog.get_logger()
SAYS = {"en": ("is typing…", "{name} is typing…"), "zh": ("正在输入…", "{name}正在输入…")}
SOMEBODY = {"en": "Customer", "zh": "客户"}
DAY_S = 86_400.0
AWAY_S = 60.0
EVERYWHERE = {"unknown_method", "method_deprecated", "feature_not_enabled", "not_allowed_token_type"}
"""Codes that are about the whole workspace; all others are about the Slack channel."""


class Typing:
    """One workspace's signs; it remembers where Slack refuses them."""

    def __init__(self) -> None:
        self._silent: dict[str, float] = {}
        """Until when (monotonic seconds), by Slack channel; empty for all of them."""

    async def show(self, slack: Slack, thread: ThreadId, customer: str, on: bool, locale: Locale, *, named: bool) -> None:
        """Set a thread's status, or take it away. With `named` it stands under the customer's own name."""
        channel, root = thread_of(thread)
        now = time.monotonic()
        if max(self._silent.get("", 0.0), self._silent.get(channel, 0.0)) > now:
            return
        alone, told = SAYS[locale]
        name = short(customer, 80) or SOMEBODY[locale]
        status = (alone if named else told.format(name=name)) if on else ""
        try:
            with translated("assistant.threads.setStatus", posts=False):
                username = name if named and on else None
                await slack.web.assistant_threads_setStatus(channel_id=channel, thread_ts=root, status=status, username=username)
        except (Refused, ChannelGone, Unfit) as exc:
            everywhere = isinstance(exc, Unfit) or (isinstance(exc, Refused) and exc.code in EVERYWHERE)
            self._silent["" if everywhere else channel] = now + DAY_S
            log.info("slack.typing_refused", channel="" if everywhere else channel, error=str(exc))
        except Temporary as exc:
            self._silent[""] = now + (exc.retry_after or AWAY_S)
