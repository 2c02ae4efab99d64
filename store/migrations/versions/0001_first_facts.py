"""The first facts: carriers, coverage, uploads, counts, releases, map frames, venues, crowding, zones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blob",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob")),
    )
    op.create_table(
        "carrier",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier")),
        sa.UniqueConstraint("code", name=op.f("uq_carrier_code")),
    )
    op.create_table(
        "dirty_bin",
        sa.Column("time_bin_start", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("time_bin_start", name=op.f("pk_dirty_bin")),
    )
    op.create_table(
        "hexagon_area",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hexagon_count", sa.Integer(), nullable=False),
        sa.Column("hexagons_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_hexagon_area")),
    )
    op.create_table(
        "venue",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("name_kk", sa.String(length=300), nullable=True),
        sa.Column("name_ru", sa.String(length=300), nullable=True),
        sa.Column("folded_name", sa.String(length=700), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=True),
        sa.Column("district", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("outline_wkb", sa.LargeBinary(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("area_m2", sa.Float(), nullable=True),
        sa.Column("licensed_capacity", sa.Integer(), nullable=True),
        sa.Column("opening_hours", sa.String(length=300), nullable=True),
        sa.Column("business_size", sa.String(length=20), nullable=True),
        sa.Column("participation", sa.String(length=20), nullable=False),
        sa.Column("participation_since", sa.Date(), nullable=True),
        sa.Column("entrances", sa.Integer(), nullable=True),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue")),
        sa.UniqueConstraint("code", name=op.f("uq_venue_code")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_venue_source_source_id")),
    )
    op.create_table(
        "venue_list",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("venue_ids", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_venue_list")),
    )
    op.create_table(
        "zone_announcement",
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("zone", sa.String(length=10), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("region", "announced_on", "source", name=op.f("pk_zone_announcement")),
    )
    op.create_table(
        "carrier_key",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("carrier_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=20), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_carrier_key_carrier_id_carrier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_carrier_key_key_id")),
    )
    op.create_index(op.f("ix_carrier_key_carrier_id"), "carrier_key", ["carrier_id"], unique=False)
    op.create_table(
        "coverage_version",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("carrier_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source_name", sa.String(length=300), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_coverage_version_carrier_id_carrier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_version")),
    )
    op.create_index(op.f("ix_coverage_version_carrier_id"), "coverage_version", ["carrier_id"], unique=False)
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("carrier_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_feed_carrier_id_carrier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
    )
    op.create_index(op.f("ix_feed_carrier_id"), "feed", ["carrier_id"], unique=False)
    op.create_table(
        "geometry_pack",
        sa.Column("area_digest", sa.String(length=64), nullable=False),
        sa.Column("resolution", sa.Integer(), nullable=False),
        sa.Column("blob_digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_digest"], ["hexagon_area.digest"], name=op.f("fk_geometry_pack_area_digest_hexagon_area")
        ),
        sa.PrimaryKeyConstraint("area_digest", "resolution", name=op.f("pk_geometry_pack")),
    )
    op.create_table(
        "map_frame",
        sa.Column("layer", sa.String(length=10), nullable=False),
        sa.Column("bin_start", UtcDateTime(), nullable=False),
        sa.Column("bin_end", UtcDateTime(), nullable=False),
        sa.Column("area_digest", sa.String(length=64), nullable=False),
        sa.Column("venues_digest", sa.String(length=64), nullable=False),
        sa.Column("frame_digest", sa.String(length=64), nullable=False),
        sa.Column("interval_digest", sa.String(length=64), nullable=True),
        sa.Column("venue_frame_digest", sa.String(length=64), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_digest"], ["hexagon_area.digest"], name=op.f("fk_map_frame_area_digest_hexagon_area")
        ),
        sa.PrimaryKeyConstraint("layer", "bin_start", name=op.f("pk_map_frame")),
    )
    op.create_index(op.f("ix_map_frame_frame_digest"), "map_frame", ["frame_digest"], unique=False)
    op.create_index(op.f("ix_map_frame_interval_digest"), "map_frame", ["interval_digest"], unique=False)
    op.create_index(op.f("ix_map_frame_venue_frame_digest"), "map_frame", ["venue_frame_digest"], unique=False)
    op.create_table(
        "release",
        sa.Column("time_bin_start", UtcDateTime(), nullable=False),
        sa.Column("area_digest", sa.String(length=64), nullable=False),
        sa.Column("input_digest", sa.String(length=64), nullable=False),
        sa.Column("blob_digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=False),
        sa.Column("carriers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_digest"], ["hexagon_area.digest"], name=op.f("fk_release_area_digest_hexagon_area")
        ),
        sa.PrimaryKeyConstraint("time_bin_start", name=op.f("pk_release")),
    )
    op.create_table(
        "source_area",
        sa.Column("carrier_id", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_area_id", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_source_area_carrier_id_carrier")),
        sa.PrimaryKeyConstraint("carrier_id", "area_code", name=op.f("pk_source_area")),
        sa.UniqueConstraint("carrier_id", "source_area_id", name=op.f("uq_source_area_carrier_id_source_area_id")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("carrier_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("rows_in", sa.BigInteger(), nullable=False),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.Column("rows_held", sa.BigInteger(), nullable=False),
        sa.Column("rows_suppressed", sa.BigInteger(), nullable=False),
        sa.Column("first_bin_at", UtcDateTime(), nullable=True),
        sa.Column("last_bin_end_at", UtcDateTime(), nullable=True),
        sa.Column("fault_count", sa.Integer(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "rows_in = rows_accepted + rows_rejected + rows_held", name=op.f("ck_upload_every_row_accounted")
        ),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_upload_carrier_id_carrier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_carrier_id"), "upload", ["carrier_id"], unique=False)
    op.create_index(
        "uq_upload_accepted_bytes",
        "upload",
        ["carrier_id", "sha256"],
        unique=True,
        sqlite_where=sa.text("state = 'accepted'"),
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_table(
        "usual_profile",
        sa.Column("area_digest", sa.String(length=64), nullable=False),
        sa.Column("blob_digest", sa.String(length=64), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_digest"], ["hexagon_area.digest"], name=op.f("fk_usual_profile_area_digest_hexagon_area")
        ),
        sa.PrimaryKeyConstraint("area_digest", name=op.f("pk_usual_profile")),
    )
    op.create_table(
        "venue_crowding",
        sa.Column("time_bin_start", UtcDateTime(), nullable=False),
        sa.Column("venue_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=True),
        sa.Column("level_high", sa.SmallInteger(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("best", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("occupancy_limit", sa.Integer(), nullable=True),
        sa.Column("epidemic_zone", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("neighbour_count", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=True),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_venue_crowding_venue_id_venue")),
        sa.PrimaryKeyConstraint("time_bin_start", "venue_id", name=op.f("pk_venue_crowding")),
    )
    op.create_index("ix_venue_crowding_venue", "venue_crowding", ["venue_id", "time_bin_start"], unique=False)
    op.create_table(
        "count_slice",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("carrier_id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("precision", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("blob_digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_count_slice_carrier_id_carrier")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_count_slice_upload_id_upload")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_slice")),
    )
    op.create_index("ix_count_slice_interval", "count_slice", ["start", "end"], unique=False)
    op.create_index(op.f("ix_count_slice_upload_id"), "count_slice", ["upload_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_count_slice_upload_id"), table_name="count_slice")
    op.drop_index("ix_count_slice_interval", table_name="count_slice")
    op.drop_table("count_slice")
    op.drop_index("ix_venue_crowding_venue", table_name="venue_crowding")
    op.drop_table("venue_crowding")
    op.drop_table("usual_profile")
    op.drop_index(
        "uq_upload_accepted_bytes",
        table_name="upload",
        sqlite_where=sa.text("state = 'accepted'"),
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.drop_index(op.f("ix_upload_carrier_id"), table_name="upload")
    op.drop_table("upload")
    op.drop_table("source_area")
    op.drop_table("release")
    op.drop_index(op.f("ix_map_frame_venue_frame_digest"), table_name="map_frame")
    op.drop_index(op.f("ix_map_frame_interval_digest"), table_name="map_frame")
    op.drop_index(op.f("ix_map_frame_frame_digest"), table_name="map_frame")
    op.drop_table("map_frame")
    op.drop_table("geometry_pack")
    op.drop_index(op.f("ix_feed_carrier_id"), table_name="feed")
    op.drop_table("feed")
    op.drop_index(op.f("ix_coverage_version_carrier_id"), table_name="coverage_version")
    op.drop_table("coverage_version")
    op.drop_index(op.f("ix_carrier_key_carrier_id"), table_name="carrier_key")
    op.drop_table("carrier_key")
    op.drop_table("zone_announcement")
    op.drop_table("venue_list")
    op.drop_table("venue")
    op.drop_table("hexagon_area")
    op.drop_table("dirty_bin")
    op.drop_table("carrier")
    op.drop_table("blob")
