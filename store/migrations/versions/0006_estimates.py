"""What estimates stand on and say of venues: fits, prior layers, head counts, calibrations, venues of a release."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.schema import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _release_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("venues_digest", sa.String(length=64), nullable=True),
        sa.Column("venue_blob_digest", sa.String(length=64), nullable=True),
        sa.Column("residuals", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("method", sa.String(length=20), server_default="", nullable=False),
    ]


def _crowding_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("kernel", sa.Float(), nullable=True),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("attribution", sa.String(length=12), nullable=True),
        sa.Column("attribution_probability", sa.Float(), nullable=True),
        sa.Column("neighbour_ids", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("calibrated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("unusual_z", sa.Float(), nullable=True),
        sa.Column("area_unusual_z", sa.Float(), nullable=True),
        sa.Column("after_hours", sa.Float(), nullable=True),
    ]


def _new_columns() -> dict[str, list[sa.Column[Any]]]:
    return {"release": _release_columns(), "venue_crowding": _crowding_columns()}


def upgrade() -> None:
    for table, columns in _new_columns().items():
        for column in columns:
            op.add_column(table, column)
    _create_model_tables()
    _create_head_counts()


def downgrade() -> None:
    for name in ("calibration", "head_count", "prior_layer", "estimation_fit"):
        op.drop_table(name)
    for table, columns in _new_columns().items():
        for column in columns:
            op.drop_column(table, column.name)


def _create_model_tables() -> None:
    op.create_table(
        "estimation_fit",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("coverages", sa.JSON(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("fitted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_estimation_fit")),
    )
    op.create_table(
        "prior_layer",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("blob_digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prior_layer")),
    )


def _create_head_counts() -> None:
    op.create_table(
        "head_count",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("venue_id", sa.String(length=40), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("counted_by", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.String(length=300), server_default="", nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_head_count_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_count")),
    )
    op.create_index(
        "uq_head_count_standing",
        "head_count",
        ["venue_id", "counted_at"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "calibration",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("factor", sa.Float(), nullable=False),
        sa.Column("pairs", sa.Integer(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
    )
