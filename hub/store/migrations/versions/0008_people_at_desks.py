"""What is known of people at desks, until when an agent who came there is there, and what is broken."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, ID, KEY, NAME, UTC6, word

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent", sa.Column("until_ms", BIG, nullable=False, server_default="0"))
    op.add_column("agent", sa.Column("reason", KEY, nullable=False, server_default=""))
    op.add_column("desk_person", sa.Column("standing", word(16), nullable=False, server_default=""))
    op.add_column("desk_person", sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("desk_person", sa.Column("looked_ms", BIG, nullable=False, server_default="0"))
    op.add_column("desk_person", sa.Column("shown_ms", BIG, nullable=False, server_default="0"))
    op.add_column("desk_person", sa.Column("shown", word(16), nullable=False, server_default=""))
    op.add_column("notice", sa.Column("agent_id", ID, nullable=False, server_default=""))
    op.add_column("notice", sa.Column("seq", BIG, nullable=False, server_default="0"))
    op.create_table(
        "trouble",
        sa.Column("place", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("said", KEY, nullable=False),
        sa.Column("mend", KEY, nullable=False),
        sa.Column("told_ms", BIG, nullable=False),
        sa.Column("at", UTC6, nullable=False),
        sa.PrimaryKeyConstraint("place", "kind", name="pk_trouble"),
    )
