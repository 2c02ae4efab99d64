"""A mark on each dirty bin: a run forgets only what it has seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dirty_bin", sa.Column("mark", sa.String(length=16), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("dirty_bin") as table:
        table.drop_column("mark")
