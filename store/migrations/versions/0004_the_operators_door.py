"""The operators' door: uploads received before they are read, jobs, held counts, keys that end, the audit log."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.audit import create_guards, drop_guards
from store.schema import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LIVE = sa.text("state IN ('received', 'accepted', 'held')")
ACCEPTED = sa.text("state = 'accepted'")
QUEUED = sa.text("state = 'queued'")
EPOCH = "1970-01-01 00:00:00"  # keys from before they ended are over: make a new one


def _upload_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("origin", sa.String(length=10), server_default="command", nullable=False),
        sa.Column("sent_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("raw_name", sa.String(length=120), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("counts_erased_at", UtcDateTime(), nullable=True),
    ]


def _slice_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("counted_total", sa.Float(), server_default="0", nullable=False),
        sa.Column("counted_areas", sa.Integer(), server_default="0", nullable=False),
        sa.Column("suppressed_areas", sa.Integer(), server_default="0", nullable=False),
    ]


def _key_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("created_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("expires_at", UtcDateTime(), server_default=EPOCH, nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
    ]


def _new_columns() -> dict[str, list[sa.Column[Any]]]:
    return {"upload": _upload_columns(), "count_slice": _slice_columns(), "carrier_key": _key_columns()}


def upgrade() -> None:
    for table, columns in _new_columns().items():
        for column in columns:
            op.add_column(table, column)
    op.drop_index("uq_upload_accepted_bytes", "upload")
    op.create_index(
        "uq_upload_live_bytes",
        "upload",
        ["carrier_id", "sha256"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index("uq_upload_idempotency_key", "upload", ["carrier_id", "idempotency_key"], unique=True)
    _create_tables()
    create_guards(op.get_bind())


def downgrade() -> None:
    drop_guards(op.get_bind())
    for name in ("audit_event", "job", "held_slice", "carrier_token"):
        op.drop_table(name)
    op.drop_index("uq_upload_idempotency_key", "upload")
    op.drop_index("uq_upload_live_bytes", "upload")
    op.create_index(
        "uq_upload_accepted_bytes",
        "upload",
        ["carrier_id", "sha256"],
        unique=True,
        sqlite_where=ACCEPTED,
        postgresql_where=ACCEPTED,
    )
    for table, columns in _new_columns().items():
        for column in columns:
            op.drop_column(table, column.name)


def _create_tables() -> None:
    op.create_table(
        "carrier_token",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("carrier_key_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_key_id"], ["carrier_key.id"], name=op.f("fk_carrier_token_carrier_key_id_carrier_key")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_carrier_token")),
    )
    op.create_table(
        "held_slice",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("carrier_id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("precision", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("blob_digest", sa.String(length=64), nullable=False),
        sa.Column("counted_total", sa.Float(), nullable=False),
        sa.Column("counted_areas", sa.Integer(), nullable=False),
        sa.Column("suppressed_areas", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_held_slice_carrier_id_carrier")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_held_slice_upload_id_upload")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_slice")),
    )
    op.create_index(op.f("ix_held_slice_upload_id"), "held_slice", ["upload_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=120), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("run_after", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_waiting", "job", ["state", "run_after"], unique=False)
    op.create_index(
        "uq_job_queued", "job", ["kind", "subject"], unique=True, sqlite_where=QUEUED, postgresql_where=QUEUED
    )
    op.create_table(
        "audit_event",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_subject"), "audit_event", ["subject"], unique=False)
