from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ingest.city import City
from ingest.city.geography import geography, inside
from ingest.city.hours import open_week
from ingest.city.people import ground
from ingest.city.rhythms import TIMEZONE, activity_shares, bin_of_week, present_share, venue_curve
from ingest.city.truth import BIN, bin_truth, mean_people

FRIDAY = datetime(2025, 6, 6, tzinfo=UTC)


def local(hour: int, minute: int = 0, day: int = 6) -> datetime:
    return datetime(2025, 6, day, hour, minute, tzinfo=TIMEZONE).astimezone(UTC)


def venue_number(city: City, scene_id: str) -> int:
    scene = next(one for one in city.scenes if one.id == scene_id)
    return [venue.id for venue in city.venues].index(str(scene.venue_id))


def people_in(city: City, scene_id: str, moment: datetime) -> int:
    return int(bin_truth(city.world, moment).venue_people[venue_number(city, scene_id)])


def test_hexagons_add_up_to_the_people_present(city: City) -> None:
    for hour in (3, 13, 20):
        start = local(hour)
        present = round(1_000_000 * present_share()[bin_of_week(start)])
        assert bin_truth(city.world, start).people.sum() == present


def test_residents_add_up_to_the_city(city: City) -> None:
    assert city.residents.sum() == 1_000_000
    assert city.residents.min() >= 0


def test_people_in_venues_are_among_the_people_of_their_hexagons(city: City) -> None:
    world, truth = city.world, bin_truth(city.world, local(20))
    share = np.diff(world.part_share, prepend=0.0)
    first = np.diff(world.part_venue, prepend=-1) > 0
    share[first] = world.part_share[first]
    inside_venues = np.bincount(world.part_hexagon, share * truth.venue_people[world.part_venue], len(truth.people))
    assert (truth.people >= np.floor(inside_venues) - 1).all()


def test_the_parts_of_every_venue_make_the_whole(city: City) -> None:
    last = np.append(np.diff(city.world.part_venue) > 0, True)
    assert np.allclose(1.0, city.world.part_share[last])
    assert len(city.venues) == last.sum()


def test_a_bin_is_the_same_in_every_span(city: City) -> None:
    alone = city.truth(local(20), local(20) + BIN)
    amid = city.truth(local(19), local(21))
    assert np.array_equal(alone.people[0], amid.people[4])
    assert np.array_equal(alone.venue_people[0], amid.venue_people[4])
    assert amid.starts[4] == local(20)


def test_a_span_is_half_open_and_aligned_with_hexagons_and_venues(city: City) -> None:
    truth = city.truth(FRIDAY, FRIDAY + timedelta(hours=1))
    assert (4, len(ground().ids)) == truth.people.shape
    assert (4, len(city.venues)) == truth.venue_people.shape


@pytest.mark.parametrize("start", [FRIDAY + timedelta(minutes=7), FRIDAY.replace(tzinfo=None)])
def test_a_moment_that_starts_no_bin_is_refused(city: City, start: datetime) -> None:
    with pytest.raises(ValueError, match="time"):
        city.truth(start, start + BIN)


def test_nobody_is_in_the_mountains_at_any_hour(city: City) -> None:
    mountains = inside(ground().lon_lat, geography().mountains.points)
    for hour in (3, 13, 20):
        assert bin_truth(city.world, local(hour)).people[mountains].sum() == 0


def test_a_closed_venue_is_empty(city: City) -> None:
    at = local(5)
    closed = np.array([not open_week(venue.opening_hours)[bin_of_week(at)] for venue in city.venues])
    assert closed.sum() > 1000
    assert bin_truth(city.world, at).venue_people[closed].sum() == 0


def test_a_venue_never_holds_more_than_its_capacity_by_itself(city: City) -> None:
    truth = bin_truth(city.world, local(20))
    assert (truth.venue_people <= city.world.capacity).all()


def test_offices_fill_by_day_and_homes_by_night(city: City) -> None:
    shares = activity_shares()
    noon, night = bin_of_week(local(12, day=4)), bin_of_week(local(3, day=4))
    assert shares[1, noon] > 10 * shares[1, night]
    assert shares[0, night] > 0.9
    assert np.allclose(1.0, shares.sum(axis=0))
    assert shares.min() >= 0


def test_saturday_night_goes_on_into_sunday(city: City) -> None:
    curve = venue_curve("night")
    assert curve[bin_of_week(local(0, 30, day=8))] > 3 * curve[bin_of_week(local(6, 0, day=8))]


def test_live_people_vary_about_the_usual_ones(city: City) -> None:
    at = local(4)
    usual, live = mean_people(city.world, bin_of_week(at)), bin_truth(city.world, at).people
    many = usual > 200
    ratio = live[many] / usual[many]
    assert abs(ratio.mean() - 1) < 0.03
    assert 0.05 < ratio.std() < 0.25


def test_there_are_four_scenes(city: City) -> None:
    assert [scene.id for scene in city.scenes] == ["wedding", "mall", "house", "market"]


@pytest.mark.parametrize("day", [3, 6, 8])
def test_the_wedding_is_over_its_limit_every_evening_and_past_midnight(city: City, day: int) -> None:
    wedding = city.scenes[0]
    assert people_in(city, "wedding", local(21, day=day)) == wedding.people > (wedding.limit or 0)
    assert people_in(city, "wedding", local(23, 45, day=day)) > (wedding.limit or 0)
    assert people_in(city, "wedding", local(3, day=day)) == 0


def test_the_mall_is_near_its_limit_in_the_evening_only(city: City) -> None:
    limit = city.scenes[1].limit
    assert limit is not None
    assert 0.8 * limit < people_in(city, "mall", local(18, day=4)) < limit
    assert people_in(city, "mall", local(12, day=4)) < 0.6 * limit


def test_the_house_gathering_is_in_a_hexagon_of_dwellings_without_a_venue(city: City) -> None:
    house = city.scenes[2]
    row = int(np.searchsorted(ground().ids, np.uint64(house.hexagon)))
    assert house.venue_id is None
    assert row not in city.world.part_hexagon
    assert city.residents[row] > 100


def test_the_house_gathering_adds_its_guests_to_the_hexagon(city: City) -> None:
    row = city.world.scene_hexagon[2]
    usual = [mean_people(city.world, bin_of_week(local(1, day=day)))[row] for day in range(2, 9)]
    live = [bin_truth(city.world, local(1, day=day)).people[row] for day in range(2, 9)]
    assert 70 < np.mean(live) - np.mean(usual) < 110


def test_the_market_trades_from_eight_to_sixteen_and_belongs_to_the_usual_week(city: City) -> None:
    number = venue_number(city, "market")
    assert people_in(city, "market", local(12)) > 1500
    assert people_in(city, "market", local(17)) == 0
    assert city.world.usual[number, bin_of_week(local(12))] == city.scenes[3].people


def test_the_history_knows_nothing_of_the_wedding(city: City) -> None:
    number = venue_number(city, "wedding")
    assert city.world.usual[number].max() < 0.5 * city.scenes[0].people
