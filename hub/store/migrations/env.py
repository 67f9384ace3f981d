"""What Alembic runs: our tables' metadata on the connection that `hub.store.migrate` holds the lock with."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import String
from sqlmodel import SQLModel

from hub.store import (  # noqa: F401 -- importing tables fills the metadata
    agent_tables,
    columns,
    device_tables,
    feed_tables,
    link_tables,
    piece_tables,
    rating_tables,
    saved_tables,
    tables,
    task_tables,
    translation_tables,
    window_tables,
    workspace_tables,
)


def named(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Write our column types into new revisions by their names."""
    if kind != "type":
        return False
    if item is columns.BIG or item is columns.BODY:
        return "BIG" if item is columns.BIG else "BODY"
    if isinstance(item, columns.UTC6):
        return "UTC6()"
    return f"word({item.length})" if isinstance(item, String) and item.length else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=named,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
