"""What a platform says later of a notice that it had taken: agents see whether it reached the customer.

Nobody acted: it opens no time for answers, wakes nobody, and says nothing of whether the customer can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch import Batch
from hub.model import Event, Message
from hub.runtime import Hub
from hub.store.inbox import Pending
from hub.telling import tell

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ARRIVED = "the notice that an answer waits is on the customer's telephone"
BOUNCED = "the notice that an answer waits did not reach the customer"
LATER_MS, LONGEST_MS = 1_000, 120_000
"""When to look again for a notice whose own outcome nobody has recorded yet, and how long after the fate came in: its call's
lease and a look for it on the platform are over by then."""


def fate_in(message: Message) -> Event | None:
    """What became of a notice, if a message says nothing but that."""
    only = message.parts[0] if len(message.parts) == 1 else None
    return only if isinstance(only, Event) and only.kind in ("arrived", "bounced") else None


async def came_of(hub: Hub, connection: AsyncConnection, batch: Batch, row: Pending, message: Message, fate: Event) -> bool:
    """Write down what became of the notice that `message.reply_to` names, or else of the customer's last one; False when it has
    to wait, for platforms may say it before we have recorded that they took the notice."""
    who = batch.people.get((message.channel, message.customer))
    about = str(message.reply_to) if message.reply_to else None
    call = await hub.store.holds.notice_of(connection, who, about) if who else None
    if call is None:
        return True
    delivery, conversation, taken = call
    if not taken:
        waits = batch.now_ms < row.at_ms + LONGEST_MS
        if waits:
            await hub.store.inbox.postpone(connection, row.n, row.tries, LATER_MS)
        return not waits
    if conversation not in batch.talks:
        for talk in (await hub.store.timeline.talks(connection, {conversation})).values():
            batch.add_talk(talk)
    state, words = ("noticed", ARRIVED) if fate.kind == "arrived" else ("failed", f"{BOUNCED}: {fate.data}"[:500])
    if fate.kind == "bounced":
        await hub.store.holds.notice_failed(connection, delivery, words)
    tell(batch, batch.talks[conversation], None, message.channel, state, words, delivery)
    return True
