"""Translations in Slack: below a customer's line, in its own post; and what the customer got, below an agent's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import structlog

from agents_bridge.slack import blocks, heads
from agents_bridge.slack.calls import Slack
from agents_bridge.slack.errors import of_thread, translated
from agents_bridge.slack.settings import SlackSettings
from agents_bridge.slack.text import inert
from agents_bridge.slack.wire import link_of, metadata_of, thread_of
from hub.model import ExternalId, ThreadId
from hub.ports import Line, ThreadCard

log = structlog.get_logger()
Locale = Literal["en", "zh"]
FILE = "F"
"""How the ids of files begin; a post that shows one has no text of ours that could be drawn anew."""
CHANGED = 4000
"""Bytes of a changed post's text: Slack refuses more (msg_too_long), although it takes ten times as many in a new one."""


class Amending:
    """The part of a desk that draws posts anew with their translations."""

    _slack: Slack
    _settings: SlackSettings

    async def amend(self, thread: ThreadId, sent: ExternalId, lines: Sequence[Line], card: ThreadCard) -> None:
        """One chat.update of the post, which is the thread's head where its lines travelled with that."""
        channel, stamp = thread_of(ThreadId(sent))
        locale = self._settings.locale
        if stamp.startswith(FILE):
            return
        lines = await self._with_ways(lines)
        if str(sent) == str(thread):
            shown: dict[str, Any] | None = heads.head(card, lines, locale)
        else:
            lines = next(blocks.groups(lines, locale)).lines
            shown = changed(lines, locale, named=self._settings.customize)
        if shown is None:
            log.warning("slack.not_amended", thread=thread, post=sent, why="the post is too long for its translations")
            return
        with of_thread(), translated("chat.update"):
            await self._slack.update(channel, stamp, **shown)

    async def _with_ways(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Lines with the address of the thread that they lead to, where they lead to one."""
        if not any(one.near for one in lines):
            return lines
        address = await self._slack.address()
        return [replace(one, near=link_of(address, one.near)) for one in lines]


def changed(lines: Sequence[Line], locale: Locale, *, named: bool) -> dict[str, Any] | None:
    """What a post of these lines says with their translations; `named` where posts appear under names of their own. What is too
    long for a changed text stands in blocks, with translations that are shortened where they must be; None where even that
    is too much."""
    alone = named and blocks.speaker(lines, locale) is not None
    about = {"metadata": metadata_of([one.key for one in lines])}
    text = _text(lines, locale, alone)
    if len(text.encode()) <= CHANGED:
        return {"text": text, **about}
    fitting = heads.fitted(lines, lambda some: heads.size(heads.sections(_text(some, locale, alone))))
    if fitting is None:
        return None
    text = _text(fitting, locale, alone)
    start = text.encode()[: CHANGED - 3].decode(errors="ignore") + "…"
    return {"text": start, "blocks": list(heads.sections(text)), **about}


def _text(lines: Sequence[Line], locale: Locale, alone: bool) -> str:
    """Lines with their translations below them. Slack keeps the name under which a post appears, and parses formatting in
    whatever is changed, so nothing of it is left."""
    told = ((_said(one) if alone else blocks.line(one, locale, named=True), blocks.below(one, locale)) for one in lines)
    return "\n".join(part for own in told for part in own if part)


def _said(line: Line) -> str:
    return "\n".join(inert(part.text) for part in line.parts if part.type == "text")
