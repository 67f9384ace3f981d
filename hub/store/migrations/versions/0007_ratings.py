"""What customers thought of a conversation once it was settled."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BODY, ID, NAME, UTC6

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rating",
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("identity_id", ID, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("team", NAME, nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("comment", BODY, nullable=False),
        sa.Column("asked_at", UTC6(), nullable=False),
        sa.Column("answered_at", UTC6(), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_rating"),
    )
    op.create_index("ix_rating_asked_at", "rating", ["asked_at"])
    op.create_index("ix_rating_identity_id_asked_at", "rating", ["identity_id", "asked_at"])
