"""The tables that an estimate stands on besides counts: chosen parameters, prior layers, regions, shares, head counts,
calibrations.

No behaviour, no queries. None of them has a column for a person who was counted (promise 1).
"""

from __future__ import annotations

import sqlalchemy as sa

from store.schema import UtcDateTime, metadata

estimation_fit = sa.Table(
    "estimation_fit",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("coverages", sa.JSON, nullable=False),
    sa.Column("parameters", sa.JSON, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("fitted_at", UtcDateTime, nullable=False),
)

prior_layer = sa.Table(
    "prior_layer",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(300), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("blob_digest", sa.String(64), nullable=False),
    sa.Column("source", sa.String(300), nullable=False),
    sa.Column("loaded_at", UtcDateTime, nullable=False),
)

region = sa.Table(
    "region",
    metadata,
    sa.Column("code", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(300), nullable=False),
    sa.Column("outline_wkb", sa.LargeBinary, nullable=False),
    sa.Column("source", sa.String(300), nullable=False),
    sa.Column("loaded_at", UtcDateTime, nullable=False),
)

# The region '' is everywhere else; no foreign key, because it is no region.
carrier_share = sa.Table(
    "carrier_share",
    metadata,
    sa.Column("carrier_id", sa.ForeignKey("carrier.id"), primary_key=True),
    sa.Column("region", sa.String(40), primary_key=True),
    sa.Column("days", sa.String(10), primary_key=True),
    sa.Column("start_hour", sa.SmallInteger, primary_key=True),
    sa.Column("end_hour", sa.SmallInteger, nullable=False),
    sa.Column("share", sa.Float, nullable=False),
)

head_count = sa.Table(
    "head_count",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("venue_id", sa.ForeignKey("venue.id"), nullable=False),
    sa.Column("counted_at", UtcDateTime, nullable=False),
    sa.Column("people", sa.Integer, nullable=False),
    sa.Column("counted_by", sa.String(200), nullable=False),
    sa.Column("origin", sa.String(10), nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("note", sa.String(300), nullable=False, server_default=""),
    sa.Column("withdrawn_at", UtcDateTime),
)

# One standing count a venue and minute: a form that is sent twice, or a file that is loaded twice, adds nothing; what
# was withdrawn may be counted anew.
_STANDING = sa.text("withdrawn_at IS NULL")
sa.Index(
    "uq_head_count_standing",
    head_count.c.venue_id,
    head_count.c.counted_at,
    unique=True,
    sqlite_where=_STANDING,
    postgresql_where=_STANDING,
)

calibration = sa.Table(
    "calibration",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("scope", sa.String(40), nullable=False),
    sa.Column("factor", sa.Float, nullable=False),
    sa.Column("pairs", sa.Integer, nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("computed_at", UtcDateTime, nullable=False),
)
