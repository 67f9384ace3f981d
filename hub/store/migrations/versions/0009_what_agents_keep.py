"""Agents' drafts, views and capacity of their own."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, BODY, ID, UTC6, word

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent", sa.Column("capacity", sa.SmallInteger, nullable=False, server_default="0"))
    op.create_table(
        "agent_draft",
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("kind", word(8), nullable=False),
        sa.Column("text", BODY, nullable=False),
        sa.Column("rev", BIG, nullable=False),
        sa.Column("at", UTC6(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "conversation_id", name="pk_agent_draft"),
    )
    op.create_table(
        "agent_views",
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("views", BODY, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agent_views"),
    )
