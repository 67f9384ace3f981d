"""Use-case: tell customers' devices of answers that they have not fetched."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import structlog

from hub.errors import ConfigError, Temporary, Undeliverable
from hub.model import Entry
from hub.notices import QuietHours, in_quiet_hours, one_line
from hub.pushes import Device, PushNote, SupportsPush
from hub.runtime import Hub
from hub.spoken import as_read
from hub.store.devices import DueDevice
from hub.wording import plain

log = structlog.get_logger()
LEASE_MS = 120_000
TRIES = 8
QUIET_MS = 300_000
"""How often it is looked whether quiet hours are over."""
LONGEST = 200
"""Characters of an answer that a notice shows."""


async def look(hub: Hub) -> None:
    """Note which devices must be told, and wake the job that does."""
    able = {str(name): one for name, one in hub.connectors.items() if isinstance(one, SupportsPush) and one.pushes}
    if able:
        await hub.store.devices.note_answers({name: int(one.push_after * 1000) for name, one in able.items()})
        if await hub.store.devices.any_due():
            await hub.jobs.push()


async def push_due(hub: Hub) -> None:
    """Tell the devices that are due, side by side: once for all that waits, and not at all where it was fetched meanwhile. What
    fails in a way of its own comes back after the lease."""
    while taken := await hub.store.devices.take(LEASE_MS):
        for due, failure in zip(
            taken, await asyncio.gather(*(_push(hub, due) for due in taken), return_exceptions=True), strict=True
        ):
            if isinstance(failure, BaseException):
                log.error("push.broken", channel=due.channel, kind=due.kind, error=repr(failure))


async def _push(hub: Hub, due: DueDevice) -> None:
    connector = {str(name): one for name, one in hub.connectors.items()}.get(due.channel)
    entries = await hub.store.logs.after(due.identity_id, due.place)
    answers = [entry for entry in entries if entry.kind == "message" and entry.author.kind in ("agent", "bot")]
    if not isinstance(connector, SupportsPush) or not answers:
        await hub.store.devices.close(due, due.place)
    elif connector.push_quiet is not None and in_quiet_hours(_local(connector.push_quiet, due.timezone), hub.now()):
        await hub.store.devices.close(due, due.place, QUIET_MS)
    else:
        await _tell(hub, connector, due, answers[-1])


def _local(hours: QuietHours, timezone: str) -> QuietHours:
    """Quiet hours by the device's own clock, where it said which."""
    return hours.model_copy(update={"timezone": timezone}) if timezone else hours


async def _tell(hub: Hub, connector: SupportsPush, due: DueDevice, newest: Entry) -> None:
    unread, _, _ = await hub.store.devices.unread(due.identity_id)
    place = newest.cs or due.place
    note = PushNote(one_line(plain(as_read(newest).parts), LONGEST), unread, newest.conversation, place)
    try:
        await connector.push(Device(due.id, due.kind, due.token, due.locale), note)
    except Undeliverable as exc:
        log.warning("push.refused", channel=due.channel, kind=due.kind, reason=exc.reason, code=exc.code, gone=exc.unreachable)
        if exc.unreachable:
            await hub.store.devices.remove(due.id, due.identity_id)
        else:
            await hub.store.devices.close(due, place)
    except (Temporary, ConfigError) as exc:
        log.warning("push.failed", channel=due.channel, kind=due.kind, tries=due.tries + 1, error=str(exc))
        wait = getattr(exc, "retry_after", None) or min(5.0 * 4**due.tries, 3600.0)
        over = due.tries + 1 >= TRIES
        await hub.store.devices.close(due, place if over else due.place, 0 if over else int(wait * 1000))
    else:
        await hub.store.devices.close(due, place)


def zone(name: str) -> str:
    """A time zone's name as it is known; empty for what is none."""
    try:
        return ZoneInfo(name).key if name else ""
    except (ValueError, OSError, LookupError):
        return ""
