"""How far feeds have been read whose hooks only say that there is news, and what an act gives to answer it by."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, BODY, KEY, NAME, word

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("channel", NAME, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("place", BODY, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("ticket", BODY, nullable=False),
        sa.Column("ticket_ms", BIG, nullable=False),
        sa.Column("due_ms", BIG, nullable=False),
        sa.Column("lease_ms", BIG, nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("error", BODY, nullable=False),
        sa.PrimaryKeyConstraint("channel", "name", name="pk_feed"),
    )
    op.create_index("ix_feed_due_ms", "feed", ["due_ms"])
    op.add_column("allowance", sa.Column("ticket", word(512), nullable=False, server_default=""))
