"""Head counts on their way in, by page or by file: what can be true, kept in one transaction with the job that follows.

Promises: the same rules for both ways; what is refused says why and what to do (ingest/messages/headcounts.toml).
Does not: load arrays (the web process calls this), or compare a count with an estimate: a worker does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingest.faults import Fault, quoted
from ingest.leasing import CALIBRATE
from rules.policy import Policy
from store import head_counts, jobs, releases
from store.database import Connection, Database
from store.head_counts import CountedPeople, HeadCount
from store.records import Venue

SETTLE = timedelta(minutes=2)  # a night's counts come in clusters: one calibration for all of them
_NUMBER_OF_A_PERSON = re.compile(r"\d(?:[ ()+.\-]*\d){9,}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which moments a count can be compared with a release: not before `first_release`, not after `latest`."""

    first_release: datetime | None
    latest: datetime

    @staticmethod
    def now(connection: Connection, policy: Policy, now: datetime) -> Bounds:
        """Return the bounds as they are now; without any release, nothing is too old yet."""
        ahead = timedelta(minutes=policy.counts.max_ahead_minutes)
        return Bounds(releases.first_bin(connection), now + ahead)


def enter(
    database: Database, counted: CountedPeople, actor: str, now: datetime, settle: timedelta = SETTLE
) -> tuple[HeadCount, bool]:
    """Keep a count from the page and queue the calibration; return it, and whether it is new.

    Raises CountStandsAlready where another number stands for that venue and minute.
    """
    with database.begin() as connection:
        kept, new = head_counts.enter(connection, counted, actor, now)
        if new:
            jobs.enqueue(connection, CALIBRATE, delay=settle)
        return kept, new


def withdraw(database: Database, count_id: int, actor: str, reason: str, now: datetime) -> HeadCount:
    """Take a count back and queue the calibration without it; raise NotFound where none stands."""
    with database.begin() as connection:
        kept = head_counts.withdraw(connection, count_id, actor, reason, now)
        jobs.enqueue(connection, CALIBRATE, delay=SETTLE)
        return kept


def faults_of(people: int, counted_at: datetime, venue: Venue, bounds: Bounds, policy: Policy) -> list[Fault]:
    """Return why this number cannot be believed or cannot serve; `column` says which of the two values it is."""
    found = [*_faults_of_people(people, venue, policy), *_faults_of_moment(counted_at, bounds)]
    if venue.draft.longitude is None or venue.draft.masked:
        found.append(Fault("headcounts-venue-not-on-the-map", column="venue", params={"venue": quoted(venue.id)}))
    return found


def holds_a_persons_number(text: str) -> bool:
    """Tell whether a free text holds ten digits or more in a row: that could be somebody's number (promise 1)."""
    return bool(_NUMBER_OF_A_PERSON.search(text))


def most_people(venue: Venue, policy: Policy) -> int:
    """Return how many people are still believed in a venue."""
    terms = policy.calibration
    capacity = venue.draft.licensed_capacity or venue.draft.seats
    if not capacity:
        return terms.people_max
    return min(terms.people_max, max(terms.people_floor, round(terms.capacity_times * capacity)))


def _faults_of_people(people: int, venue: Venue, policy: Policy) -> Iterable[Fault]:
    most = most_people(venue, policy)
    if people < 0:
        yield Fault("headcounts-negative", column="people", params={"people": people})
    elif people > policy.calibration.people_max:
        yield Fault("headcounts-too-many", column="people", params={"people": people, "most": most})
    elif people > most:
        capacity = venue.draft.licensed_capacity or venue.draft.seats or 0
        params = {"people": people, "capacity": capacity, "most": most}
        yield Fault("headcounts-beyond-the-venue", column="people", params=params)


def _faults_of_moment(counted_at: datetime, bounds: Bounds) -> Iterable[Fault]:
    if counted_at > bounds.latest:
        params = {"counted_at": _written(counted_at), "now": _written(bounds.latest)}
        yield Fault("headcounts-in-the-future", column="counted_at", params=params)
    elif bounds.first_release is not None and counted_at < bounds.first_release:
        params = {"counted_at": _written(counted_at), "first": _written(bounds.first_release)}
        yield Fault("headcounts-older-than-releases", column="counted_at", params=params)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z"
