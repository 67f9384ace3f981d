"""Use-case: ask the translating service for what is wanted, a few at a time, and hand what comes to the conversation's writer.

Nothing is written here but that it was tried: a translation goes through the inbox under a fixed id, so that two workers, or one
that dies in between, change a conversation once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from hub.batch import PARTS
from hub.errors import Busy, ConnectorError, Temporary, Undeliverable
from hub.failpoints import reach
from hub.metrics import TRANSLATION_SECONDS, TRANSLATIONS
from hub.model import Part
from hub.own_acts import own_act
from hub.ports import Translator
from hub.runtime import Hub
from hub.shelter import Sheltered, shelter
from hub.spoken import pieces_of, said_again
from hub.store.translations import Wanted
from hub.tongues import could_be, same, tongue, worded

log = structlog.get_logger()
AT_ONCE = 4
WORK_S = 20.0
LEASE_MS = 150_000
"""Longer than two requests and what comes after them may take: the longest timeout is a minute."""
FIRST_S, LONGEST_S = 1.0, 300.0
"""The first pause after a failure, which doubles up to the longest."""
ENOUGH, ENOUGH_HAN = 24, 5
"""Letters, or letters of a script of its own, from which on a service's word about the language is believed."""
LATE = "no translation came in time"


@dataclass(frozen=True, slots=True)
class Made:
    """What came of asking; `parts` are empty where the text is in that language already."""

    parts: tuple[Part, ...]
    language: str
    sure: bool


async def look(hub: Hub) -> None:
    """Wake the job for what waits, and end the waits of answers whose time is over."""
    if hub.translator is not None and await hub.store.translations.waits():
        await hub.jobs.translate(again=True)
    for entry, language, conversation, turn, reason in await hub.store.translations.overdue():
        await _tell(hub, entry, language, conversation, turn, {"state": "failed", "reason": reason or LATE})


async def run(hub: Hub, seconds: float = WORK_S) -> None:
    """Ask for what is due, for at most `seconds`; what is begun by then is ended."""
    if hub.translator is None:
        return
    running: set[asyncio.Task[None]] = set()
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            room = AT_ONCE - len(running)
            taken = await hub.store.translations.take(LEASE_MS, room) if room else []
            running |= {asyncio.create_task(_one(hub, hub.translator, one), name="translate") for one in taken}
            if not running:
                return
            if len(running) == AT_ONCE or not taken:
                _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED, timeout=1.0)
    finally:
        if running:
            await asyncio.wait(running)


async def _one(hub: Hub, translator: Translator, wanted: Wanted) -> None:
    """Ask for one, and tell its conversation; what fails in a way of its own comes back after the lease."""
    began = time.monotonic()
    await reach("translate.taken")
    try:
        made = await translated(hub, translator, wanted)
    except ConnectorError as exc:
        outcome = await _failed(hub, wanted, exc)
        log.warning("translation.failed", side=wanted.side, language=wanted.language, tries=wanted.tries, outcome=outcome,
                    entry=wanted.message_id, error=str(exc))  # fmt: skip
    else:
        await reach("translate.came")
        outcome = "done" if made.parts else "same"
        facts = {"state": outcome, "from": made.language, "sure": made.sure}
        await _tell(hub, wanted.message_id, wanted.language, wanted.conversation_id, wanted.turn, facts, made.parts)
        log.info("translation.came", side=wanted.side, language=wanted.language, source=made.language, tries=wanted.tries,
                 outcome=outcome, entry=wanted.message_id, seconds=round(time.monotonic() - began, 3))  # fmt: skip
    TRANSLATIONS.labels(wanted.side, outcome).inc()


async def _failed(hub: Hub, wanted: Wanted, exc: ConnectorError) -> str:
    """Try again later where that may help and there is time, else say that there is no translation, and why."""
    pause = FIRST_S * 2 ** (wanted.tries - 1)
    if isinstance(exc, Temporary):
        pause = min(max(pause, exc.retry_after or 0.0), LONGEST_S)
        in_time = pause * 1000 < wanted.left_ms if wanted.side == "out" else wanted.tries < hub.translation.tries
        if in_time:
            await hub.store.translations.later(wanted, int(pause * 1000), str(exc))
            return "later"
    reason = exc.reason if isinstance(exc, Undeliverable) else str(exc)
    facts = {"state": "failed", "reason": reason[:500]}
    await _tell(hub, wanted.message_id, wanted.language, wanted.conversation_id, wanted.turn, facts)
    return "failed"


async def translated(hub: Hub, translator: Translator, wanted: Wanted) -> Made:
    """A message in another language, with everything that must stay as it is. Raises `Temporary` or `Undeliverable`."""
    parts = PARTS.validate_json(wanted.parts)
    pieces = pieces_of(parts)
    if sum(map(len, pieces)) > hub.translation.longest:
        raise Undeliverable(f"it is longer than {hub.translation.longest} characters")
    sheltered = [shelter(piece, wanted.language, hub.translation.terms) for piece in pieces]
    asked = [n for n, one in enumerate(sheltered) if one.worded]
    if not asked:
        return Made((), wanted.source, False)
    with TRANSLATION_SECONDS.time():
        answer = await translator.translate([sheltered[n].marked for n in asked], wanted.source, wanted.language)
    language = tongue(answer.language) or (tongue(wanted.locale) if wanted.side == "in" else wanted.source)
    sure = bool(answer.language) and believed("".join(pieces), language)
    if same(language, wanted.language):
        return Made((), language, sure)
    said = dict(zip(asked, answer.texts, strict=True))
    whole = [
        await _whole(translator, wanted, one, said[n]) if n in said else one.joined(one.pieces) for n, one in enumerate(sheltered)
    ]
    return Made(said_again(parts, whole) if whole != pieces else (), language, sure)


async def _whole(translator: Translator, wanted: Wanted, one: Sheltered, said: str) -> str:
    """A translation with what was kept put back. Where a mark got lost, the pieces between the marks are asked for instead."""
    restored = one.restored(said)
    if restored is not None:
        return restored
    texts = [piece for piece in one.pieces if worded(piece)]
    again = iter((await translator.translate(texts, wanted.source, wanted.language)).texts)
    return one.joined([next(again) if piece in texts else piece for piece in one.pieces])


def believed(text: str, language: str) -> bool:
    """Whether a text is long enough for a service's word about its language; a few letters may be anything."""
    letters = sum(letter.isalpha() for letter in text)
    return letters >= ENOUGH or (letters >= ENOUGH_HAN and not text.isascii() and could_be(text, language))


async def _tell(
    hub: Hub, entry: str, language: str, conversation: str, turn: int, facts: dict[str, Any], parts: Sequence[Part] = ()
) -> None:
    """Hand what came to the conversation, once: its id says which translation it is."""
    told = own_act(
        f"{entry}.{language}.{turn}.translated",
        hub.now(),
        conversation,
        "translated",
        parts=tuple(parts),
        data={"entry": entry, "language": language, "turn": turn, **facts},
    )
    try:
        await hub.intake.keep([told], 5.0)
    except Busy as exc:
        log.warning("translation.untold", entry=entry, error=str(exc))
