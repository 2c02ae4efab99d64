"""Coverage files as people really send them: every format, and one clear word about every fault."""

import gzip
import json
import re
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
import zstandard

from geo.coverage import Coverage, CoverageReading, read_coverage
from geo.errors import CoverageError
from tests.geo.builders import area_coverage, box_at, radio_coverage

ROOT = Path(__file__).parents[2]
SQUARES = [box_at(0, 0, 0.01, 0.01), box_at(0.01, 0, 0.01, 0.01)]
ZONES = gpd.GeoDataFrame({"zone_id": ["b", "a"], "note": ["x", "x"]}, geometry=SQUARES, crs=4326)

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def geojson(zones: gpd.GeoDataFrame = ZONES, crs: str | None = None) -> str:
    document = json.loads(zones.to_json(drop_id=True))
    document.pop("crs", None)
    if crs:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(document)


def feature(geometry: str, properties: str = '{"zone_id": 1}') -> str:
    one = f'{{"type": "Feature", "properties": {properties}, "geometry": {geometry}}}'
    return f'{{"type": "FeatureCollection", "features": [{one}]}}'


def refusal(path: Path, id_column: str | None = None) -> CoverageError:
    with pytest.raises(CoverageError) as error:
        read_coverage(path, id_column)
    return error.value


def is_both_zones(reading: CoverageReading) -> bool:
    coverage = reading.coverage
    expected = dict(zip(ZONES.zone_id, SQUARES, strict=True))
    close = [shapely.hausdorff_distance(coverage.shapes[n], expected[i]) < 1e-7 for n, i in enumerate("ab")]
    return coverage.source_area_ids == ("a", "b") and all(close)


def zipped_shapefile(folder: Path, zones: gpd.GeoDataFrame, leave_out: str = "-") -> Path:
    (folder / "parts").mkdir()
    zones.to_file(folder / "parts/zones.shp")
    with zipfile.ZipFile(folder / "zones.zip", "w") as archive:
        for part in (folder / "parts").iterdir():
            if part.suffix != leave_out:
                archive.write(part, part.name)
    return folder / "zones.zip"


def test_geojson_plain_and_packed(write: Write) -> None:
    text = geojson().encode()
    for name, content in (
        ("plain.geojson", text),
        ("bom.geojson", b"\xef\xbb\xbf" + text),
        ("packed.gz", gzip.compress(text[:99]) + gzip.compress(text[99:])),
        ("packed.zst", zstandard.compress(text)),
    ):
        assert is_both_zones(read_coverage(write(name, content)))


@pytest.mark.parametrize("crs", ["urn:ogc:def:crs:EPSG::32643", "EPSG:3857", "urn:ogc:def:crs:OGC:1.3:CRS84"])
def test_a_declared_projection_is_heeded(write: Write, crs: str) -> None:
    assert is_both_zones(read_coverage(write("zones.geojson", geojson(ZONES.to_crs(crs), crs))))


def test_an_old_geographic_crs_is_longitude_and_latitude(write: Write) -> None:
    assert is_both_zones(read_coverage(write("zones.geojson", geojson(crs="urn:ogc:def:crs:EPSG::4612"))))


def test_geopackage_and_zipped_shapefile_in_utm(tmp_path: Path) -> None:
    ZONES.to_crs(32643).to_file(tmp_path / "zones.gpkg")
    assert is_both_zones(read_coverage(tmp_path / "zones.gpkg"))
    assert is_both_zones(read_coverage(zipped_shapefile(tmp_path, ZONES.to_crs(32643))))


def test_a_shapefile_in_degrees_without_prj_is_read_and_the_assumption_told(tmp_path: Path) -> None:
    reading = read_coverage(zipped_shapefile(tmp_path, ZONES, leave_out=".prj"))
    assert is_both_zones(reading)
    assert [note.code for note in reading.notes] == ["coverage-crs-assumed"]


