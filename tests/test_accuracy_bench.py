"""The benchmark of accuracy works, and in its smallest run Oryn is nearer to the truth than both published methods."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from benchmarks.accuracy import geohash, measures, plan, report, voronoi
from benchmarks.accuracy.jobs import run_job
from benchmarks.accuracy.measures import MapOnCity
from benchmarks.accuracy.scenario import Registration
from benchmarks.accuracy.scoring import CONVERGED, MULTIMNO, OURS, VORONOI, Scored
from benchmarks.accuracy.table import Table
from geo import hexagons
from geo.coverage import Coverage, RadioParameters
from geo.grids import geohash_bounds

DISC = np.sort(hexagons.disc(hexagons.hexagon_at(76.95, 43.24, 9), 6))


@pytest.fixture(scope="module")
def scored() -> list[Scored]:
    return [one for job in plan.tiny() for one in run_job(job)]


@pytest.mark.parametrize("baseline", [VORONOI, MULTIMNO, CONVERGED])
def test_oryn_misplaces_fewer_people_than_a_published_method_and_correlates_better(
    scored: list[Scored], baseline: str
) -> None:
    table = Table(scored[0].rows)
    mine, theirs = (
        [table.mean(method=method, measure=name) for name in ("misplaced, res 9", "r, res 9")]
        for method in (OURS, baseline)
    )
    assert mine[0] < theirs[0]
    assert mine[1] > theirs[1]


def test_no_venue_that_cannot_be_resolved_shows_a_level(scored: list[Scored]) -> None:
    assert set(Table(scored[0].rows).values(measure="levels shown where not resolvable")) == {0.0}


def test_hiding_counts_below_20_moves_the_total_of_a_town_of_30000_by_two_per_cent_at_most() -> None:
    town = next(one for job in plan.full() for one in job.builders if "town of 30,000" in repr(one))
    night = replace(town, labels=("night",))
    rows = Table(run_job(plan.Job("town", (night,)))[0].rows)
    (hidden,) = rows.values(measure="total, by hiding alone")
    assert 0.0 < abs(hidden) <= 0.02


def test_a_run_writes_every_number_the_goals_and_the_plots(scored: list[Scored], tmp_path: Path) -> None:
    report.write(scored, tmp_path)
    written = {one.name for one in tmp_path.iterdir()}
    assert {"results.csv", "results.md", "maps.svg", "misplaced.svg", "reliability.svg", "resolvable.svg"} == written
    with (tmp_path / "results.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(scored[0].rows)
    told = (tmp_path / "results.md").read_text("utf-8")
    assert "not measured" in told
    assert "| second world, " in told


def test_moving_everybody_by_one_hexagon_is_one_spacing_far() -> None:
    middle = np.searchsorted(DISC, hexagons.hexagon_at(76.95, 43.24, 9))
    metres = measures.plane_m(DISC)
    away = np.linalg.norm(metres - metres[middle], axis=1)
    next_to = int(np.argsort(away)[1])
    truth, found = np.zeros(len(DISC)), np.zeros(len(DISC))
    truth[middle], found[next_to] = 500.0, 500.0
    assert measures.wasserstein_m(DISC, MapOnCity(found, 0.0), truth) == pytest.approx(away[next_to])
    assert measures.misplaced(MapOnCity(found, 0.0), truth) == 1.0


def test_a_path_on_the_graph_is_at_most_four_per_cent_too_long() -> None:
    middle = np.searchsorted(DISC, hexagons.hexagon_at(76.95, 43.24, 9))
    metres = measures.plane_m(DISC)
    straight = np.linalg.norm(metres - metres[middle], axis=1)
    for other in np.argsort(straight)[-12:]:
        truth, found = np.zeros(len(DISC)), np.zeros(len(DISC))
        truth[middle], found[other] = 1.0, 1.0
        far = measures.wasserstein_m(DISC, MapOnCity(found, 0.0), truth)
        assert straight[other] * 0.999 <= far <= straight[other] * 1.04


def test_a_place_belongs_to_the_tower_that_is_nearest_in_metres() -> None:
    rng = np.random.default_rng(2)
    towers = rng.uniform((76.9, 52.2), (77.1, 52.3), (30, 2))
    silent = np.full(30, np.nan)
    radio = RadioParameters(towers[:, 0], towers[:, 1], silent, silent, silent, silent, silent)
    ids = tuple(f"{n:02}" for n in range(30))
    coverage = Coverage("radio_cell", ids, np.asarray(shapely.points(towers), dtype=object), radio)
    cells, of_site = voronoi.tower_cells(
        Registration("x", 0.4, coverage, "sectors"), shapely.box(76.9, 52.2, 77.1, 52.3)
    )
    for place in rng.uniform((76.9, 52.2), (77.1, 52.3), (200, 2)):
        away = np.hypot((towers[:, 0] - place[0]) * np.cos(np.radians(52.25)), towers[:, 1] - place[1])
        own = cells[of_site[int(away.argmin())]]
        assert own.distance(shapely.Point(place)) < 1e-4


def test_people_outside_the_city_are_misplaced() -> None:
    truth = np.full(len(DISC), 10.0)
    assert measures.misplaced(MapOnCity(truth, truth.sum()), truth) == pytest.approx(0.5)


def test_a_place_lies_in_its_geohash() -> None:
    places = np.random.default_rng(1).uniform((-179.0, -89.0), (179.0, 89.0), (50, 2))
    for (x, y), name in zip(places, geohash.encode(places), strict=True):
        west, south, east, north = geohash_bounds(name)
        assert west <= x <= east
        assert south <= y <= north


def test_a_mean_of_nothing_is_not_a_number() -> None:
    assert math.isnan(Table([]).mean(method=OURS))
