from __future__ import annotations

import gzip
from pathlib import Path

import geopandas
import pytest
import shapely

from ingest.faults import LANGUAGES, sentence
from ingest.venues import read_venues
from store.records import VenueDraft
from tests.ingest.venues.files import BOW_TIE, SQUARE, accepted, feature, geojson, noted, point, polygon, refused

WEB_MERCATOR_ALMATY = (8_565_000.0, 5_350_000.0)


def place_of(venue: VenueDraft) -> tuple[float, float]:
    assert venue.longitude is not None
    assert venue.latitude is not None
    return venue.longitude, venue.latitude


def test_a_polygon_becomes_an_outline_and_a_point_inside_it(tmp_path: Path) -> None:
    (venue,) = accepted(geojson(tmp_path, feature(polygon(SQUARE), 7, name="Базар")))
    assert venue.outline_wkb is not None
    outline = shapely.from_wkb(venue.outline_wkb)
    assert outline.contains(shapely.Point(*place_of(venue)))
    assert outline.equals(shapely.Polygon(SQUARE))
    assert (venue.source, venue.source_id, venue.name) == ("places", "7", "Базар")


def test_a_point_is_a_place_without_an_outline(tmp_path: Path) -> None:
    (venue,) = accepted(geojson(tmp_path, feature(point(76.9, 43.2), "n/1", name="Кафе")))
    assert (venue.longitude, venue.latitude, venue.outline_wkb) == (76.9, 43.2, None)


def test_an_invalid_outline_is_repaired_and_noted_with_its_id(tmp_path: Path) -> None:
    reading = read_venues(
        geojson(tmp_path, feature(polygon(BOW_TIE), "x9", name="A"), feature(polygon(SQUARE), "y", name="B"))
    )
    assert reading.faults == []
    outline = reading.venues[0].outline_wkb
    assert outline is not None
    assert shapely.from_wkb(outline).is_valid
    assert noted(reading)["venues-note-repaired"] == {"count": 1, "ids": "x9"}


def test_a_venue_without_a_geometry_stays_in_the_list_and_is_counted(tmp_path: Path) -> None:
    reading = read_venues(geojson(tmp_path, feature(None, 1, name="A"), feature(point(0, 0), 2, name="B")))
    assert [(one.name, one.longitude) for one in reading.venues] == [("A", None), ("B", None)]
    assert noted(reading)["venues-note-without-place"] == {"count": 2}


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        ({"type": "LineString", "coordinates": SQUARE[:2]}, "venues-geometry-kind"),
        (polygon([[76.9, 43.2], [76.91, 43.2], [76.92, 43.2], [76.9, 43.2]]), "venues-outline-without-area"),
    ],
)
def test_what_is_no_place_is_refused_with_its_record(tmp_path: Path, geometry: dict[str, object], code: str) -> None:
    reading = read_venues(geojson(tmp_path, feature(point(76.9, 43.2), 1, name="A"), feature(geometry, 2, name="B")))
    assert [(one.code, one.params["record"]) for one in reading.faults] == [(code, 2)]
    assert reading.venues == []


def test_metres_without_a_declared_crs_are_a_clear_error(tmp_path: Path) -> None:
    path = geojson(tmp_path, feature(None, 1, name="A"), feature(point(*WEB_MERCATOR_ALMATY), 2, name="B"))
    (fault,) = read_venues(path).faults
    assert (fault.code, fault.params["feature"]) == ("coverage-crs-undeclared", 2)


def test_a_declared_crs_is_heeded(tmp_path: Path) -> None:
    path = geojson(tmp_path, feature(point(*WEB_MERCATOR_ALMATY), 1, name="A"), crs="urn:ogc:def:crs:EPSG::3857")
    (venue,) = accepted(path)
    longitude, latitude = place_of(venue)
    assert longitude == pytest.approx(76.941, abs=0.01)
    assert latitude == pytest.approx(43.26, abs=0.05)


@pytest.mark.parametrize("crs", ["EPSG:999999", "no such thing"])
def test_an_unknown_crs_is_a_clear_error(tmp_path: Path, crs: str) -> None:
    assert refused(geojson(tmp_path, feature(point(76.9, 43.2), 1, name="A"), crs=crs)) == [
        ("coverage-crs-unknown", None)
    ]


def test_broken_json_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "FeatureCollection",\n "features": [\n', encoding="utf-8")
    (code, line), *_ = refused(path)
    assert code == "coverage-truncated"
    assert line == 3


def test_a_packed_file_reads_like_the_plain_one(tmp_path: Path) -> None:
    plain = geojson(tmp_path, feature(polygon(SQUARE), 7, name="Базар"))
    packed = tmp_path / "places.geojson.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert accepted(packed) == accepted(plain)


def test_a_geopackage_reads_like_geojson(tmp_path: Path) -> None:
    rows = {
        "id": [1, 2],
        "name": ["Сауда орталығы", "Орын"],
        "name_kk": ["Сауда орталығы", None],
        "seats": [10.0, None],
    }
    shapes = [shapely.Polygon(SQUARE), shapely.Point(76.9, 43.2)]
    geopandas.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326").to_crs(3857).to_file(
        tmp_path / "v.gpkg", driver="GPKG"
    )
    first, second = accepted(tmp_path / "v.gpkg")
    assert (first.source, first.source_id, first.name_kk, first.seats) == ("v", "1", "Сауда орталығы", 10)
    assert (second.source_id, second.name_kk, second.seats) == ("2", None, None)
    assert second.longitude == pytest.approx(76.9)
    assert first.outline_wkb is not None