def test_topojson_joins_its_arcs(write: Write) -> None:
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.01, 0.01], "translate": [76.95, 43.24]},
        "arcs": [[[1, 0], [0, 1]], [[1, 1], [-1, 0], [0, -1], [1, 0]], [[1, 1], [1, 0], [0, -1], [-1, 0]]],
        "objects": {
            "zones": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1]], "properties": {"zone_id": "b"}},
                    {"type": "MultiPolygon", "arcs": [[[2, 0]]], "properties": {"zone_id": "a"}},
                ],
            }
        },
    }
    assert is_both_zones(read_coverage(write("zones.topojson", json.dumps(topology))))


def test_a_bow_tie_is_repaired_and_named(write: Write) -> None:
    bow_tie = shapely.Polygon([(76.9, 43.2), (76.91, 43.21), (76.91, 43.2), (76.9, 43.21)])
    zones = gpd.GeoDataFrame({"zone_id": [7, 8]}, geometry=[bow_tie, SQUARES[0]], crs=4326)
    reading = read_coverage(write("zones.geojson", geojson(zones)))
    assert shapely.is_valid(reading.coverage.shapes).all()
    assert [(n.code, dict(n.params)) for n in reading.notes] == [
        ("coverage-polygons-repaired", {"count": 1, "ids": "7"})
    ]


def test_points_with_a_radius_are_discs(write: Write) -> None:
    reading = read_coverage(write("points.csv", "point_id;lon;lat;radius_m\na;76,95;43,24;500\n"))
    assert reading.coverage.kind == "area"
    lens = np.cos(np.radians(43.24)) * 111.19492664**2
    assert shapely.area(reading.coverage.shapes)[0] * lens == pytest.approx(np.pi * 0.25, rel=1e-3)
    point = feature('{"type": "Point", "coordinates": [76.95, 43.24]}', '{"zone_id": "a", "radius": 500}')
    disc = read_coverage(write("points.geojson", point)).coverage.shapes[0]
    assert shapely.hausdorff_distance(disc, reading.coverage.shapes[0]) < 1e-9


def test_outlines_in_csv_are_areas(write: Write) -> None:
    rows = "\n".join(f'{name};"{shape.wkt}"' for name, shape in zip(ZONES.zone_id, SQUARES, strict=True))
    assert is_both_zones(read_coverage(write("zones.csv", "zone_id;wkt\n" + rows)))


def test_multimno_radio_cells(write: Write) -> None:
    text = (
        "cell_id,latitude,longitude,directionality,azimuth_angle,horizontal_beam_width,power,range,cell_type\n"
        "198310995667768,43.25,76.95,1,120,65,20,1500,macrocell\n"
        "198310995667769,43.25,76.95,0,90,,,,microcell\n"
    )
    reading = read_coverage(write("network.csv", text))
    radio = reading.coverage.radio
    assert radio is not None
    assert reading.coverage.kind == "radio_cell"
    assert radio.azimuth == pytest.approx([120.0, np.nan], nan_ok=True)
    assert radio.range_m.tolist() == [1500.0, 1000.0]
    assert radio.power_w.tolist() == [20.0, 5.0]


def test_opencellid_columns_in_any_case_with_index_and_no_id(write: Write) -> None:
    text = (
        "Unnamed: 0,radio,MCC,MNC,TAC,CID,unit,LON,LAT,RANGE\n"
        "7,GSM,651,1,117,11201,0,26.95,-29.84,27324\n8,LTE,651,1,117,11201,0,26.95,-29.84,90000\n"
        "9,GSM,651,1,117,11201,0,26.99,-29.84,500\n"
    )
    reading = read_coverage(write("towers.csv.gz", gzip.compress(text.encode())))
    assert reading.coverage.source_area_ids == ("GSM-651-1-117-11201", "LTE-651-1-117-11201")
    codes = {note.code: dict(note.params) for note in reading.notes}
    assert codes["coverage-radio-cells-repeated"] == {"count": 1}
    assert codes["coverage-ranges-shortened"]["count"] == 1


def test_the_order_of_the_file_changes_nothing(write: Write) -> None:
    digests = {
        read_coverage(write("zones.geojson", geojson(zones))).coverage.digest for zones in (ZONES, ZONES.iloc[::-1])
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    "coverage",
    [area_coverage(SQUARES), radio_coverage([76.9, 77.0], [43.2, 43.3], [500, np.nan], [np.nan, 5], [65, 65])],
)
def test_a_coverage_survives_packing(coverage: Coverage) -> None:
    again = Coverage.from_bytes(coverage.to_bytes())
    assert again.digest == coverage.digest
    assert again.source_area_ids == coverage.source_area_ids
    assert (again.radio is None) == (coverage.radio is None)


