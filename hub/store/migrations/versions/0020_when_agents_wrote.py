"""When agents wrote what they wrote last in a conversation's thread, so that older lines are known as late."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("wrote_us", BIG, nullable=False, server_default="0"))
