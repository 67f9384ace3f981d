"""Use-case: a customer has read what they were sent; who answered from a desk sees it on their own message."""

from __future__ import annotations

from hub.runtime import Hub


async def read(hub: Hub, identity_id: str, cs: int) -> bool:
    """The customer has read their log up to `cs`; says whether that is news."""
    if not await hub.store.logs.read_up_to(identity_id, cs):
        return False
    lane = await hub.store.readings.mark(identity_id, cs, [str(name) for name in hub.desks]) if hub.desks else None
    if lane is not None:
        hub.jobs.hint_deliver([lane])
    return True
