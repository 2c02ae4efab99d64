"""Invitations, second factors, half sessions, acts that need two persons; when an account last signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WAITING = sa.text("decided_at IS NULL")
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.add_column("account", sa.Column("signed_in_at", UtcDateTime(), nullable=True))
    _create_second_factors()
    _create_invitations()
    _create_approvals()


def downgrade() -> None:
    op.drop_index("uq_approval_waiting", table_name="approval")
    op.drop_table("approval")
    op.drop_index("uq_invitation_open_email", table_name="invitation")
    op.drop_table("invitation")
    op.drop_table("recovery_code")
    op.drop_table("second_factor_offer")
    op.drop_table("second_factor")
    op.drop_index(op.f("ix_half_session_account_id"), table_name="half_session")
    op.drop_table("half_session")
    op.drop_column("account", "signed_in_at")


def _account_key(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["account.id"], name=op.f(f"fk_{table}_{column}_account"))


def _create_second_factors() -> None:
    op.create_table(
        "half_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _account_key("half_session", "account_id"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_half_session")),
    )
    op.create_index(op.f("ix_half_session_account_id"), "half_session", ["account_id"], unique=False)
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("last_counter", sa.BigInteger(), nullable=True),
        sa.Column("enrolled_at", UtcDateTime(), nullable=False),
        _account_key("second_factor", "account_id"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "second_factor_offer",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("offered_at", UtcDateTime(), nullable=False),
        _account_key("second_factor_offer", "account_id"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor_offer")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        _account_key("recovery_code", "account_id"),
        sa.PrimaryKeyConstraint("account_id", "code_sha256", name=op.f("pk_recovery_code")),
    )


def _create_invitations() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("carrier_code", sa.String(length=40), nullable=True),
        sa.Column("venue_ids", sa.JSON(), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ending", sa.String(length=10), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("approved_by <> invited_by", name=op.f("ck_invitation_two_persons")),
        _account_key("invitation", "invited_by"),
        _account_key("invitation", "approved_by"),
        _account_key("invitation", "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_invitation_token_sha256")),
    )
    op.create_index(
        "uq_invitation_open_email",
        "invitation",
        ["email"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _create_approvals() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.CheckConstraint("decision <> 'approved' OR decided_by <> asked_by", name=op.f("ck_approval_two_persons")),
        sa.CheckConstraint(
            "decision <> 'approved' OR account_id IS NULL OR decided_by <> account_id",
            name=op.f("ck_approval_not_oneself"),
        ),
        _account_key("approval", "account_id"),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_approval_invitation_id_invitation")
        ),
        _account_key("approval", "asked_by"),
        _account_key("approval", "decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(
        "uq_approval_waiting",
        "approval",
        ["act", "account_id"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
