"""From counts to what people see: the same set of accepted counts gives the same, whatever way it came."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import h3
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import ingest.pipeline
from geo.frames import code_density
from geo.grids import geohash_bounds
from ingest.pipeline import LIVE_WINDOW, judge_bin, mark_live_dirty
from ingest.usual import UsualWeek
from ingest.weights_cache import WeightsCache
from rules.policy import Policy
from store import blobs, crowding, map_frames, releases, venues, zones
from store.calibrations import CALIBRATED, save_calibration
from store.errors import NotFound
from store.records import MapFrame, VenueCrowding, VenueDraft, ZoneAnnouncement
from tests.ingest.test_intake import camara
from tests.ingest.town import (
    CENTRE,
    HEXAGONS,
    NOW,
    QUARTER,
    START,
    Town,
    copied_database,
    quarter,
    span_table,
    table,
)

GRID_WEST, GRID_SOUTH, STEP = 76.940, 43.232, 0.008
SQUARES = {
    f"S{column}{row}": (
        GRID_WEST + column * STEP,
        GRID_SOUTH + row * STEP,
        GRID_WEST + (column + 1) * STEP,
        GRID_SOUTH + (row + 1) * STEP,
    )
    for column in range(2)
    for row in range(2)
}
STAGES = ("spread", "estimate", "released")

# --- the order of arrival does not matter -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Delivered:
    """One row as a carrier says it."""

    carrier: str
    area: str
    number: int
    revision: int
    said: int | str


def _delivered(carrier: str, areas: Sequence[str]) -> st.SearchStrategy[list[Delivered]]:
    said = st.one_of(st.integers(0, 200), st.sampled_from(["suppressed", "no_coverage"]))
    keys = st.tuples(st.sampled_from(sorted(areas)), st.integers(0, 3), st.integers(0, 2))
    rows = st.dictionaries(keys, said, min_size=1, max_size=8)
    return rows.map(lambda found: [Delivered(carrier, *key, one) for key, one in found.items()])


everything = st.tuples(_delivered("alpha", HEXAGONS[:4]), _delivered("beta", list(SQUARES))).map(
    lambda both: both[0] + both[1]
)


def _file(rows: Sequence[Delivered]) -> str:
    lines = ["source_area_id,start,end,device_count,status,revision"]
    for one in rows:
        value, status = ("", one.said) if isinstance(one.said, str) else (one.said, "")
        span = f"{quarter(one.number).isoformat()},{quarter(one.number + 1).isoformat()}"
        lines.append(f"{one.area},{span},{value},{status},{one.revision}")
    return "\n".join(lines) + "\n"


def _open(town: Town) -> Town:
    town.carrier("alpha", 0.5)
    town.carrier("beta", 0.25)
    town.coverage(SQUARES, "beta")
    with town.database.begin() as connection:
        venues.upsert_venues(connection, [venue("hall"), venue("kiosk", west=76.9440)], NOW)
    return town


def _seen(town: Town) -> dict[str, Any]:
    """Return everything that people can see or export, but for when it was made and how often."""
    bins = sorted(town.released())
    exports = {
        (start, stage, resolution): town.exported(start, stage, resolution)
        for start in bins
        for stage in STAGES
        for resolution in (9, 7)
    }
    with town.database.read() as connection:
        frames = [_picture(one) for layer in ("group", "public") for one in frames_of(town, layer)]
        levels = {start: crowding.crowding_at(connection, start) for start in bins}
    return {"releases": town.released(), "exports": exports, "frames": frames, "crowding": levels}


def _picture(frame: MapFrame) -> tuple[Any, ...]:
    return (
        frame.layer, frame.bin_start, frame.area_digest, frame.venues_digest,
        frame.frame_digest, frame.interval_digest, frame.venue_frame_digest,
    )  # fmt: skip


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> WeightsCache:
    return WeightsCache(tmp_path_factory.mktemp("weights"))


_folders = count()


@given(everything, st.data())
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking whole databases takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_order_splitting_and_repetition_gives_the_same_as_the_tidy_order(
    tmp_path: Path,
    empty_database: Path,
    policy: Policy,
    weights: WeightsCache,
    rows: list[Delivered],
    data: st.DataObject,
) -> None:
    folder = tmp_path / str(next(_folders))
    with (
        copied_database(empty_database, folder / "tidy") as one,
        copied_database(empty_database, folder / "wild") as other,
    ):
        tidy = _open(Town(one, policy, folder / "tidy", weights))
        for carrier in ("alpha", "beta"):
            mine = sorted((row for row in rows if row.carrier == carrier), key=lambda row: (row.number, row.area))
            if mine:
                tidy.accept(_file(mine), carrier)
        tidy.process()
        wild = _open(Town(other, policy, folder / "wild", weights))
        _deliver_wildly(wild, rows, data)
        assert _seen(wild) == _seen(tidy)


def _deliver_wildly(town: Town, rows: list[Delivered], data: st.DataObject) -> None:
    left = data.draw(st.permutations(rows))
    sent: list[tuple[str, str]] = []
    while left:
        size = data.draw(st.integers(1, len(left)))
        some, left = left[:size], left[size:]
        for carrier in ("beta", "alpha"):
            mine = [row for row in some if row.carrier == carrier]
            if mine:
                sent.append((_file(mine), carrier))
                town.accept(*sent[-1])
        if data.draw(st.booleans()):
            town.process()
        if data.draw(st.booleans()):
            again = data.draw(st.sampled_from(sent))
            town.accept(*again)
            town.accept(again[0].replace("\n", "\r\n"), again[1])  # the same rows as other bytes
    town.process()


def test_a_late_file_changes_its_own_bins_only_and_says_so(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 50), (CENTRE, 1, 50)))
    before = versions(town)
    town.receive(table((CENTRE, 1, 90)))
    assert before == {START: 1, quarter(1): 1}
    assert versions(town) == {START: 1, quarter(1): 2}


def test_an_original_that_comes_again_after_its_correction_does_not_undo_it(town: Town) -> None:
    town.carrier()
    original = table((CENTRE, 0, 50))
    town.receive(original)
    town.receive(table((CENTRE, 0, 90)))
    town.receive(original)
    assert town.people()[CENTRE].people == 90


def test_a_file_that_changes_nothing_keeps_the_version(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 50)))
    town.receive(table((CENTRE, 0, 50), header="source_area_id,start,end,count,status"))
    assert versions(town) == {START: 1}


def test_when_one_carriers_grid_grows_every_bin_gets_the_same_hexagons(town: Town) -> None:
    town.carrier("alpha", 0.5)
    town.carrier("beta", 0.5)
    town.receive(table((HEXAGONS[0], 0, 50)), "alpha")
    town.receive(table((HEXAGONS[1], 1, 50)), "beta")
    assert set(town.people(quarter(0))) == set(town.people(quarter(1))) == set(HEXAGONS[:2])


def versions(town: Town) -> dict[datetime, int]:
    with town.database.read() as connection:
        return {
            one.time_bin_start: one.version
            for one in releases.releases_between(connection, START - timedelta(days=40), START + timedelta(days=1))
        }


# --- golden numbers by hand -------------------------------------------------------------------------------------------


def test_one_carrier_alone_stands_for_the_people_behind_its_share(town: Town) -> None:
    town.carrier(share=0.5)
    town.receive(table((CENTRE, 0, 60)))
    assert town.people(stage="estimate")[CENTRE].people == pytest.approx(60 / 0.5)


def test_two_carriers_are_combined_by_share(town: Town) -> None:
    town.carrier("alpha", 0.5)
    town.carrier("beta", 0.25)
    town.receive(table((CENTRE, 0, 60)), "alpha")
    town.receive(table((CENTRE, 0, 30)), "beta")
    assert town.people(stage="estimate")[CENTRE].people == pytest.approx((60 + 30) / (0.5 + 0.25))


def test_a_carrier_that_did_not_deliver_does_not_make_people_fewer(town: Town) -> None:
    town.carrier("alpha", 0.5)
    town.carrier("beta", 0.25)
    town.receive(table((CENTRE, 0, 60), (CENTRE, 1, 60)), "alpha")
    town.receive(table((CENTRE, 0, 30), (CENTRE, 1, "no_coverage")), "beta")
    assert town.people(quarter(0), "estimate")[CENTRE].people == pytest.approx(120)
    assert town.people(quarter(1), "estimate")[CENTRE].people == pytest.approx(120)


def test_people_feeds_are_not_divided_by_their_share(town: Town) -> None:
    town.carrier("alpha", 0.5, feed='kind = "people"')
    town.receive(table((CENTRE, 0, 60)))
    assert town.people(stage="estimate")[CENTRE].people == pytest.approx(60)


def test_people_and_devices_of_two_carriers_meet_by_share(town: Town) -> None:
    town.carrier("alpha", 0.5, feed='kind = "people"')
    town.carrier("beta", 0.25)
    town.receive(table((CENTRE, 0, 100)), "alpha")
    town.receive(table((CENTRE, 0, 40)), "beta")
    expected = (0.5 * 100 + 40) / (0.5 + 0.25)
    assert town.people(stage="spread")[CENTRE].people == pytest.approx(expected)
    told = town.people(stage="estimate")[CENTRE].people
    assert told is not None
    assert 100 < told < 40 / 0.25  # the joint estimate weighs them by what it knows of their errors


def test_a_density_becomes_a_count_with_the_tiles_true_area(town: Town) -> None:
    town.carrier(feed='kind = "density_per_km2"')
    town.receive(json.dumps(camara(("txwwjw", 4000.0))), name="response.json")
    area_m2, _length = pyproj.Geod(ellps="sphere", a=6371007.181, b=6371007.181).geometry_area_perimeter(
        shapely.box(*geohash_bounds("txwwjw"))
    )
    assert town.total() == pytest.approx(4000 * abs(area_m2) / 1e6, rel=1e-3)


def test_activity_never_becomes_people(town: Town) -> None:
    town.carrier("alpha", feed='kind = "activity"')
    town.carrier("beta")
    town.receive(table((CENTRE, 0, 5000), header="source_area_id,start,end,activity,status"), "alpha")
    town.receive(table((CENTRE, 0, 50)), "beta")
    assert town.people(stage="estimate")[CENTRE].people == pytest.approx(50)


def test_named_squares_conserve_what_was_counted(town: Town) -> None:
    town.carrier()
    town.coverage(SQUARES)
    town.receive(table(*((name, 0, 1000) for name in SQUARES)))
    assert town.total() == pytest.approx(4000, rel=1e-6)


# --- what is suppressed is no number anywhere -------------------------------------------------------------------------


def test_a_count_below_k_min_is_exported_as_a_number_at_no_stage(town: Town) -> None:
    town.carrier()
    other = HEXAGONS[0]
    town.receive(table((CENTRE, 0, 13), (other, 0, 100)))
    for stage in STAGES:
        hidden = town.people(stage=stage)[CENTRE]
        assert (hidden.people, hidden.state) == (None, "suppressed")
        assert town.people(stage=stage)[other].people == pytest.approx(100, rel=0.2)
    assert town.people(stage="spread")[other].people == 100


def test_the_bounds_of_a_released_hidden_hexagon_do_not_tell_the_count(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 1), (CENTRE, 1, 19)))
    first, second = town.people(quarter(0))[CENTRE], town.people(quarter(1))[CENTRE]
    assert first == second
    assert (first.low, first.high) == (0, 20)


def test_zero_is_a_number_and_missing_is_none(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 0), (HEXAGONS[0], 0, "no_coverage")))
    told = town.people()
    assert (told[CENTRE].people, told[CENTRE].state) == (0, "estimated")
    assert (told[HEXAGONS[0]].people, told[HEXAGONS[0]].high, told[HEXAGONS[0]].state) == (None, None, "missing")


def test_a_coarser_hexagon_is_summed_from_released_ones_only(town: Town) -> None:
    town.carrier()
    town.receive(table(*((one, 0, 102) for one in HEXAGONS)))  # each is released as 100 before it is summed
    children = Counter(h3.cell_to_parent(one, 7) for one in HEXAGONS)
    assert {one: told.people for one, told in town.people(resolution=7).items()} == {
        one: 100.0 * number for one, number in children.items()
    }


# --- pictures ---------------------------------------------------------------------------------------------------------


def frames_of(town: Town, layer: Any) -> list[MapFrame]:
    with town.database.read() as connection:
        return map_frames.frames_between(connection, layer, START - timedelta(days=60), START + timedelta(days=2))


def frame_bytes(town: Town, frame: MapFrame) -> bytes:
    with town.database.read() as connection:
        return blobs.read_blob(connection, frame.frame_digest)


def test_the_group_layer_has_a_frame_a_bin_and_the_public_layer_one_an_hour(town: Town) -> None:
    town.carrier()
    town.receive(table(*((CENTRE, number, 50) for number in range(6))))
    hour = timedelta(hours=1)
    assert [one.bin_start for one in frames_of(town, "group")] == [quarter(number) for number in range(6)]
    assert [(one.bin_start, one.bin_end) for one in frames_of(town, "public")] == [
        (START, START + hour),
        (START + hour, START + 2 * hour),
    ]
    assert {one.interval_digest is None for one in frames_of(town, "public")} == {True}


def test_the_public_hour_is_the_mean_of_released_bins(town: Town, policy: Policy) -> None:
    town.carrier()
    town.receive(table(*((one, number, 1000 * (number + 1)) for one in HEXAGONS for number in range(4))))
    [frame] = frames_of(town, "public")
    inside = [one for one in HEXAGONS if h3.cell_to_parent(one, 8) == h3.cell_to_parent(CENTRE, 8)]
    parents = sorted({h3.cell_to_parent(one, 8) for one in HEXAGONS}, key=lambda one: int(one, 16))
    at = parents.index(h3.cell_to_parent(CENTRE, 8))
    density = float(code_density(np.array([frame_bytes(town, frame)[at]]), policy.map.frame_density_max_per_km2)[0])
    expected = len(inside) * 2500 / h3.cell_area(h3.cell_to_parent(CENTRE, 8), "km^2")
    assert density == pytest.approx(expected, rel=0.1)  # one of 64 logarithmic steps


def test_a_hexagon_hidden_in_one_quarter_is_hidden_in_the_public_hour(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 500), (CENTRE, 1, 5), (CENTRE, 2, 500), (CENTRE, 3, 500)))
    [frame] = frames_of(town, "public")
    assert frame_bytes(town, frame) == bytes([1])


def test_frames_say_missing_hidden_and_number_with_different_bytes(town: Town) -> None:
    town.carrier()
    town.receive(table((HEXAGONS[0], 0, "no_coverage"), (HEXAGONS[1], 0, 5), (HEXAGONS[2], 0, 500)))
    [frame] = frames_of(town, "group")
    first, second, third = frame_bytes(town, frame)
    assert (first, second) == (0, 1)
    assert third >= 2


def test_a_correction_publishes_the_next_version_of_a_picture(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 50)))
    town.receive(table((CENTRE, 0, 5000)))
    assert [one.version for one in frames_of(town, "group")] == [2]


def test_a_picture_that_is_drawn_again_and_is_the_same_is_not_revised(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 50)))
    mark_live(town)
    assert [one.version for one in frames_of(town, "group")] == [1]


def test_pictures_and_crowding_are_drawn_for_the_live_window_only(town: Town) -> None:
    town.carrier()
    with town.database.begin() as connection:
        venues.upsert_venues(connection, [venue("hall")], NOW)
    old = START - LIVE_WINDOW - timedelta(hours=2)
    town.receive(
        span_table((CENTRE, old, old + QUARTER, 50), (CENTRE, START, START + QUARTER, 50)),
    )
    assert set(town.released()) == {old, START}
    assert [one.bin_start for one in frames_of(town, "group")] == [START]
    with town.database.read() as connection:
        assert crowding.crowding_at(connection, old) == {}
    assert [one.time_bin_start for one in judge_bin(town.place, old)] == [old]


def test_an_hour_that_two_batches_share_is_drawn_once_a_bin(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.pipeline, "BINS_A_BATCH", 3)
    town.carrier()
    with town.database.begin() as connection:
        venues.upsert_venues(connection, [venue("hall")], NOW)
    bins = [quarter(number) for number in range(-9, 9)]
    town.receive(span_table(*((CENTRE, at, at + QUARTER, 50 + n) for n, at in enumerate(bins))))
    assert [one.bin_start for one in frames_of(town, "group")] == bins
    with town.database.read() as connection:
        assert [len(crowding.crowding_at(connection, at)) for at in bins] == [1] * len(bins)


def test_a_bin_where_nothing_was_released_is_judged_as_nothing(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 50)))
    assert judge_bin(town.place, quarter(30)) == []


# --- coverage that changes --------------------------------------------------------------------------------------------


def test_a_coverage_loaded_later_holds_from_its_date_and_estimates_again(town: Town) -> None:
    town.carrier()
    west = {"A": (76.940, 43.232, 76.948, 43.240)}
    east = {"A": (76.960, 43.232, 76.968, 43.240)}
    town.coverage(west)
    town.receive(table(("A", 0, 900), ("A", 4, 900)))
    before = {number: told(town, quarter(number)) for number in (0, 4)}
    town.coverage(east, valid_from=quarter(4))
    town.process()
    assert before[0] == before[4]
    assert told(town, quarter(0)) == before[0]
    assert not told(town, quarter(4)) & before[4]
    assert town.total(quarter(4)) == pytest.approx(900)


def test_a_coverage_without_a_date_holds_for_everything(town: Town) -> None:
    town.carrier()
    town.coverage({"A": (76.940, 43.232, 76.948, 43.240)})
    town.receive(table(("A", 0, 900)))
    before = told(town, START)
    town.coverage({"A": (76.960, 43.232, 76.968, 43.240)})
    town.process()
    assert not told(town, START) & before


def test_the_order_in_which_coverage_versions_are_loaded_matters_only_for_the_same_date(town: Town) -> None:
    town.carrier()
    town.coverage({"A": (76.960, 43.232, 76.968, 43.240)}, valid_from=quarter(4))
    town.coverage({"A": (76.940, 43.232, 76.948, 43.240)})
    town.receive(table(("A", 0, 900), ("A", 4, 900)))
    assert not told(town, quarter(0)) & told(town, quarter(4))


def told(town: Town, at: datetime) -> set[str]:
    """Return the hexagons with a number."""
    return {one for one, person in town.people(at).items() if person.state == "estimated"}


# --- venues -----------------------------------------------------------------------------------------------------------


def venue(source_id: str, west: float = 76.9492, size: float = 0.0001, **facts: Any) -> VenueDraft:
    latitude, longitude = h3.cell_to_latlng(CENTRE)
    at = longitude if west == 76.9492 else west
    outline = shapely.box(at, latitude, at + size, latitude + size)
    draft = {
        "source": "test",
        "source_id": source_id,
        "name": source_id.title(),
        "category": "cinema",
        "region": "ALA",
        "longitude": at,
        "latitude": latitude,
        "outline_wkb": shapely.to_wkb(outline),
        "seats": 400,
        "licensed_capacity": 400,
        "participation": "member",
    }
    return VenueDraft(**(draft | facts))


def settle(town: Town, *drafts: VenueDraft, zone: str = "green") -> None:
    announced = [ZoneAnnouncement("ALA", START.date() - timedelta(days=1), zone, True, "test")]
    with town.database.begin() as connection:
        venues.upsert_venues(connection, drafts, NOW)
        zones.save_announcements(connection, announced)


def crowded(town: Town, at: datetime = START) -> dict[str, VenueCrowding]:
    with town.database.read() as connection:
        names = {one.id: one.draft.source_id for one in venues.list_venues(connection)}
        return {names[one]: row for one, row in crowding.crowding_at(connection, at).items()}


def test_a_venue_without_counts_has_no_data(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall"), venue("far", west=77.5))
    town.receive(table((CENTRE, 0, 500)))
    assert crowded(town)["far"].state == "no_data"
    assert crowded(town)["hall"].state != "no_data"


def test_a_venue_in_a_hidden_hexagon_shows_no_number_and_says_why(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall"))
    town.receive(table((CENTRE, 0, 5)))
    row = crowded(town)["hall"]
    assert (row.state, row.reason, row.level, row.best) == (
        "area_only", "crowding-reason-hidden-for-privacy", None, None,
    )  # fmt: skip


def test_a_venue_of_unknown_kind_says_that_its_limit_is_unknown(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall", category="unclassified"))
    town.receive(table((CENTRE, 0, 500)))
    row = crowded(town)["hall"]
    assert (row.state, row.reason) == ("area_only", "crowding-reason-limit-unknown-category")


def test_a_closed_venue_is_closed_and_has_its_own_byte(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall", opening_hours="Mo-Su 02:00-03:00"))
    town.receive(table((CENTRE, 0, 500)))
    [frame] = frames_of(town, "group")
    with town.database.read() as connection:
        assert blobs.read_blob(connection, frame.venue_frame_digest) == bytes([2])
    assert crowded(town)["hall"].reason == "crowding-reason-closed-now"


def test_a_lone_hall_whose_hexagon_is_resolved_gets_a_level_which_head_counts_calibrate(town: Town) -> None:
    with_history(town, now=100)
    settle(town, venue("hall", size=0.0006, seats=2000, licensed_capacity=2000))
    mark_live(town)
    guessed = crowded(town)["hall"]
    assert (guessed.state, guessed.reason, guessed.calibrated) == ("level", None, False)
    learnt = {"state": CALIBRATED, "kernel_edge": 0.5, "band_edges": [], "untold": [0.2], "told": [0.2]}
    with town.database.begin() as connection:
        save_calibration(connection, 0.2, 200, learnt, NOW)
    mark_live(town)
    row = crowded(town)["hall"]
    assert (row.state, row.reason, row.calibrated) == ("level", None, True)
    assert row.level in {1, 2, 3, 4}
    assert row.low is not None
    assert row.high is not None
    assert row.best is not None
    assert row.low <= row.best <= row.high


def test_a_registry_that_is_loaded_again_adds_nothing_and_keeps_ids_and_codes(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall"))
    with town.database.read() as connection:
        before = venues.list_venues(connection)
    with town.database.begin() as connection:
        assert venues.upsert_venues(connection, [venue("hall")], NOW) == (0, 0)
        assert venues.upsert_venues(connection, [venue("hall", seats=10), venue("kiosk")], NOW) == (1, 1)
    with town.database.read() as connection:
        after = {one.draft.source_id: one for one in venues.list_venues(connection)}
    assert (after["hall"].id, after["hall"].code) == (before[0].id, before[0].code)
    assert after["hall"].draft.seats == 10


def test_a_changed_registry_is_judged_in_the_live_bins(town: Town) -> None:
    town.carrier()
    settle(town, venue("hall", seats=400, licensed_capacity=400))
    town.receive(table((CENTRE, 0, 500)))
    before = crowded(town)["hall"].occupancy_limit
    settle(town, venue("hall", seats=40, licensed_capacity=40))
    mark_live(town)
    after = crowded(town)["hall"].occupancy_limit
    assert before is not None
    assert after is not None
    assert after < before


def mark_live(town: Town) -> None:
    with town.database.begin() as connection:
        mark_live_dirty(connection)
    town.process()


# --- the usual week ---------------------------------------------------------------------------------------------------


def with_history(town: Town, weeks: int = 2, count: int = 40, now: int = 1500) -> None:
    """A carrier with hours of history in one hexagon, and a live quarter."""
    town.carrier()
    hour = timedelta(hours=1)
    first = START.replace(hour=0) - timedelta(weeks=weeks)
    spans = [(CENTRE, first + n * hour, first + (n + 1) * hour, count) for n in range(weeks * 168)]
    town.receive(span_table(*spans, (CENTRE, START, START + QUARTER, now)))


def usual(town: Town) -> UsualWeek | None:
    with town.database.read() as connection:
        newest = max(town.released())
        ref = releases.find_release(connection, newest)
        assert ref is not None
        known = releases.find_usual_profile(connection, ref.area_digest)
    return None if known is None else UsualWeek.from_bytes(*known)


def test_the_usual_week_is_the_mean_by_local_hour_of_the_week(town: Town) -> None:
    with_history(town)
    week = usual(town)
    assert week is not None
    assert np.nanmax(week.means) == np.nanmin(week.means) == 40
    assert week.residents() == pytest.approx(40)


def test_the_live_day_does_not_enter_the_usual_week_until_it_is_over(town: Town) -> None:
    with_history(town, count=40, now=9000)
    week = usual(town)
    assert week is not None
    assert np.nanmax(week.means) == 40
    later = START + timedelta(days=2)
    town.receive_later(span_table((CENTRE, later, later + QUARTER, 50)), later + QUARTER)
    rolled = usual(town)
    assert rolled is not None
    assert np.nanmax(rolled.means) > 40


def test_without_a_days_history_there_is_no_usual_week(town: Town) -> None:
    town.carrier()
    town.receive(table((CENTRE, 0, 50)))
    assert usual(town) is None


# --- a bin comes off the list only when it is done --------------------------------------------------------------------


def test_a_file_that_comes_while_its_bin_is_worked_on_is_not_forgotten(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.carrier()
    town.accept(table((CENTRE, 0, 50)))
    publish = ingest.pipeline._publish_all

    def overtaken(*arguments: Any) -> None:
        publish(*arguments)
        town.accept(table((CENTRE, 0, 90)))

    with monkeypatch.context() as patch:
        patch.setattr(ingest.pipeline, "_publish_all", overtaken)
        town.process()
    town.process()
    assert town.people()[CENTRE].people == 90


def test_blobs_that_are_not_there_are_said_to_be_missing(town: Town) -> None:
    with town.database.read() as connection, pytest.raises(NotFound):
        blobs.read_blob(connection, "0" * 64)
