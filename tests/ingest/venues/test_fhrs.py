from __future__ import annotations

import time
from pathlib import Path

import pytest

from ingest.venues import read_venues
from tests.ingest.venues.files import accepted, establishment, fhrs, geocode, noted, refused, written

BOMB = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {after} '{f'&{before};' * 10}'>" for before, after in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>\n"  # fmt: skip
OTHER_FILE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>\n"


def test_records_with_and_without_coordinates_are_accepted(tmp_path: Path) -> None:
    path = fhrs(tmp_path, establishment(1, "11th &amp; Social", geocode=geocode("1.299", "52.63")), establishment(2))
    reading = read_venues(path)
    first, second = reading.venues
    assert (first.source, first.source_id, first.name) == ("fhrs", "1", "11th & Social")
    assert (first.category, first.address, first.district) == (
        "restaurant_cafe",
        "1 Road, Norwich, NR1",
        "Norwich City",
    )
    assert (first.longitude, first.latitude) == (1.299, 52.63)
    assert (second.longitude, second.latitude) == (None, None)
    assert noted(reading) == {"venues-note-without-place": {"count": 1}}


def test_business_types_are_mapped_and_the_rest_waits_for_a_person(tmp_path: Path) -> None:
    kinds = ["Pub/bar/nightclub", "Hotel/bed &amp; breakfast/guest house", "Mobile caterer"]
    reading = read_venues(fhrs(tmp_path, *(establishment(n, kind=kind) for n, kind in enumerate(kinds))))
    assert [one.category for one in reading.venues] == ["restaurant_cafe", "hotel", "unclassified"]
    assert noted(reading)["venues-note-unclassified"] == {"count": 1, "kinds": "Mobile caterer (1)"}


def test_no_address_of_a_person_is_read(tmp_path: Path) -> None:
    assert "someone@example.org" not in repr(accepted(fhrs(tmp_path, establishment(1))))


@pytest.mark.parametrize("doctype", [BOMB, OTHER_FILE, "<!DOCTYPE html>\n"])
def test_a_doctype_is_refused_before_anything_is_expanded(tmp_path: Path, doctype: str) -> None:
    began = time.process_time()
    assert refused(fhrs(tmp_path, establishment(1, "&j;"), before=doctype)) == [("venues-xml-doctype", 2)]
    assert time.process_time() - began < 1


def test_a_truncated_file_is_refused_with_line_and_column(tmp_path: Path) -> None:
    whole = fhrs(tmp_path, establishment(1), establishment(2)).read_text(encoding="utf-8")
    (fault,) = read_venues(written(tmp_path / "cut.xml", whole[: whole.rindex("<PostCode>") + 4])).faults
    assert (fault.code, fault.line) == ("venues-xml-truncated", 4)
    assert isinstance(fault.params["column"], int)
    assert fault.params["column"] > 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<FHRSEstablishment></EstablishmentDetail>", "venues-xml-broken"),
        ("<FHRSEstablishment>&nosuch;</FHRSEstablishment>", "venues-xml-broken"),
        ("<?xml version='1.0' encoding='no-such'?><FHRSEstablishment/>", "venues-xml-broken"),
        ("<html><body/></html>", "venues-xml-unknown"),
        ("<FHRSEstablishment>" + "<a>" * 50 + "</a>" * 50 + "</FHRSEstablishment>", "venues-xml-too-deep"),
        ("<FHRSEstablishment/>", "venues-none"),
        ("<", "venues-xml-truncated"),
    ],
)
def test_what_is_no_registry_is_refused(tmp_path: Path, text: str, code: str) -> None:
    assert [found for found, _ in refused(written(tmp_path / "a.xml", text))] == [code]


def test_wrong_coordinates_and_repeated_ids_are_listed_with_their_lines(tmp_path: Path) -> None:
    records = [
        establishment(1, geocode=geocode("1.3", "52.6")),
        establishment(2, geocode=geocode("east", "52.6")),
        establishment(3, geocode=geocode("1.3", "152.6")),
        establishment(1),
    ]
    assert refused(fhrs(tmp_path, *records)) == [
        ("venues-not-a-coordinate", 4), ("venues-coordinates-swapped", 5), ("venues-repeated-id", 6),
    ]  # fmt: skip


def test_an_endless_text_is_cut_and_refused_without_filling_memory(tmp_path: Path) -> None:
    assert refused(fhrs(tmp_path, establishment(1, "A" * 3_000_000))) == [("venues-text-too-long", 3)]
