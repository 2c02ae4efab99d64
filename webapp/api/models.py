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


class CardCrowding(ShortCrowding):
    """`low`, `best`, `high`, `limit`: people; null for who may not see them."""

    interval_words: str | None
    meaning_words: str | None
    reason_words: str | None
    helps_words: str | None
    low: int | None
    best: int | None
    high: int | None
    limit: int | None
    uncalibrated: bool
    neighbours_words: str | None


class VenueCard(ListedVenue):
    status: CardStatus
    crowding: CardCrowding


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
