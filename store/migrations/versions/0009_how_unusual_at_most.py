"""How unusual a venue may be within its interval."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("venue_crowding", sa.Column("unusual_most", sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("venue_crowding") as table:
        table.drop_column("unusual_most")
