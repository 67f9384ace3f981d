"""Use-case: an answer waits for a customer who does not act, and they are told so beside the window, once until they act.

The rungs: it is held; after a while a notice of the platform says so, with the link to the web chat where the conversation
goes on; at last its waiting ends, and agents see that (`HoldStore.run_out`). A customer who acts before is told nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch import Batch
from hub.model import ChannelName, Report
from hub.ports import SupportsNotice
from hub.runtime import Hub
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def noticed(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, report: Report) -> None:
    """An answer was held: let the customer be told of it, unless they are going to be, or have acted since."""
    place = hub.connectors.get(ChannelName(talk.channel))
    if report.state != "held" or report.target != talk.channel or not isinstance(place, SupportsNotice):
        return
    after = place.notice_after_s
    acts = await hub.store.holds.acts_before(connection, report.delivery) if after is not None else None
    if after is None or acts is None:
        return
    key = f"notice.{talk.identity_id}.{acts}"
    planned = any(call["idem_key"] == key for call in batch.deliveries)
    if not planned and not await hub.store.holds.there_is(connection, key):
        batch.notice(talk, key, batch.now_ms + int(after * 1000))
