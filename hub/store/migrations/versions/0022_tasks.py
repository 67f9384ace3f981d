"""Tasks that agents ask a tracker for."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, BODY, ID, KEY, UTC6, word

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("id", ID, nullable=False),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("title", KEY, nullable=False),
        sa.Column("text", BODY, nullable=False),
        sa.Column("author", BODY, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("state", word(8), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("due_ms", BIG, nullable=False),
        sa.Column("until_ms", BIG, nullable=False),
        sa.Column("reason", BODY, nullable=False),
        sa.Column("at", UTC6, nullable=False),
        sa.Column("done_at", UTC6, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
    )
    op.create_index("ix_task_state_due_ms", "task", ["state", "due_ms"])
