"""Accounts, sessions on the server, attempts to sign in, reads of venues' files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password", sa.String(length=300), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("carrier_code", sa.String(length=40), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_account_fs_uniquifier")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("account_key", sa.String(length=64), nullable=False),
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("attempted_at", UtcDateTime(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_account_key", "sign_in_attempt", ["account_key", "attempted_at"], unique=False)
    op.create_table(
        "account_role",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_role_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_account_role")),
    )
    op.create_table(
        "account_venue",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_venue_account_id_account")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_account_venue_venue_id_venue")),
        sa.PrimaryKeyConstraint("account_id", "venue_id", name=op.f("pk_account_venue")),
    )
    op.create_table(
        "server_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_server_session_account_id_account")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_server_session")),
    )
    op.create_index(op.f("ix_server_session_account_id"), "server_session", ["account_id"], unique=False)
    op.create_table(
        "venue_read",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("venue_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_venue_read_account_id_account")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_venue_read_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_read")),
    )
    op.create_index("ix_venue_read_venue", "venue_read", ["venue_id", "read_at"], unique=False)
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for statement in NO_LONGER_APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
    op.drop_index("ix_venue_read_venue", table_name="venue_read")
    op.drop_table("venue_read")
    op.drop_index(op.f("ix_server_session_account_id"), table_name="server_session")
    op.drop_table("server_session")
    op.drop_table("account_venue")
    op.drop_table("account_role")
    op.drop_index("ix_sign_in_attempt_account_key", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_table("account")


# Who read a venue's file is appended and never changed: the database refuses, whatever the code does.
APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER venue_read_no_update BEFORE UPDATE ON venue_read "
        "BEGIN SELECT RAISE(ABORT, 'venue_read is append-only'); END",
        "CREATE TRIGGER venue_read_no_delete BEFORE DELETE ON venue_read "
        "BEGIN SELECT RAISE(ABORT, 'venue_read is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION venue_read_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'venue_read is append-only'; END $$",
        "CREATE TRIGGER venue_read_no_change BEFORE UPDATE OR DELETE ON venue_read "
        "FOR EACH ROW EXECUTE FUNCTION venue_read_refuse()",
    ),
}
NO_LONGER_APPEND_ONLY = {
    "sqlite": ("DROP TRIGGER venue_read_no_update", "DROP TRIGGER venue_read_no_delete"),
    "postgresql": ("DROP TRIGGER venue_read_no_change ON venue_read", "DROP FUNCTION venue_read_refuse()"),
}
