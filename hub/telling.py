"""What became of calls, told in the conversation and at its desks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch import Batch
from hub.holding import noticed
from hub.model import Author, Report, Text
from hub.runtime import Hub
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

SYSTEM = Author(kind="system", name="Frontdesk")


async def reported(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, report: Report) -> None:
    """Write down what became of a call, show it on the agent's own message, and in the thread when it failed."""
    if report.unreachable and report.target == talk.channel:
        who = batch.owners[talk.identity_id]
        who.unreachable, who.changed = report.reason[:191] or "unreachable", True
    entry_id = str(report.message) if report.message else None
    tell(batch, talk, entry_id, report.target, report.state, report.reason, report.delivery, file=report.file)
    if report.target == talk.channel and _counts(batch, talk):
        batch.redraw(talk)
    await noticed(hub, connection, batch, talk, report)
    if entry_id is None or report.target != talk.channel or report.state == "warned":
        return
    origin = await hub.store.timeline.origin(connection, entry_id)
    if origin is not None and origin[0] in hub.desks:
        batch.mark(talk, origin[0], origin[1], report.state)


def _counts(batch: Batch, talk: Talk) -> bool:
    """Whether the channel limits our answers to this customer, which cards show."""
    return batch.capabilities[talk.channel].window_for(batch.owners[talk.identity_id].external_id) is not None


def tell(
    batch: Batch, talk: Talk, entry_id: str | None, target: str, state: str, reason: str, delivery: str, *, file: bool = False
) -> None:
    """A status entry; desks are shown it unless all went well and there is nothing to say of it."""
    data = {"state": state, "target": target, "reason": reason, "delivery": delivery} | ({"file": True} if file else {})
    parts = (Text(text=reason),) if reason else ()
    entry = batch.append(talk, "status", SYSTEM, parts=parts, edit_of=entry_id, data=data, public=False)
    if state != "sent" or reason:
        batch.to_desks(talk, entry, origin=target)
