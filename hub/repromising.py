"""Use-case: let a target that was changed in sla.yaml count for conversations that are open already."""

from __future__ import annotations

import structlog

from hub.promises import due
from hub.runtime import Hub

log = structlog.get_logger()
AT_ONCE = 500


async def renew(hub: Hub) -> int:
    """Once, as a worker starts: work out anew when every open conversation is due. Two workers may do it at once, and one that is
    killed begins again at its next start: the answer is the same. Returns how many were due at another time."""
    changed, last = 0, ""
    while talks := await hub.store.promising.open_after(last, AT_ONCE):
        last = talks[-1].id
        others = []
        for talk in talks:
            before = (talk.due_kind, talk.due_ms, talk.warn_ms)
            talk.due_kind, talk.due_ms, talk.warn_ms = due(hub.promises, hub.routing, talk)
            if before != (talk.due_kind, talk.due_ms, talk.warn_ms):
                others.append(talk)
        await hub.store.promising.promise(others)
        changed += len(others)
    if changed:
        log.info("promises.renewed", conversations=changed)
    return changed
