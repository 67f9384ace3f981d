"""Which conversation another was merged into."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import ID

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("merged_into", ID, nullable=True))
    op.add_column("conversation", sa.Column("joins", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_conversation_merged_into", "conversation", ["merged_into"])
