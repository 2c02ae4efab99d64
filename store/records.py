"""The plain facts that leave the store: frozen records, no behaviour, no database types.

Moments are aware and UTC. Longitudes and latitudes are WGS84 degrees. Shapes travel as WKB bytes, because only `geo`
speaks shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Participation = Literal["applied", "test_week", "member", "leader", "suspended", "left", "not_participating"]
UploadState = Literal["received", "accepted", "held", "refused", "withdrawn", "failed"]
Origin = Literal["api", "page", "command"]
MapLayer = Literal["public", "group"]
Attribution = Literal["venue", "area", "cannot-tell"]


@dataclass(frozen=True, slots=True)
class Carrier:
    """A mobile operator. `share`: people present that one delivered count stands for, 0..1.3."""

    id: int
    code: str
    name: str
    share: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CoverageVersion:
    """One version of a carrier's source areas, in force for time bins from `valid_from` on."""

    id: int
    carrier_id: int
    digest: str
    kind: str
    source_name: str
    valid_from: datetime
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """One fault of a delivered file: stable code, physical line (1-based), column name, parameters."""

    code: str
    line: int | None = None
    column: str | None = None
    params: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one delivered file. `rows_in == rows_accepted + rows_rejected + rows_held`, always.

    `state`: received (kept, not read yet), accepted, held (some rows wait for headquarters, the others count), refused,
    withdrawn, failed (we could not read it: our fault, it is kept and somebody was told). `raw_name`: its bytes in the
    folder of deliveries, None once they are deleted.
    """

    id: int
    carrier_code: str
    file_name: str
    sha256: str
    size_bytes: int
    state: UploadState
    received_at: datetime
    rows_in: int
    rows_accepted: int
    rows_rejected: int
    rows_held: int
    rows_suppressed: int
    first_bin_at: datetime | None
    last_bin_end_at: datetime | None
    fault_count: int
    faults: tuple[FaultRecord, ...]
    notes: tuple[FaultRecord, ...]
    origin: Origin = "command"
    sent_by: str = ""
    idempotency_key: str | None = None
    raw_name: str | None = None
    settled_at: datetime | None = None
    withdrawn_at: datetime | None = None
    counts_erased_at: datetime | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class CountPayload:
    """The accepted counts of one upload for one interval `[start, end)`.

    `area_codes` uint32 little endian, `values` float64, `states` uint8 (0 no_coverage, 1 suppressed, 2 counted), all of
    one length, packed by `ingest.counts`; the store does not look inside `data`. `counted_total` sums the counted
    values; the two numbers of areas say how many were counted and how many suppressed.
    """

    start: datetime
    end: datetime
    precision: int
    revision: int
    kind: str
    data: bytes
    counted_total: float = 0.0
    counted_areas: int = 0
    suppressed_areas: int = 0


@dataclass(frozen=True, slots=True)
class CountSliceRef:
    """A stored count payload without its bytes: enough to decide which slice wins a time bin."""

    id: int
    carrier_id: int
    upload_id: int
    start: datetime
    end: datetime
    precision: int
    revision: int
    kind: str
    digest: str
    counted_total: float = 0.0
    counted_areas: int = 0
    suppressed_areas: int = 0

    @property
    def is_erased(self) -> bool:
        """Whether its counts were deleted when their time was over; what was released from them stays."""
        return not self.digest


@dataclass(frozen=True, slots=True)
class VenueDraft:
    """A venue as a registry delivers it, before it has an identity here. `outline_wkb` is lon/lat WGS84."""

    source: str
    source_id: str
    name: str
    name_kk: str | None = None
    name_ru: str | None = None
    category: str = "unclassified"
    address: str | None = None
    district: str | None = None
    region: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    outline_wkb: bytes | None = None
    seats: int | None = None
    area_m2: float | None = None
    licensed_capacity: int | None = None
    opening_hours: str | None = None
    business_size: str | None = None
    participation: Participation = "not_participating"
    participation_since: date | None = None
    entrances: int | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Venue:
    """A registered venue: its draft, its lasting id, the code behind its QR (no credential) and its folded name."""

    id: str
    code: str
    draft: VenueDraft


@dataclass(frozen=True, slots=True)
class VenueCrowding:
    """Released crowding of one venue in one base bin (contract.md C, D).

    `low`, `best`, `high`: people, rounded as released; None where nothing may or can be said.
    `level`..`level_high`: steps 1..4 of the permitted number; equal for a level, two neighbours for "between", said
    with `probability`. `kernel` 0..1: how far the estimate stems from the venue itself. `attribution`: where the crowd
    is, with its probability; `neighbour_ids`: venues that it may belong to as well. `unusual_z`, `area_unusual_z`:
    robust distance from the usual hour of the week, `unusual_most`: the largest one that the interval leaves possible;
    `after_hours`: probability of people beyond the hours of business.
    `calibrated`: whether head counts stand behind the interval.
    """

    venue_id: str
    time_bin_start: datetime
    state: str
    level: int | None
    level_high: int | None
    low: float | None
    best: float | None
    high: float | None
    occupancy_limit: int | None
    epidemic_zone: str | None
    reason: str | None
    params: Mapping[str, str | int | float]
    neighbour_count: int
    is_open: bool | None
    observed_at: datetime
    kernel: float | None = None
    probability: float | None = None
    attribution: Attribution | None = None
    attribution_probability: float | None = None
    neighbour_ids: tuple[str, ...] = ()
    calibrated: bool = False
    unusual_z: float | None = None
    unusual_most: float | None = None
    area_unusual_z: float | None = None
    after_hours: float | None = None


@dataclass(frozen=True, slots=True)
class ReleaseRef:
    """A released base bin without its bytes: its hexagons, and the venues of `venues_digest` of the same estimate.

    `residuals`: by carrier and kind, what was delivered and what the estimate would have counted there.
    """

    time_bin_start: datetime
    area_digest: str
    input_digest: str
    blob_digest: str
    version: int
    released_at: datetime
    carriers: tuple[str, ...]
    venues_digest: str | None = None
    venue_blob_digest: str | None = None
    residuals: tuple[Mapping[str, str | int | float | None], ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True)
class MapFrame:
    """One published picture of one layer: addresses of its bytes (content digests) for one map bin."""

    layer: MapLayer
    bin_start: datetime
    bin_end: datetime
    area_digest: str
    venues_digest: str
    frame_digest: str
    interval_digest: str | None
    venue_frame_digest: str
    observed_at: datetime
    published_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class ZoneAnnouncement:
    """An announced epidemic zone of a region on a day, with its source."""

    region: str
    on: date
    zone: str
    explicit: bool
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """Who may sign in: role names and, for a carrier's or an owner's people, what they stand for."""

    id: int
    email: str
    name: str
    roles: tuple[str, ...]
    carrier_code: str | None
    venue_ids: tuple[str, ...]