def test_every_field_of_a_draft_can_be_delivered(tmp_path: Path) -> None:
    given = {
        "source": "akimat", "id": "7", "name": "Кафе", "name_kk": "Дәмхана", "name_ru": "Кафе", "category": "canteen",
        "address": "Абая 1", "district": "Медеу", "region": "ALA", "seats": 40, "area_m2": 120.5,
        "licensed_capacity": "60", "opening_hours": "Mo-Su 10:00-02:00", "business_size": "small",
        "participation": "member",
        "participation_since": "2021-04-07", "entrances": 2, "masked": True, "phone": "+77011234567",
    }  # fmt: skip
    (venue,) = accepted(geojson(tmp_path, feature(point(76.9, 43.2), None, **given)))
    expected = {name: getattr(venue, name) for name in VenueDraft.__dataclass_fields__}
    assert expected == {
        "source": "akimat", "source_id": "7", "name": "Кафе", "name_kk": "Дәмхана", "name_ru": "Кафе",
        "category": "canteen", "address": "Абая 1", "district": "Медеу", "region": "ALA", "longitude": 76.9,
        "latitude": 43.2, "outline_wkb": None, "seats": 40, "area_m2": 120.5, "licensed_capacity": 60,
        "opening_hours": "Mo-Su 10:00-02:00", "business_size": "small", "participation": "member",
        "participation_since": venue.participation_since, "entrances": 2, "masked": True,
    }  # fmt: skip
    assert str(venue.participation_since) == "2021-04-07"
    assert "7011234567" not in repr(venue)


def test_openstreetmap_tags_give_name_address_and_kind(tmp_path: Path) -> None:
    tags = {
        "name:kk": "Мега",
        "name:ru": "Мега",
        "addr:street": "Розыбакиева",
        "addr:housenumber": "247",
        "shop": "mall",
    }
    (venue,) = accepted(geojson(tmp_path, feature(polygon(SQUARE), "way/1", **tags)))
    assert (venue.name, venue.name_kk, venue.address, venue.category) == (
        "Мега",
        "Мега",
        "Розыбакиева 247",
        "mall_market",
    )


def test_kinds_that_are_not_known_are_noted_by_their_own_word(tmp_path: Path) -> None:
    places = [
        feature(point(76.9, 43.2), n, name="A", category=kind) for n, kind in enumerate(["disco", "disco", "spa"])
    ]
    reading = read_venues(geojson(tmp_path, *places))
    assert [one.category for one in reading.venues] == ["unclassified", "unclassified", "spa"]
    assert noted(reading)["venues-note-unclassified"] == {"count": 2, "kinds": "disco (2)"}


def test_ids_are_made_where_there_are_none_and_stay_the_same(tmp_path: Path) -> None:
    places = [feature(point(76.9, 43.2), None, name="A"), feature(point(76.9, 43.2), None, name="A"),
              feature(point(76.8, 43.2), None, name="A")]  # fmt: skip
    reading = read_venues(geojson(tmp_path, *places))
    ids = [one.source_id for one in reading.venues]
    assert len(set(ids)) == 3
    assert ids == [one.source_id for one in accepted(geojson(tmp_path, *places))]
    assert noted(reading)["venues-note-ids-made"] == {"count": 3}


def test_one_id_twice_is_refused_and_names_both_records(tmp_path: Path) -> None:
    places = [feature(point(76.9, 43.2), one, name="A") for one in ("a", "b", "a")]
    (fault,) = read_venues(geojson(tmp_path, *places)).faults
    assert (fault.code, dict(fault.params)) == ("venues-repeated-id", {"record": 3, "source_id": "a", "first": 1})


def test_all_faults_of_all_records_are_listed(tmp_path: Path) -> None:
    wrong = feature(point(76.9, 43.2), 1, name="A" * 301, seats=-1, area_m2="big", entrances=1.5, participation="maybe",
                    participation_since="tomorrow", masked="perhaps", licensed_capacity=2e9)  # fmt: skip
    reading = read_venues(geojson(tmp_path, wrong, feature(point(76.9, 43.2), 2, name="B", seats="nan")))
    assert {(one.code, one.column, one.params["record"]) for one in reading.faults} == {
        ("venues-text-too-long", "name", 1), ("venues-negative", "seats", 1), ("venues-not-a-number", "area_m2", 1),
        ("venues-not-a-whole-number", "entrances", 1), ("venues-unknown-participation", "participation", 1),
        ("venues-not-a-date", "participation_since", 1), ("venues-not-yes-or-no", "masked", 1),
        ("venues-too-large", "licensed_capacity", 1), ("venues-not-a-number", "seats", 2),
    }  # fmt: skip
    for fault in reading.faults:
        assert all("{" not in sentence(fault.code, fault.params, language) for language in LANGUAGES)


def test_a_file_without_a_venue_is_refused(tmp_path: Path) -> None:
    assert refused(geojson(tmp_path)) == [("venues-none", None)]


def test_progress_is_told_from_start_to_end(tmp_path: Path) -> None:
    told: list[float] = []
    read_venues(geojson(tmp_path, feature(point(76.9, 43.2), 1, name="A")), lambda share, _: told.append(share))
    assert (told[0], told[-1]) == (0.0, 1.0)
