"""What a page is given: words and numbers that are ready to be shown, in the reader's language.

Promises: a template only places these values; it never computes, compares or words anything. `*_words` are whole
phrases in the reader's language; None means that there is nothing to say.
Does not: know HTTP, the database or who is reading (what the reader may not see is already None).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Colour = Literal["green", "yellow", "red", "grey"]
AgeClass = Literal["fresh", "stale", "old"]
Unusual = Literal["busier", "as-usual", "quieter", "cannot-tell"]
CrowdingCode = Literal[
    "level-1",
    "level-2",
    "level-3",
    "level-4",
    "between-1-2",
    "between-2-3",
    "between-3-4",
    "area-only",
    "no-data",
    "closed",
]


@dataclass(frozen=True, slots=True)
class StatusView:
    """A venue's status: colour and shape by `colour`, one `word`, the deciding rule, its `reason` in a sentence."""

    colour: Colour
    word: str
    rule: str
    reason: str
    what_would_change: list[str] = field(default_factory=list)
    valid_until_words: str | None = None


@dataclass(frozen=True, slots=True)
class NeighbourView:
    """Another venue to which the same people may belong, by its name in the reader's language."""

    id: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class CrowdingView:
    """A venue's crowding in words. `low`, `best`, `high`, `limit` (people) are None for who may not see them.

    `scale_words`: what the marks of the drawn interval are; `sure_words`: how sure the level is; `whose_words`: inside,
    or in the homes and streets around; `unusual_words`:
    a statement about the venue and one about the ground, apart from how full it is; `after_hours_words`: for groups and
    headquarters only. `probability`, `attribution_probability` 0..1, None for who may not see numbers.
    """

    code: CrowdingCode
    words: str
    interval_words: str | None
    meaning_words: str | None
    reason_words: str | None
    helps_words: str | None
    low: int | None
    best: int | None
    high: int | None
    limit: int | None
    age_words: str
    observed_clock: str
    age_class: AgeClass
    uncalibrated: bool
    neighbours_words: str | None
    scale_words: str | None = None
    sure_words: str | None = None
    uncalibrated_words: str | None = None
    probability: float | None = None
    attribution: Literal["venue", "area", "cannot-tell"] | None = None
    attribution_probability: float | None = None
    whose_words: str | None = None
    unusual: Unusual | None = None
    unusual_words: tuple[str, ...] = ()
    after_hours_words: str | None = None
    neighbours: tuple[NeighbourView, ...] = ()


@dataclass(frozen=True, slots=True)
class VenueRow:
    """One venue as a list shows it."""

    id: str
    name: str
    category_label: str
    district: str | None
    address: str | None
    status: StatusView
    crowding: CrowdingView
    longitude: float | None
    latitude: float | None
    url: str
    distance_words: str | None = None


@dataclass(frozen=True, slots=True)
class LegendStep:
    """One step of a legend: `code` is a CSS class of the palette (`density-step-1`, `missing`, `suppressed` ...)."""

    code: str
    words: str
    range_words: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Where the reader is in a long list; pages count from 1."""

    previous_url: str | None
    next_url: str | None
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class SortChoice:
    """One way to sort the list: `order` is the value of `?sort=`."""

    order: Literal["crowding", "distance", "name"]
    words: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class MapPage:
    """Everything that map.html shows. `client` goes to the script as JSON in `#oryn-client`.

    `delay_words`: why what is seen is late, None for who sees everything at once.
    `near` is (longitude, latitude) when the reader gave a place; `search` is what was typed, for the field.
    """

    rows: list[VenueRow]
    venue_count_words: str
    pager: Pager
    sort: Literal["crowding", "distance", "name"]
    sort_urls: list[SortChoice]
    search: str
    near: tuple[float, float] | None
    observed_words: str
    observed_clock: str
    age_class: AgeClass
    delay_words: str | None
    layer: Literal["public", "group"]
    legend: list[LegendStep]
    venue_legend: list[LegendStep]
    hex_summary_words: str
    client: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DayStep:
    """One time bin of a venue's last 24 hours: when it began and ended, and both together."""

    start_clock: str
    end_clock: str
    span_words: str
    crowding: CrowdingView


@dataclass(frozen=True, slots=True)
class UsualHour:
    """One hour of a usual week: `step` 1..4 of the week's busiest, None not known; `height` 0..100 in the drawing.

    `value` in the unit of the week, None for who may not see numbers.
    """

    hour: int
    step: int | None
    words: str
    value: int | None
    height: float


@dataclass(frozen=True, slots=True)
class UsualDay:
    """One day of a usual week, Monday 0; `words` say it in a sentence."""

    weekday: int
    name: str
    is_today: bool
    words: str
    hours: list[UsualHour]


@dataclass(frozen=True, slots=True)
class UsualView:
    """A usual week: of a venue, of the ground it stands on, or of a hexagon. Without one, `none_words` says why.

    `now_hour`: the present hour of the day; `now_height`: where the present number lies in today's drawing.
    """

    of: Literal["venue", "ground", "hexagon"]
    unit: Literal["people", "people_per_km2", "relative"]
    weeks: int
    note_words: str
    none_words: str | None
    now_hour: int
    now_words: str | None
    now_height: float | None
    days: list[UsualDay]

    @property
    def today(self) -> UsualDay | None:
        """The day that is drawn large."""
        return next((day for day in self.days if day.is_today), None)


@dataclass(frozen=True, slots=True)
class VenuePage:
    """Everything that venue.html shows. `limit_lines` explain the permitted number; empty for who may not see it.

    `head_count_url`: where a head count is entered, None for who may not. `delay_words`: why what is seen is late, None
    for who sees everything at once.
    """

    row: VenueRow
    day: list[DayStep]
    neighbours: list[VenueRow]
    limit_lines: list[str]
    status_lines: list[str]
    opening_words: str | None
    place_words: str | None
    read_notice: str | None
    usual: UsualView | None = None
    nearby: NearbyView | None = None
    head_count_url: str | None = None
    delay_words: str | None = None


@dataclass(frozen=True, slots=True)
class NearbyView:
    """Places of the same kind nearby that are open and less crowded; without any, `none_words` says why."""

    rows: list[VenueRow]
    none_words: str | None


@dataclass(frozen=True, slots=True)
class ReadView:
    """One read of a venue's file, for its owner (promise 9)."""

    who: str
    clock: str
    age_words: str


@dataclass(frozen=True, slots=True)
class OwnedVenue:
    """One card of `/my`."""

    row: VenueRow
    limit_lines: list[str]
    reads: list[ReadView]
    read_count_words: str


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many venues have one status."""

    status: StatusView
    count: int
