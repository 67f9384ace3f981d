"""Workspaces in which a desk's app is installed, with their sealed tokens."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, BODY, KEY, NAME, UTC6, word

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workspace",
        sa.Column("desk", NAME, nullable=False),
        sa.Column("workspace", NAME, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("member", NAME, nullable=False),
        sa.Column("scopes", BODY, nullable=False),
        sa.Column("sealed", BODY, nullable=False),
        sa.Column("state", word(16), nullable=False),
        sa.Column("reason", KEY, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("granted_ms", BIG, nullable=False),
        sa.Column("gone_ms", BIG, nullable=False),
        sa.Column("at", UTC6(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "workspace", name=op.f("pk_workspace")),
    )
