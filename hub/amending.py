"""Translations at desks: the posts that show what was translated, drawn anew with all their lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from hub.batch import PARTS
from hub.model import Author, ConversationId, DeskName, Entry, ExternalId, MessageId, ThreadId
from hub.ports import Desk, IdempotencyKey, Line, SupportsAmend, ThreadCard
from hub.runtime import Hub
from hub.spoken import pieces_of
from hub.store.calls import Call


async def amended(hub: Hub, desk: Desk, run: Sequence[Call], card: ThreadCard) -> None:
    """Draw every post anew that shows one of these entries. What is not posted, or not known where, has none to be drawn."""
    head = run[0]
    if not isinstance(desk, SupportsAmend):
        return
    entries = [str(orjson.loads(call.data)["entry"]) for call in run]
    language = hub.translation.read_by(head.conversation["team"], head.target)
    posts = await hub.store.translations.at_desk(DeskName(head.target), entries, language)
    for sent, rows in posts.items():
        last = {row["said_id"]: n for n, row in enumerate(rows)}
        lines = [_line(head, row, shown=last[row["said_id"]] == n) for n, row in enumerate(rows)]
        await desk.amend(ThreadId(head.thread), ExternalId(sent), lines, card)


def _line(call: Call, row: dict[str, Any], *, shown: bool) -> Line:
    """A line as it was posted; an entry's translation stands below the last of its lines."""
    profile = orjson.loads(call.identity["profile"])
    customer = row["said_author_kind"] == "customer"
    author = Author(kind=row["said_author_kind"], id=row["said_author_id"], name=row["said_author_name"])
    entry = Entry(
        id=MessageId(row["said_id"]),
        conversation=ConversationId(call.conversation["id"]),
        seq=row["said_seq"],
        s=row["said_s"],
        kind=row["said_kind"],
        author=author,
        at=row["said_at"],
        edit_of=row["said_edit_of"],
        data=orjson.loads(row["said_data"]),
    )
    more = orjson.loads(row["data"])
    made = PARTS.validate_json(row["made_parts"]) if row["made_parts"] and row["made_state"] == "done" else ()
    return Line(
        entry=entry,
        parts=PARTS.validate_json(row["parts"] or "[]"),
        key=IdempotencyKey(row["idem_key"]),
        author=author.name or (profile.get("name") or "" if customer else ""),
        avatar=profile.get("avatar", "") if customer else "",
        via=str(more.get("via", "")),
        near=str(more.get("near", "")),
        translation="\n".join(filter(None, pieces_of(made))) if shown else "",
        untranslated=row["made_reason"] if shown and row["made_state"] == "failed" else "",
    )
