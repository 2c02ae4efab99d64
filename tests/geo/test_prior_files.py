"""Prior layers from files: totals are conserved at any resolution and in any shape, every fault has its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import h3
import numpy as np
import pytest
from shapely.geometry import box

from geo.errors import GeoError, PriorError
from geo.prior_files import read_prior

CENTRE = h3.latlng_to_cell(43.24, 76.95, 9)
AROUND = sorted(h3.grid_disk(CENTRE, 1))


def csv_of(tmp_path: Path, rows: list[str], header: str = "h3,residents", name: str = "layer.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def geojson_of(tmp_path: Path, features: list[tuple[dict[str, Any], Any]]) -> Path:
    path = tmp_path / "layer.geojson"
    shaped = [{"type": "Feature", "properties": values, "geometry": shape} for values, shape in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": shaped}))
    return path


def square(west: float, south: float, size: float = 0.01) -> Any:
    return box(west, south, west + size, south + size).__geo_interface__


def refusal(path: Path, kind: str = "residents", column: str | None = None) -> PriorError:
    with pytest.raises(PriorError) as error:
        read_prior(path, kind, column)
    return error.value


@pytest.mark.parametrize("resolution", [7, 8, 9, 10, 11])
def test_hexagons_of_any_resolution_keep_their_total_and_their_place(tmp_path: Path, resolution: int) -> None:
    if resolution <= 9:
        cells = [h3.cell_to_parent(CENTRE, resolution)]
    else:
        cells = sorted(h3.cell_to_children(CENTRE, resolution))
    found = read_prior(csv_of(tmp_path, [f"{one},{10 + n}" for n, one in enumerate(cells)]), "residents", None)
    assert found.values.sum() == pytest.approx(sum(10 + n for n in range(len(cells))))
    assert int(CENTRE, 16) in found.hexagons.tolist()
    assert len(found.hexagons) == {7: 49, 8: 7}.get(resolution, 1)
    assert np.array_equal(found.hexagons, np.sort(found.hexagons))


def test_a_decimal_comma_and_a_named_column_are_understood(tmp_path: Path) -> None:
    path = csv_of(tmp_path, [f"{CENTRE};x;12,5"], header="Hexagon;name;Heads")
    found = read_prior(path, "residents", "heads")
    assert (found.column, found.values.tolist(), found.rows) == ("Heads", [12.5], 1)


def test_polygons_are_spread_by_area_and_keep_their_total(tmp_path: Path) -> None:
    path = geojson_of(
        tmp_path, [({"population": 900}, square(76.94, 43.23)), ({"population": 100}, square(76.95, 43.23))]
    )
    found = read_prior(path, "residents", None)
    assert found.values.sum() == pytest.approx(1000)
    west = np.array([h3.cell_to_latlng(f"{one:x}")[1] for one in found.hexagons.tolist()]) < 76.95
    assert found.values[west].sum() == pytest.approx(900, rel=0.1)


def test_a_geopackage_of_built_volume_in_metres_is_read(tmp_path: Path) -> None:
    frame_gdf = geopandas.GeoDataFrame(
        {"volume": [5000.0]}, geometry=[box(76.94, 43.23, 76.95, 43.24)], crs="EPSG:4326"
    )
    path = tmp_path / "built.gpkg"
    frame_gdf.to_crs("EPSG:32643").to_file(path)
    found = read_prior(path, "built_volume", None)
    assert found.values.sum() == pytest.approx(5000)


@pytest.mark.parametrize(
    ("rows", "header", "code", "line", "column"),
    [
        ([], "h3,residents", "prior-empty", None, None),
        ([f"{CENTRE},many"], "h3,residents", "prior-not-a-number", 2, "residents"),
        ([f"{CENTRE},"], "h3,residents", "prior-not-a-number", 2, "residents"),
        ([f"{CENTRE},inf"], "h3,residents", "prior-not-a-number", 2, "residents"),
        ([f"{CENTRE},-1"], "h3,residents", "prior-negative", 2, "residents"),
        ([f"{CENTRE},1", "89zz,2"], "h3,residents", "prior-not-a-hexagon", 3, "h3"),
        ([f"{CENTRE},1", f"{CENTRE},2"], "h3,residents", "prior-hexagon-repeated", 3, "h3"),
        ([f"{CENTRE},1", f"{h3.cell_to_parent(CENTRE, 8)},2"], "h3,residents", "prior-mixed-resolutions", None, "h3"),
        ([f"{h3.cell_to_parent(CENTRE, 3)},1"], "h3,residents", "prior-hexagon-too-coarse", 2, "h3"),
        ([f"{CENTRE},1,2"], "h3,residents", "prior-ragged-line", 2, None),
        ([f"{CENTRE},1,2"], "h3,first,second", "prior-missing-column", None, None),
        (["1,2"], "name,residents", "prior-missing-hexagons", None, None),
    ],
)
def test_a_wrong_line_is_named(
    tmp_path: Path, rows: list[str], header: str, code: str, line: int | None, column: str | None
) -> None:
    error = refusal(csv_of(tmp_path, rows, header))
    assert (error.code, error.line, error.column) == (code, line, column)


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    error = refusal(csv_of(tmp_path, [f"{AROUND[0]},x", f"{AROUND[1]},-2", "nothing,3"]))
    told = [(one.code, one.line) for one in (error, *error.others)]
    assert told == [("prior-not-a-number", 2), ("prior-negative", 3), ("prior-not-a-hexagon", 4)]


@pytest.mark.parametrize(
    ("value", "shape", "code"),
    [
        ("many", square(76.94, 43.23), "prior-not-a-number-feature"),
        (None, square(76.94, 43.23), "prior-not-a-number-feature"),
        (True, square(76.94, 43.23), "prior-not-a-number-feature"),
        (-5, square(76.94, 43.23), "prior-negative-feature"),
        (5, {"type": "Point", "coordinates": [76.94, 43.23]}, "prior-not-an-area"),
        (5, None, "prior-not-an-area"),
    ],
)
def test_a_wrong_feature_is_named(tmp_path: Path, value: Any, shape: Any, code: str) -> None:
    good = ({"residents": 1}, square(76.95, 43.23))
    error = refusal(geojson_of(tmp_path, [good, ({"residents": value}, shape)]))
    assert (error.code, error.params["feature"]) == (code, 2)


def test_a_binary_file_is_refused_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "layer.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with pytest.raises(GeoError) as error:
        read_prior(path, "residents", None)
    assert error.value.code == "coverage-binary"
