"""The console's lists in the store: each walks an index from its end, however many conversations there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Select, literal, select

from hub.store.listing import View, conversation, in_view, unread
from hub.store.store import Store
from tests.databases import fresh_store


async def plan(store: Store, wanted: Select[Any]) -> str:
    query = str(wanted.compile(store.db.engine.sync_engine, compile_kwargs={"literal_binds": True}))
    async with store.db.read() as connection:
        return " / ".join(row[-1] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))


@pytest.mark.parametrize("view", get_args(View))
async def test_a_list_needs_no_sorting(tmp_path: Path, view: View) -> None:
    store = await fresh_store(tmp_path, lanes=1)
    wanted = select(conversation.c.id).where(in_view(view, "me")).order_by(conversation.c.last_s.desc()).limit(31)
    steps = await plan(store, wanted.where(conversation.c.last_s < 1000))
    await store.close()
    assert "USING INDEX" in steps or "USING COVERING INDEX" in steps
    assert "last_s<?" in steps, "the cursor is part of the index search"
    assert "TEMP B-TREE" not in steps


async def test_what_is_unread_is_counted_from_where_the_agent_has_read(tmp_path: Path) -> None:
    store = await fresh_store(tmp_path, lanes=1)
    count = unread(conversation.c.id, conversation.c.head, literal(7))
    steps = await plan(store, select(conversation.c.id, count).where(conversation.c.id == "one"))
    await store.close()
    assert "SEARCH message USING INDEX sqlite_autoindex_message_2 (conversation_id=? AND seq>?)" in steps
