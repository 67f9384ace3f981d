"""Which entry a platform's message belongs to, where one call became several."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import piece_tables
from hub.store.calls import Outcome

piece = piece_tables.Piece.__table__  # type: ignore[attr-defined]
LONGEST = 191


async def keep_pieces(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
    """Remember the messages that calls became. A call that was made again has others, or the same."""
    rows = [
        {"target": o.call.target, "external_id": name, "message_id": o.call.entry["id"]}
        for o in outcomes
        if o.call.entry
        for name in o.pieces
        if len(name) <= LONGEST
    ]
    for target in {row["target"] for row in rows}:
        names = [row["external_id"] for row in rows if row["target"] == target]
        await connection.execute(delete(piece).where(piece.c.target == target, piece.c.external_id.in_(names)))
    if rows:
        await connection.execute(insert(piece), rows)


async def entry_of_piece(connection: AsyncConnection, target: str, external_id: str) -> str | None:
    """The entry that one of several messages belongs to."""
    wanted = select(piece.c.message_id).where(piece.c.target == target, piece.c.external_id == external_id)
    return (await connection.execute(wanted)).scalar()
