"""Use-case: files that messages name are copied from their platforms, however often that fails at first; an end is told."""

from __future__ import annotations

import structlog

from hub.errors import Busy, Temporary, Undeliverable
from hub.model import FileId, Text
from hub.own_acts import own_act
from hub.runtime import Hub
from hub.wording import words

log = structlog.get_logger()


async def look(hub: Hub) -> None:
    """Wake the job for every file that is due: its hint was lost, or the platform did not hand it out yet."""
    for file in await hub.store.files.waiting():
        await hub.jobs.fetch(file)


async def fetch(hub: Hub, file: str) -> None:
    """Copy one file. What can't be copied yet is due again later; what never will be is told in its conversation."""
    try:
        await hub.files.fetch(FileId(file))
    except Temporary:
        return
    except Undeliverable as exc:
        log.warning("files.lost", file=file, error=exc.reason)
        await _told(hub, file, exc.reason)


async def _told(hub: Hub, file: str, why: str) -> None:
    row = await hub.store.files.get(file)
    conversation = await hub.store.files.conversation(row.owner) if row else None
    if row is None or conversation is None:
        return
    table = words(hub.notices.locale)
    said = table["lost"].format(name=row.name or table["file"], source=row.source, why=why)
    note = own_act(
        f"{file}.lost",
        hub.now(),
        conversation,
        "tell",
        parts=(Text(text=said),),
        data={"quiet": True},
    )
    try:
        await hub.intake.keep([note], 5.0)
    except Busy as exc:
        log.warning("files.lost_untold", file=file, error=str(exc))
