"""Translations, and which conversations have them."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, BODY, ID, UTC6, word

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "translation",
        sa.Column("message_id", ID, nullable=False),
        sa.Column("language", word(16), nullable=False),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("side", word(8), nullable=False),
        sa.Column("source", word(16), nullable=False),
        sa.Column("state", word(8), nullable=False),
        sa.Column("turn", sa.SmallInteger(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("due_ms", BIG, nullable=False),
        sa.Column("until_ms", BIG, nullable=False),
        sa.Column("leave_ms", BIG, nullable=False),
        sa.Column("unplaced", sa.Boolean(), nullable=False),
        sa.Column("parts", BODY, nullable=True),
        sa.Column("reason", BODY, nullable=False),
        sa.Column("at", UTC6, nullable=False),
        sa.Column("done_at", UTC6, nullable=True),
        sa.PrimaryKeyConstraint("message_id", "language", name="pk_translation"),
    )
    op.create_index("ix_translation_state_due_ms", "translation", ["state", "due_ms"])
    op.create_index("ix_translation_conversation_id_seq", "translation", ["conversation_id", "seq"])
    op.add_column("conversation", sa.Column("translate", word(8), nullable=False, server_default=""))
    op.add_column("conversation", sa.Column("spoken", word(16), nullable=False, server_default=""))
    op.add_column("conversation", sa.Column("unplaced", sa.Integer(), nullable=False, server_default="0"))