def test_any_change_of_a_border_changes_the_digest() -> None:
    moved = [SQUARES[0], box_at(0.01, 0, 0.01, 0.0100001)]
    assert area_coverage(SQUARES).digest != area_coverage(moved).digest


@pytest.mark.parametrize(
    ("properties", "ids", "codes"),
    [
        ('{"cellId": 5, "x": 1}', "5", []),
        ('{"Zone_ID": "5.0", "id": 7}', "5.0", []),
        ('{"quarter": 5.0}', "5", ["coverage-id-guessed"]),
    ],
)
def test_the_id_column_is_found(write: Write, properties: str, ids: str, codes: list[str]) -> None:
    square = json.dumps(shapely.geometry.mapping(SQUARES[0]))
    reading = read_coverage(write("zones.geojson", feature(square, properties)))
    assert reading.coverage.source_area_ids == (ids,)
    assert [note.code for note in reading.notes] == codes


def test_the_named_id_column_wins_and_a_wrong_name_lists_the_columns(write: Write) -> None:
    square = json.dumps(shapely.geometry.mapping(SQUARES[0]))
    path = write("zones.geojson", feature(square, '{"zone_id": 1, "other": "x"}'))
    assert read_coverage(path, "Other").coverage.source_area_ids == ("x",)
    error = refusal(path, "nope")
    assert (error.code, error.params) == (
        "coverage-missing-column",
        {"column": "nope", "present": "zone_id, other"},
    )


BROKEN_FEATURES = {
    "coverage-geometry-missing": "null",
    "coverage-geometry-not-an-area": '{"type": "LineString", "coordinates": [[1, 2], [3, 4]]}',
    "coverage-geometry-broken": '{"type": "Polygon", "coordinates": [[[1, 2], [3]]]}',
    "coverage-geometry-without-area": '{"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [1, 2], [1, 2]]]}',
    "coverage-crs-undeclared": '{"type": "Polygon", "coordinates": [[[856603, 535], [856604, 535], [856604, 536]]]}',
    "coverage-coordinates-swapped": '{"type": "Polygon", "coordinates": [[[37, 126], [38, 126], [38, 127]]]}',
    "coverage-coordinates-out-of-range": '{"type": "Polygon", "coordinates": [[[197, 37], [198, 37], [198, 38]]]}',
    "coverage-crosses-antimeridian": '{"type": "Polygon", "coordinates": [[[179, 2], [-179, 2], [-179, 3], [179, 3]]]}',
}


@pytest.mark.parametrize("code", BROKEN_FEATURES)
def test_a_broken_feature_is_named(write: Write, code: str) -> None:
    error = refusal(write("zones.geojson", feature(BROKEN_FEATURES[code])))
    assert error.code == code
    assert error.params["feature"] == 1


def test_every_broken_feature_is_listed(write: Write) -> None:
    document = json.loads(geojson())
    for one in document["features"]:
        one["geometry"] = None
    error = refusal(write("zones.geojson", json.dumps(document)))
    assert [e.params["feature"] for e in (error, *error.others)] == [1, 2]


@pytest.mark.parametrize(
    ("zones", "crs", "code"),
    [
        (ZONES, "EPSG:32643", "coverage-crs-contradicted"),
        (ZONES.to_crs(3857), "EPSG:4326", "coverage-crs-contradicted"),
        (ZONES.to_crs(3857), None, "coverage-crs-undeclared"),
        (ZONES, "EPSG:999999", "coverage-crs-unknown"),
    ],
)
def test_a_wrong_crs_gets_one_clear_error(write: Write, zones: gpd.GeoDataFrame, crs: str | None, code: str) -> None:
    assert refusal(write("zones.geojson", geojson(zones, crs))).code == code


def test_an_id_given_twice_names_both_features(write: Write) -> None:
    error = refusal(write("zones.geojson", geojson(ZONES.assign(zone_id="a"))))
    assert (error.code, error.params["features"]) == ("coverage-id-repeated", "1, 2")


