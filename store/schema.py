"""Every table of facts, in SQLAlchemy Core. No behaviour, no queries, no thresholds.

Facts are appended; what is derived from them (releases, map frames, crowding) can be computed again at any time.
No table has a column for a person, a device or a phone number (promise 1).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMES)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware moment in UTC on every database (SQLite's drivers return naive ones)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without an offset: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False, default=dict)


carrier = sa.Table(
    "carrier",
    metadata,
    _id(),
    sa.Column("code", sa.String(40), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("share", sa.Float, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

carrier_key = sa.Table(
    "carrier_key",
    metadata,
    _id(),
    sa.Column("carrier_id", sa.ForeignKey("carrier.id"), nullable=False, index=True),
    sa.Column("key_id", sa.String(20), nullable=False, unique=True),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False, server_default=""),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
)

feed = sa.Table(
    "feed",
    metadata,
    _id(),
    sa.Column("carrier_id", sa.ForeignKey("carrier.id"), nullable=False, index=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("loaded_at", UtcDateTime, nullable=False),
)

blob = sa.Table(
    "blob",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

coverage_version = sa.Table(
    "coverage_version",
    metadata,
    _id(),
    sa.Column("carrier_id", sa.ForeignKey("carrier.id"), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("source_name", sa.String(300), nullable=False),
    sa.Column("valid_from", UtcDateTime, nullable=False),
    sa.Column("loaded_at", UtcDateTime, nullable=False),
    _json("notes"),
)

source_area = sa.Table(
    "source_area",
    metadata,
    sa.Column("carrier_id", sa.ForeignKey("carrier.id"), primary_key=True),
    sa.Column("area_code", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("source_area_id", sa.String(120), nullable=False),
    sa.UniqueConstraint("carrier_id", "source_area_id"),
)

upload = sa.Table(
    "upload",
    metadata,
    _id(),
    sa.Column("carrier_id", sa.ForeignKey("carrier.id"), nullable=False, index=True),
    sa.Column("file_name", sa.String(300), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("rows_in", sa.BigInteger, nullable=False),
    sa.Column("rows_accepted", sa.BigInteger, nullable=False),
    sa.Column("rows_rejected", sa.BigInteger, nullable=False),
    sa.Column("rows_held", sa.BigInteger, nullable=False),
    sa.Column("rows_suppressed", sa.BigInteger, nullable=False),
    sa.Column("first_bin_at", UtcDateTime),
    sa.Column("last_bin_end_at", UtcDateTime),
    sa.Column("fault_count", sa.Integer, nullable=False),
    _json("faults"),
    _json("notes"),
    sa.Column("origin", sa.String(10), nullable=False, server_default="command"),
    sa.Column("sent_by", sa.String(200), nullable=False, server_default=""),
    sa.Column("idempotency_key", sa.String(200)),
    sa.Column("raw_name", sa.String(120)),
    sa.Column("settled_at", UtcDateTime),
    sa.Column("withdrawn_at", UtcDateTime),
    sa.Column("counts_erased_at", UtcDateTime),
    sa.CheckConstraint("rows_in = rows_accepted + rows_rejected + rows_held", name="every_row_accounted"),
)

# The guarantees against a doubled upload are these indexes, not the look-up before them. A refused file changed
# nothing, so it may be sent again once its cause (a missing coverage, say) is mended; a withdrawn one, anew.
LIVE_STATES = ("received", "accepted", "held")
_LIVE = sa.text("state IN ('received', 'accepted', 'held')")
sa.Index(
    "uq_upload_live_bytes",
    upload.c.carrier_id,
    upload.c.sha256,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
sa.Index("uq_upload_idempotency_key", upload.c.carrier_id, upload.c.idempotency_key, unique=True)

count_slice = sa.Table(
    "count_slice",
    metadata,
    _id(),
    sa.Column("carrier_id", sa.ForeignKey("carrier.id"), nullable=False),
    sa.Column("upload_id", sa.ForeignKey("upload.id"), nullable=False, index=True),
    sa.Column("start", UtcDateTime, nullable=False),
    sa.Column("end", UtcDateTime, nullable=False),
    sa.Column("precision", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("blob_digest", sa.String(64), nullable=False),
    sa.Column("counted_total", sa.Float, nullable=False, server_default="0"),
    sa.Column("counted_areas", sa.Integer, nullable=False, server_default="0"),
    sa.Column("suppressed_areas", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_count_slice_interval", "start", "end"),
)

hexagon_area = sa.Table(
    "hexagon_area",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("hexagon_count", sa.Integer, nullable=False),
    sa.Column("hexagons_digest", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

geometry_pack = sa.Table(
    "geometry_pack",
    metadata,
    sa.Column("area_digest", sa.ForeignKey("hexagon_area.digest"), primary_key=True),
    sa.Column("resolution", sa.Integer, primary_key=True),
    sa.Column("blob_digest", sa.String(64), nullable=False),
)

release = sa.Table(
    "release",
    metadata,
    sa.Column("time_bin_start", UtcDateTime, primary_key=True),
    sa.Column("area_digest", sa.ForeignKey("hexagon_area.digest"), nullable=False),
    sa.Column("input_digest", sa.String(64), nullable=False),
    sa.Column("blob_digest", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("released_at", UtcDateTime, nullable=False),
    sa.Column("carriers", sa.JSON, nullable=False),
    sa.Column("venues_digest", sa.String(64)),
    sa.Column("venue_blob_digest", sa.String(64)),
    sa.Column("residuals", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("method", sa.String(20), nullable=False, server_default=""),
)

# The mark changes whenever the bin is noted again, so that a run forgets only what it has seen.
dirty_bin = sa.Table(
    "dirty_bin",
    metadata,
    sa.Column("time_bin_start", UtcDateTime, primary_key=True),
    sa.Column("mark", sa.String(16), nullable=False, server_default=""),
)

map_frame = sa.Table(
    "map_frame",
    metadata,
    sa.Column("layer", sa.String(10), primary_key=True),
    sa.Column("bin_start", UtcDateTime, primary_key=True),
    sa.Column("bin_end", UtcDateTime, nullable=False),
    sa.Column("area_digest", sa.ForeignKey("hexagon_area.digest"), nullable=False),
    sa.Column("venues_digest", sa.String(64), nullable=False),
    sa.Column("frame_digest", sa.String(64), nullable=False, index=True),
    sa.Column("interval_digest", sa.String(64), index=True),
    sa.Column("venue_frame_digest", sa.String(64), nullable=False, index=True),
    sa.Column("observed_at", UtcDateTime, nullable=False),
    sa.Column("published_at", UtcDateTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

usual_profile = sa.Table(
    "usual_profile",
    metadata,
    sa.Column("area_digest", sa.ForeignKey("hexagon_area.digest"), primary_key=True),
    sa.Column("blob_digest", sa.String(64), nullable=False),
    sa.Column("weeks", sa.Integer, nullable=False),
    sa.Column("computed_at", UtcDateTime, nullable=False),
)

venue = sa.Table(
    "venue",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("code", sa.String(40), nullable=False, unique=True),
    sa.Column("source", sa.String(60), nullable=False),
    sa.Column("source_id", sa.String(120), nullable=False),
    sa.Column("name", sa.String(300), nullable=False),
    sa.Column("name_kk", sa.String(300)),
    sa.Column("name_ru", sa.String(300)),
    sa.Column("folded_name", sa.String(700), nullable=False),
    sa.Column("category", sa.String(60), nullable=False),
    sa.Column("address", sa.String(400)),
    sa.Column("district", sa.String(120)),
    sa.Column("region", sa.String(40)),
    sa.Column("longitude", sa.Float),
    sa.Column("latitude", sa.Float),
    sa.Column("outline_wkb", sa.LargeBinary),
    sa.Column("seats", sa.Integer),
    sa.Column("area_m2", sa.Float),
    sa.Column("licensed_capacity", sa.Integer),
    sa.Column("opening_hours", sa.String(300)),
    sa.Column("business_size", sa.String(20)),
    sa.Column("participation", sa.String(20), nullable=False),
    sa.Column("participation_since", sa.Date),
    sa.Column("entrances", sa.Integer),
    sa.Column("masked", sa.Boolean, nullable=False),
    sa.Column("registered_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("source", "source_id"),
)

venue_list = sa.Table(
    "venue_list",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("venue_ids", sa.JSON, nullable=False),
)

venue_crowding = sa.Table(
    "venue_crowding",
    metadata,
    sa.Column("time_bin_start", UtcDateTime, primary_key=True),
    sa.Column("venue_id", sa.ForeignKey("venue.id"), primary_key=True),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("level", sa.SmallInteger),
    sa.Column("level_high", sa.SmallInteger),
    sa.Column("low", sa.Float),
    sa.Column("best", sa.Float),
    sa.Column("high", sa.Float),
    sa.Column("occupancy_limit", sa.Integer),
    sa.Column("epidemic_zone", sa.String(10)),
    sa.Column("reason", sa.String(60)),
    sa.Column("params", sa.JSON, nullable=False),
    sa.Column("neighbour_count", sa.Integer, nullable=False),
    sa.Column("is_open", sa.Boolean),
    sa.Column("observed_at", UtcDateTime, nullable=False),
    sa.Column("kernel", sa.Float),
    sa.Column("probability", sa.Float),
    sa.Column("attribution", sa.String(12)),
    sa.Column("attribution_probability", sa.Float),
    sa.Column("neighbour_ids", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("calibrated", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("unusual_z", sa.Float),
    sa.Column("unusual_most", sa.Float),
    sa.Column("area_unusual_z", sa.Float),
    sa.Column("after_hours", sa.Float),
)
sa.Index("ix_venue_crowding_venue", venue_crowding.c.venue_id, venue_crowding.c.time_bin_start)

zone_announcement = sa.Table(
    "zone_announcement",
    metadata,
    sa.Column("region", sa.String(40), primary_key=True),
    sa.Column("announced_on", sa.Date, primary_key=True),
    sa.Column("source", sa.String(300), primary_key=True),
    sa.Column("zone", sa.String(10), nullable=False),
    sa.Column("explicit", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)
