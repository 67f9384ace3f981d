"""Several identities as one customer: what is proved of them, and who brought them together."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BODY, ID, KEY, UTC6, word

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("identity_id", ID, nullable=False),
        sa.Column("kind", word(16), nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.Column("state", word(8), nullable=False),
        sa.Column("at", UTC6(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", "kind", "value", name="pk_claim"),
    )
    op.create_index("ix_claim_kind_value", "claim", ["kind", "value"])
    op.create_index("ix_claim_state", "claim", ["state"])
    op.create_table(
        "link",
        sa.Column("id", ID, nullable=False),
        sa.Column("into_id", ID, nullable=False),
        sa.Column("from_id", ID, nullable=False),
        sa.Column("kind", word(16), nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("reason", BODY, nullable=False),
        sa.Column("moved", BODY, nullable=False),
        sa.Column("at", UTC6(), nullable=False),
        sa.Column("undone_at", UTC6(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
    )
    op.create_index("ix_link_into_id", "link", ["into_id"])
    op.create_index("ix_link_from_id", "link", ["from_id"])
