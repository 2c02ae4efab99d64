"""What the store promises on each kind of database: moments in UTC, bytes kept once, marks that are not lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from store import blobs, carriers, map_frames, releases, uploads, venues, zones
from store.carriers import CarrierExists
from store.database import Database
from store.errors import NotFound
from store.records import VenueDraft, ZoneAnnouncement
from tests.conftest import NOW

QUARTER = timedelta(minutes=15)
ALMATY = timezone(timedelta(hours=5))
FIRST, SECOND, THIRD = (NOW + number * QUARTER for number in range(3))


def test_a_moment_comes_back_aware_in_utc_whatever_its_offset_was(database: Database) -> None:
    local = datetime(2026, 11, 20, 20, 30, tzinfo=ALMATY)
    with database.begin() as connection:
        made = carriers.add_carrier(connection, "alpha", "Alpha", 0.5, local)
    assert made.created_at == local
    assert made.created_at.tzinfo == UTC


def test_a_moment_without_an_offset_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 20, 20, 30)  # noqa: DTZ001 - that is the case
    with pytest.raises(sa.exc.StatementError, match="without an offset"), database.begin() as connection:
        carriers.add_carrier(connection, "alpha", "Alpha", 0.5, naive)


def test_a_transaction_that_fails_keeps_nothing(database: Database) -> None:
    def twice() -> None:
        with database.begin() as connection:
            carriers.add_carrier(connection, "alpha", "Alpha", 0.5, NOW)
            carriers.add_carrier(connection, "alpha", "Alpha", 0.5, NOW)

    with pytest.raises(CarrierExists):
        twice()
    with database.read() as connection:
        assert carriers.find_carrier(connection, "alpha") is None


def test_a_code_is_given_to_one_carrier_only(database: Database) -> None:
    with database.begin() as connection:
        carriers.add_carrier(connection, "alpha", "Alpha", 0.5, NOW)
    with pytest.raises(CarrierExists), database.begin() as connection:
        carriers.add_carrier(connection, "alpha", "Other", 0.5, NOW)


def test_a_missing_carrier_names_those_that_exist(database: Database) -> None:
    with database.begin() as connection:
        carriers.add_carrier(connection, "alpha", "Alpha", 0.5, NOW)
    with database.read() as connection, pytest.raises(NotFound) as refusal:
        carriers.get_carrier(connection, "beta")
    assert refusal.value.params == {"what": "carrier", "name": "beta", "known": "alpha"}


def test_the_same_bytes_are_kept_once_under_their_digest(database: Database) -> None:
    with database.begin() as connection:
        assert blobs.put_blobs(connection, [b"one", b"two", b"one"]) == [
            blobs.digest_of(one) for one in (b"one", b"two", b"one")
        ]
        blobs.put_blob(connection, b"one")
    with database.read() as connection:
        assert blobs.read_blobs(connection, [blobs.digest_of(b"one"), "0" * 64]) == {blobs.digest_of(b"one"): b"one"}


def test_many_blobs_are_read_in_one_call(database: Database) -> None:
    many = [str(number).encode() for number in range(1200)]
    with database.begin() as connection:
        digests = blobs.put_blobs(connection, many)
        assert sorted(blobs.read_blobs(connection, digests).values()) == sorted(many)


# --- dirty bins -------------------------------------------------------------------------------------------------------


def dirty(database: Database) -> list[datetime]:
    with database.read() as connection:
        return list(uploads.dirty_bins(connection))


def test_bins_are_listed_once_and_oldest_first(database: Database) -> None:
    with database.begin() as connection:
        uploads.mark_dirty(connection, [SECOND, FIRST])
        uploads.mark_dirty(connection, [SECOND, THIRD])
    assert dirty(database) == [FIRST, SECOND, THIRD]


def test_a_bin_that_was_marked_again_is_not_forgotten(database: Database) -> None:
    with database.begin() as connection:
        uploads.mark_dirty(connection, [FIRST, SECOND])
        done = uploads.dirty_bins(connection)
        uploads.mark_dirty(connection, [SECOND])
        uploads.clear_dirty(connection, done)
    assert dirty(database) == [SECOND]


def test_a_bin_that_two_runs_have_done_at_once_is_done_again(database: Database) -> None:
    with database.begin() as connection:
        uploads.mark_dirty(connection, [FIRST])
        mine = theirs = uploads.dirty_bins(connection)
        uploads.clear_dirty(connection, theirs)
        uploads.clear_dirty(connection, mine)
    assert dirty(database) == [FIRST]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (FIRST, SECOND, [FIRST]),
        (FIRST + timedelta(minutes=5), FIRST + timedelta(minutes=10), [FIRST]),
        (FIRST + timedelta(minutes=10), SECOND + timedelta(minutes=5), [FIRST, SECOND]),
        (FIRST, FIRST, []),
    ],
)
def test_base_bins_are_those_that_an_interval_touches(start: datetime, end: datetime, expected: list[datetime]) -> None:
    assert uploads.base_bins(start, end, QUARTER) == expected


# --- registry, zones, pictures ----------------------------------------------------------------------------------------


def test_a_venue_is_found_by_id_code_and_the_id_of_its_registry(database: Database) -> None:
    with database.begin() as connection:
        venues.upsert_venues(connection, [VenueDraft("registry", "17", "Hall"), VenueDraft("other", "18", "Bar")], NOW)
        hall = next(one for one in venues.list_venues(connection) if one.draft.name == "Hall")
        assert {venues.find_venue(connection, name) for name in (hall.id, hall.code, "17")} == {hall}
        assert venues.find_venue(connection, "19") is None
        with pytest.raises(NotFound):
            venues.get_venue(connection, "17")


def test_the_same_source_id_of_two_registries_is_two_venues(database: Database) -> None:
    with database.begin() as connection:
        assert venues.upsert_venues(connection, [VenueDraft("a", "1", "Hall"), VenueDraft("b", "1", "Hall")], NOW) == (
            2,
            0,
        )
        assert len({one.id for one in venues.list_venues(connection)}) == 2


def test_a_source_may_correct_its_own_announcement(database: Database) -> None:
    on = NOW.date()
    with database.begin() as connection:
        zones.save_announcements(connection, [ZoneAnnouncement("ALA", on, "red", True, "akimat")])
        zones.save_announcements(connection, [ZoneAnnouncement("ALA", on, "yellow", True, "akimat")])
        zones.save_announcements(connection, [ZoneAnnouncement("AST", on, "green", True, "akimat")])
        assert [one.zone for one in zones.announcements(connection, "ALA")] == ["yellow"]
        assert len(zones.announcements(connection)) == 2


Row = dict[str, object]


def test_a_release_of_the_same_bytes_keeps_its_version(database: Database) -> None:
    def row(data: bytes, venue_data: bytes | None) -> Row:
        facts: Row = {
            "time_bin_start": FIRST,
            "area_digest": "area",
            "input_digest": "input",
            "carriers": ["alpha"],
        }
        told: Row = {"method": "flat", "residuals": [], "venues_digest": "venues" if venue_data else None}
        return facts | told | {"data": data, "venue_data": venue_data, "released_at": NOW}

    versions = []
    with database.begin() as connection:
        releases.save_area(connection, "area", b"ids", 1, {9: b"pack"}, NOW)
        for data, venue_data in (
            (b"one", None), (b"one", None), (b"two", None), (b"one", None),
            (b"one", b"venues"), (b"one", b"venues"), (b"one", b"others"),
        ):  # fmt: skip
            releases.save_releases(connection, [row(data, venue_data)])
            found = releases.find_release(connection, FIRST)
            versions.append(found.version if found else None)
    assert versions == [1, 1, 2, 3, 4, 4, 5]


def test_the_order_of_a_venue_list_is_part_of_its_digest(database: Database) -> None:
    with database.begin() as connection:
        first = map_frames.keep_venue_list(connection, ["a", "b"])
        second = map_frames.keep_venue_list(connection, ["b", "a"])
        assert first != second
        assert map_frames.venue_list(connection, second) == ("b", "a")