HOSTILE = [
    ("empty.geojson", b"", "coverage-empty", None),
    ("blank.csv", b" \n ", "coverage-empty", None),
    ("header.csv", b"cell_id,latitude,longitude\n", "coverage-empty", None),
    ("cut.geojson", geojson().encode()[:-40], "coverage-truncated", 1),
    ("cut.gz", gzip.compress(geojson().encode(), mtime=0)[:-40], "coverage-truncated", None),
    ("rot.gz", gzip.compress(geojson().encode(), mtime=0)[:30] + b"x" * 50, "coverage-archive-broken", None),
    ("bomb.gz", gzip.compress(bytes(80 << 20)), "coverage-too-large", None),
    ("bad.json", b'{"type":\n "FeatureCollection" x}', "coverage-json-broken", 2),
    ("deep.json", b"[" * 100_000, "coverage-json-broken", 1),
    ("list.json", b"[1, 2]", "coverage-not-features", None),
    ("program.csv", b"\x7fELF" + bytes(64), "coverage-binary", None),
    ("utf16.csv", "cell_id,latitude\n".encode("utf-16"), "coverage-encoding", 1),
    ("latin.csv", "cell_id,latitude\né,1\n".encode("latin-1"), "coverage-encoding", 2),
    ("page.html", b"<html>", "coverage-format-unknown", None),
    ("cut.gpkg", b"SQLite format 3\x00" + bytes(200), "coverage-archive-broken", None),
    ("cut.zip", b"PK\x03\x04" + bytes(20), "coverage-archive-broken", None),
    ("topo.json", b'{"type": "Topology", "objects": {"a": {}}}', "coverage-topology-broken", None),
    ("text.csv", b"cell_id,latitude,longitude\n1,43,76\n2,x,76\n", "coverage-not-a-number", 3),
    ("inf.csv", b"cell_id,latitude,longitude\n1,inf,76\n", "coverage-not-a-number", 2),
    ("far.csv", b"cell_id,latitude,longitude\n1,43,276\n", "coverage-position-out-of-range", 2),
    ("swap.csv", b"cell_id,longitude,latitude\n1,37,126\n", "coverage-position-swapped", 2),
    ("ragged.csv", b"cell_id,latitude,longitude\n1,43\n", "coverage-ragged-line", 2),
    ("twice.csv", b"cell_id,latitude,longitude\n1,43,76\n1,43,77\n", "coverage-id-repeated-on-line", 3),
    ("noid.csv", b"cell_id,latitude,longitude\n,43,76\n", "coverage-id-missing-on-line", 2),
    ("nolat.csv", b"cell_id,y,longitude\n1,43,76\n", "coverage-missing-column", 1),
    ("noname.csv", b"latitude,longitude\n43,76\n", "coverage-id-column-unclear", 1),
    ("wkt.csv", b"zone_id;wkt\na;POLYGON oh no\n", "coverage-outline-broken", 2),
]


@pytest.mark.parametrize(("name", "content", "code", "line"), HOSTILE, ids=[name for name, *_ in HOSTILE])
def test_a_hostile_file_gets_its_own_word(write: Write, name: str, content: bytes, code: str, line: int | None) -> None:
    error = refusal(write(name, content))
    assert (error.code, error.line) == (code, line)


def test_a_file_that_is_not_there_is_an_error_too(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.geojson").code == "coverage-no-file"


def test_every_code_of_geo_has_its_sentence() -> None:
    messages = tomllib.loads((ROOT / "ingest/messages/coverage.toml").read_text(encoding="utf-8"))
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "geo").glob("*.py"))
    codes = set(re.findall(r'"((?:coverage|hexagon|weights|packed-bytes)-[a-z0-9-]+)"', sources))
    assert len(codes) > 50
    assert codes <= messages.keys()


def test_every_sentence_fills_the_same_gaps_in_three_languages() -> None:
    messages = tomllib.loads((ROOT / "ingest/messages/coverage.toml").read_text(encoding="utf-8"))
    for code, sentences in messages.items():
        gaps = [sorted(re.findall(r"\{(\w+)\}", sentences[language])) for language in ("en", "ru", "kk")]
        assert gaps[0] == gaps[1] == gaps[2], code
