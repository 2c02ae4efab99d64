"""Usual weeks as people see them: of venues, and of the hexagons of an area."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usual_venue_week",
        sa.Column("venue_id", sa.String(length=40), nullable=False),
        sa.Column("weeks", sa.SmallInteger(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("ground", sa.JSON(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_usual_venue_week_venue_id_venue")),
        sa.PrimaryKeyConstraint("venue_id", name=op.f("pk_usual_venue_week")),
    )
    op.create_table(
        "usual_picture",
        sa.Column("area_digest", sa.String(length=64), nullable=False),
        sa.Column("resolution", sa.SmallInteger(), nullable=False),
        sa.Column("weeks", sa.SmallInteger(), nullable=False),
        sa.Column("blob_digest", sa.String(length=64), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("area_digest", "resolution", name=op.f("pk_usual_picture")),
    )


def downgrade() -> None:
    for name in ("usual_picture", "usual_venue_week"):
        op.drop_table(name)
