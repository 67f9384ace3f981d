"""When an agent is called before what was promised is late."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("warn_ms", BIG, nullable=False, server_default="0"))
