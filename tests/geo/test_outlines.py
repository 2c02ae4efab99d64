"""Outlines of regions: read from any format, mended, and laid over source areas; every fault has its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from geo.errors import GeoError, RegionError
from geo.outlines import NOWHERE, area_centres, area_km2, containing, overlapping, read_outlines
from geo.weights import compute_weights
from tests.geo.builders import area_coverage, box_at

WEST, EAST = box_at(-0.04, 0, 0.04, 0.02), box_at(0, 0, 0.04, 0.02)
BOW_TIE = shapely.Polygon([(76.9, 43.2), (76.92, 43.22), (76.92, 43.2), (76.9, 43.22)])
Feature = tuple[dict[str, Any], Any]
BOTH: list[Feature] = [({"code": "west", "name": "West"}, WEST), ({"code": "east", "name": "East"}, EAST)]


def geojson(folder: Path, features: list[Feature]) -> Path:
    path = folder / "regions.geojson"
    shaped = [
        {"type": "Feature", "properties": values, "geometry": None if shape is None else shape.__geo_interface__}
        for values, shape in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": shaped}))
    return path


def wkb(*shapes: Any) -> list[bytes]:
    return [shapely.to_wkb(one) for one in shapes]


def refusal(path: Path, **columns: str) -> GeoError:
    with pytest.raises(GeoError) as refused:
        read_outlines(path, **columns)
    return refused.value


def test_regions_are_read_with_code_and_name_in_order_of_code(tmp_path: Path) -> None:
    found = read_outlines(geojson(tmp_path, BOTH))
    assert [(one.code, one.name) for one in found.outlines] == [("east", "East"), ("west", "West")]
    assert shapely.from_wkb(found.outlines[1].wkb).equals(WEST)
    assert found.notes == ()


@pytest.mark.parametrize("name", ["regions.gpkg", "regions.shp.zip"])
def test_a_projection_is_heeded_in_every_format(tmp_path: Path, name: str) -> None:
    frame = geopandas.GeoDataFrame(
        {"code": ["west", "east"], "name": ["West", "East"]}, geometry=[WEST, EAST], crs="EPSG:4326"
    )
    frame.to_crs("EPSG:32643").to_file(tmp_path / name)
    found = read_outlines(tmp_path / name)
    west = shapely.from_wkb(found.outlines[1].wkb)
    assert (found.outlines[1].code, found.outlines[1].name) == ("west", "West")
    assert shapely.symmetric_difference(west, WEST).area < 1e-4 * WEST.area


def test_an_invalid_outline_is_mended_and_named(tmp_path: Path) -> None:
    found = read_outlines(geojson(tmp_path, [({"code": "tie", "name": "Tie"}, BOW_TIE)]))
    assert shapely.is_valid(shapely.from_wkb(found.outlines[0].wkb))
    assert [(one.code, one.params["ids"]) for one in found.notes] == [("coverage-polygons-repaired", "tie")]


def test_columns_with_other_names_can_be_named(tmp_path: Path) -> None:
    path = geojson(tmp_path, [({"nr": 7, "label": " North\n side "}, WEST)])
    assert refusal(path).code == "regions-missing-column"
    found = read_outlines(path, code_column="nr", name_column="label")
    assert [(one.code, one.name) for one in found.outlines] == [("7", "North side")]


@pytest.mark.parametrize(
    ("features", "code", "told"),
    [
        ([], "regions-empty", {"file": "regions.geojson"}),
        ([({"name": "West"}, WEST)], "regions-missing-column", {"present": "name", "option": "--code-column"}),
        ([({"code": "west"}, WEST)], "regions-missing-column", {"present": "code", "option": "--name-column"}),
        ([*BOTH, ({"code": " ", "name": "?"}, WEST)], "regions-missing-value", {"feature": 3, "column": "code"}),
        ([*BOTH, ({"code": "x", "name": None}, WEST)], "regions-missing-value", {"feature": 3, "column": "name"}),
        ([({"code": "x" * 41, "name": "X"}, WEST)], "regions-text-too-long", {"feature": 1, "most": 40}),
        ([({"code": "x", "name": "X" * 301}, WEST)], "regions-text-too-long", {"feature": 1, "most": 300}),
        ([({"code": "a\nb", "name": "X"}, WEST)], "regions-code-unprintable", {"feature": 1}),
        ([*BOTH, BOTH[0]], "regions-code-repeated", {"id": "west", "features": "1, 3"}),
        ([*BOTH, ({"code": "x", "name": "X"}, None)], "coverage-geometry-missing", {"feature": 3}),
        ([({"code": "x", "name": "X"}, shapely.Point(76, 43))], "coverage-geometry-not-an-area", {"feature": 1}),
        ([({"code": "x", "name": "X"}, shapely.box(43, 100, 44, 101))], "coverage-coordinates-swapped", {"feature": 1}),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, features: list[Feature], code: str, told: dict[str, object]
) -> None:
    refused = refusal(geojson(tmp_path, features))
    assert refused.code == code
    assert told.items() <= refused.params.items()


def test_all_faults_come_at_once_and_a_table_is_no_outline(tmp_path: Path) -> None:
    wrong: list[Feature] = [({"code": "", "name": "A"}, WEST), ({"code": "b", "name": ""}, WEST)]
    assert [one.code for one in refusal(geojson(tmp_path, wrong)).others] == ["regions-missing-value"]
    table = tmp_path / "regions.csv"
    table.write_text("code,name\nwest,West\n")
    refused = refusal(table)
    assert isinstance(refused, RegionError)
    assert refused.code == "regions-not-polygons"


def test_a_point_belongs_to_the_smallest_region_that_holds_it() -> None:
    town, quarter = box_at(-0.1, -0.1, 0.2, 0.2), box_at(-0.01, -0.01, 0.02, 0.02)
    points = np.array([[76.95, 43.24], [76.9, 43.2], [70.0, 40.0], [np.nan, np.nan]])
    for outlines, expected in (([town, quarter], [1, 0]), ([quarter, town], [0, 1])):
        assert containing(wkb(*outlines), points).tolist() == [*expected, NOWHERE, NOWHERE]
    assert containing([], points).tolist() == [NOWHERE] * 4


def test_regions_that_overlap_are_named_and_those_that_touch_are_not() -> None:
    across = box_at(-0.01, 0, 0.02, 0.02)
    assert overlapping(wkb(WEST, EAST)) == []
    pairs = overlapping(wkb(WEST, EAST, across))
    assert [pair[:2] for pair in pairs] == [(0, 2), (1, 2)]
    assert pairs[0][2] == pytest.approx(area_km2(wkb(WEST)[0]) / 4, rel=1e-3)
    assert area_km2(wkb(WEST)[0]) == pytest.approx(0.04 * 81.2 * 0.02 * 111.1, rel=0.01)


def test_the_centre_of_a_source_area_is_that_of_what_it_covers() -> None:
    weights = compute_weights(area_coverage([WEST, EAST]))
    expected = [one.centroid.coords[0] for one in (WEST, EAST)]
    assert area_centres(weights) == pytest.approx(np.array(expected), abs=5e-4)


def test_a_centre_beside_the_date_line_stays_there() -> None:
    fiji = shapely.MultiPolygon([shapely.box(179.98, -17, 180, -16.96), shapely.box(-180, -17, -179.98, -16.96)])
    [centre] = area_centres(compute_weights(area_coverage([fiji])))
    assert abs(centre[0]) == pytest.approx(180.0, abs=2e-3)
