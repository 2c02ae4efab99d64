"""What the interface takes and gives, strictly: no coercion, nothing that is not named here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FROM, BEFORE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=FROM, lt=BEFORE, description="RFC 3339 with offset")]


class Asked(BaseModel):
    """What is asked for in an address: texts that must be whole numbers or moments, and nothing else."""

    model_config = ConfigDict(extra="ignore")


class Given(BaseModel):
    """What is given in an answer."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(Asked):
    """How to search, sort and leaf through the venues."""

    q: str = Field("", max_length=80, description="Part of a name or address")
    sort: Literal["crowding", "distance", "name"] = "crowding"
    near: str | None = Field(
        None, pattern=r"^-?[0-9]{1,2}(\.[0-9]{1,9})?,-?[0-9]{1,3}(\.[0-9]{1,9})?$", description="latitude,longitude"
    )
    page: int = Field(1, ge=1, le=10_000)


class AtQuery(Asked):
    """Which moment is meant; now where none is named."""

    at: Moment | None = None


class Digested(Given):
    digest: str
    url: str


class Bin(Given):
    """One picture: half-open `[start, end)`, the addresses of its bytes."""

    start: datetime
    end: datetime
    frame: str
    venues: str
    interval: str | None
    revised: bool


class Window(Given):
    """The pictures of a day in one answer, oldest first: `bins` names them by their start."""

    url: str
    venues_url: str
    bins: list[datetime]


class Density(Given):
    """Inner edges of the four steps, and people per km² of the codes 2..65."""

    steps: list[float]
    codes: list[float]


class Manifest(Given):
    """Everything that a map needs to know before it asks for bytes."""

    layer: Literal["public", "group"]
    resolution: int
    area: Digested | None
    venues: Digested | None
    bins: list[Bin]
    window: Window | None
    density: Density
    observed_at: datetime | None
    unusual: dict[str, Literal["busier", "quieter"]] = Field(
        description="Venues that are unusual for the hour of the week in the newest picture, by id"
    )
    generated_at: datetime
    stale_after_minutes: int
    old_after_minutes: int
    timezone: str
    languages: list[str]


class ShortStatus(Given):
    colour: Literal["green", "yellow", "red", "grey"]
    word: str


class MapVenue(Given):
    """A venue on the map. Its place in the list is the place of its byte in a frame of venues."""

    id: str
    name: dict[str, str]
    category: str
    category_label: str
    longitude: float | None
    latitude: float | None
    district: str | None
    status: ShortStatus


class MapVenues(Given):
    venues: list[MapVenue]


class ShortCrowding(Given):
    code: str
    words: str
    age_words: str
    observed_clock: str
    age_class: Literal["fresh", "stale", "old"]


class ListedVenue(Given):
    id: str
    name: str
    category_label: str
    district: str | None
    address: str | None
    longitude: float | None
    latitude: float | None
    distance_words: str | None
    url: str
    status: ShortStatus
    crowding: ShortCrowding


class VenueList(Given):
    venues: list[ListedVenue]
    count: int
    page: int
    pages: int


class CardStatus(ShortStatus):
    rule: str
    reason: str
    what_would_change: list[str]
    valid_until_words: str | None


class Neighbour(Given):
    id: str
    name: str
    url: str


class CardCrowding(ShortCrowding):
    """`low`, `best`, `high`, `limit`: people; null for who may not see them."""

    interval_words: str | None
    meaning_words: str | None = Field(
        description="What the interval means; whether head counts stand behind it",
        examples=["In 9 of 10 such cases the true number lies between these two."],
    )
    reason_words: str | None = Field(description="Why no level is told")
    helps_words: str | None = Field(description="What would help to tell one")
    low: int | None
    best: int | None
    high: int | None
    limit: int | None = Field(description="How many people are permitted now")
    uncalibrated: bool = Field(description="No head count stands behind the answer yet")
    neighbours_words: str | None
    scale_words: str | None
    sure_words: str | None = Field(
        description="How sure the level is", examples=["How sure: in at least 9 of 10 such cases."]
    )
    uncalibrated_words: str | None
    probability: float | None = Field(
        ge=0, le=1, description="Of the level, or of the two levels together; null for who may not see numbers"
    )
    attribution: Literal["venue", "area", "cannot-tell"] | None = Field(
        description="Where most of the people counted here are: in the venue, or in homes and streets around"
    )
    attribution_probability: float | None = Field(
        ge=0, le=1, description="That the venue holds more than half of them; null for who may not see numbers"
    )
    whose_words: str | None = Field(
        examples=["Most of the people counted here are inside this place (in at least 9 of 10 such cases)."]
    )
    unusual: Literal["busier", "as-usual", "quieter", "cannot-tell"] | None = Field(
        description="Against the same hour of past weeks; says nothing of how full it is. Null: no weeks to compare"
    )
    unusual_words: list[str] = Field(examples=[["Busier than usual for this hour (Friday, 21:00)."]])
    after_hours_words: str | None = Field(
        description="People seem to be inside outside opening hours; for monitoring groups and headquarters only"
    )
    neighbours: list[Neighbour] = Field(description="Venues to which the same people may belong as well")


class NearbyCrowding(ShortCrowding):
    sure_words: str | None = Field(description="How sure the level is", examples=["How sure: very likely."])


class NearbyVenue(ListedVenue):
    crowding: NearbyCrowding


class Nearby(Given):
    """Places of the same kind nearby that are open and certainly less crowded; without any, `none_words` says why."""

    rows: list[NearbyVenue]
    none_words: str | None


class VenueCard(ListedVenue):
    status: CardStatus
    crowding: CardCrowding
    nearby: Nearby | None = Field(
        description="Less crowded places; null where there is nothing to compare, and for a moment of the past"
    )


class UsualHour(Given):
    """One hour of the day. `value` in the unit of the week; null for who may not see numbers."""

    hour: int = Field(ge=0, le=23)
    step: int | None = Field(ge=1, le=4, description="One of four steps; null where nothing is known")
    words: str
    value: int | None
    height: float = Field(ge=0, le=100, description="In a drawing that is 100 high")


class UsualDay(Given):
    weekday: int = Field(ge=0, le=6, description="0 is Monday")
    name: str
    is_today: bool
    words: str = Field(examples=["Friday: most people from 19:00 to 22:00 (about 180 people)."])
    hours: list[UsualHour]


class UsualWeek(Given):
    """A usual week by local hour. Without one `days` is empty and `none_words` says why and what will change it."""

    of: Literal["venue", "ground", "hexagon"] = Field(
        description="`ground`: the venue cannot be told apart from the homes and streets around it"
    )
    unit: Literal["people", "people_per_km2", "relative"]
    weeks: int
    note_words: str
    none_words: str | None
    now_hour: int
    now_words: str | None
    now_height: float | None
    days: list[UsualDay]


class VenueStatusAnswer(Given):
    """A status as it stood at `at`, with everything that it was computed from."""

    venue_id: str
    at: datetime
    colour: Literal["green", "yellow", "red", "grey"]
    word: str
    rule: str
    reason: str
    policy_version: str
    evidence: list[str]
    inputs: dict[str, str]
    what_would_change: list[str]
    valid_until: datetime | None


class Problem(BaseModel):
    """RFC 9457. `title` and `detail` are in the reader's language; `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
