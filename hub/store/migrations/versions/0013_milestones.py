"""What happened first and last in each conversation, for reports."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import ID, NAME, UTC6

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "milestone",
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("team", NAME, nullable=False),
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("opened_at", UTC6(), nullable=False),
        sa.Column("asked_at", UTC6(), nullable=True),
        sa.Column("answered_at", UTC6(), nullable=True),
        sa.Column("first_s", sa.Integer(), nullable=True),
        sa.Column("resolved_at", UTC6(), nullable=True),
        sa.Column("resolve_s", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_milestone"),
    )
    for column in ("opened_at", "answered_at", "resolved_at"):
        op.create_index(f"ix_milestone_{column}", "milestone", [column])
