"""Looking at what came under an id that the inbox had already: a double is expected, other words under its id are not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables

log = structlog.get_logger()
inbox = tables.Inbox.__table__  # type: ignore[attr-defined]


async def suspect(connection: AsyncConnection, doubles: Sequence[dict[str, Any]]) -> None:
    """Log where what a platform sent under a known id says something else than it did: it would vanish without a trace."""
    own = {(row["source"], row["external_id"]): row["body"] for row in doubles if not row["digest"]}
    if not own:
        return
    wanted = select(inbox.c.n, inbox.c.source, inbox.c.external_id, inbox.c.body)
    found = await connection.execute(wanted.where(tuple_(inbox.c.source, inbox.c.external_id).in_(list(own))))
    for n, source, external, body in found:
        if _said(body) != _said(own[(source, external)]):
            log.warning("inbox.same_id_other_body", source=source, stored=n)


def _said(body: str) -> Any:
    """What a stored body says; its times may differ, because some platforms tell none."""
    found = json.loads(body)
    return found.get("parts", found)
