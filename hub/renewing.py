"""Use-case: a thread at a desk was deleted; the conversation goes on in a new one, below what was said last."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from hub.batch import PARTS, RANK
from hub.errors import ThreadGone
from hub.model import Text
from hub.outcomes import over, refusal
from hub.runtime import Hub
from hub.splitting import clip
from hub.store.calls import Call, Outcome
from hub.wording import plain

log = structlog.get_logger()
SAID = 20
"""Entries that a new thread begins with."""
LONGEST = 500
"""Characters of each of them."""


async def renewed(hub: Hub, run: Sequence[Call], exc: ThreadGone) -> list[Outcome]:
    """What becomes of calls whose thread is gone: lines wait for the new one, its card is drawn with it. A card alone brings no
    thread of a settled matter back."""
    head = run[0]
    lines = head.kind == "line"
    if not lines and head.conversation["status"] != "open":
        return [over(call, "failed", refusal(exc)) for call in run]
    rows = await hub.store.threads.last_said(head.conversation["id"], -(-head.rank // RANK) if lines else 2**31, SAID)
    locale = head.conversation["locale"] or "en"
    said = [(row["id"], (Text(text=clip(plain(PARTS.validate_json(row["parts"]), locale), LONGEST)),)) for row in rows]
    made = await hub.store.threads.renew(head, [(entry, PARTS.dump_json(parts).decode()) for entry, parts in said])
    if not made:
        return [over(call, "failed", refusal(exc)) for call in run]
    log.warning("thread.renewed", desk=head.target, conversation=head.conversation["id"], lost=head.thread)
    if lines:
        return [Outcome(call, "queued", exc.reason, counts=False) for call in run]
    return [over(call, "sent") for call in run]
