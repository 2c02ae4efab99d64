"""Capacities that cannot be true are named, and nothing breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
import shapely

from ingest.faults import LANGUAGES, sentence
from ingest.venues.capacities import MOST_IN_A_NOTE, impossible_capacities
from rules.capacity import Impossible
from store.records import VenueDraft
from tests.rules.builders import draft_policy

POLICY = draft_policy()
METRE = 1 / 111_195
HALL = shapely.to_wkb(shapely.box(0.0, 0.0, 40 * METRE, 40 * METRE))


def draft(source_id: str, seats: int | None, licensed: int | None, area: float | None) -> VenueDraft:
    return VenueDraft("test", source_id, source_id, seats=seats, licensed_capacity=licensed, area_m2=area)


def test_impossible_capacities_are_named_with_their_venues_and_possible_ones_are_not() -> None:
    registry = [
        draft("good", 100, 120, 300.0),
        draft("nobody", None, 0, None),
        draft("seatless", 0, None, None),
        draft("sardines", 5000, 100, 50.0),
        draft("herrings", 4000, None, 50.0),
        draft("silent", None, None, None),
    ]
    notes = {one.code: one.params for one in impossible_capacities(registry, POLICY)}
    assert notes == {
        "venues-note-capacity-zero": {"count": 1, "ids": "nobody"},
        "venues-note-seats-zero": {"count": 1, "ids": "seatless"},
        "venues-note-seats-beyond-floor": {"count": 2, "ids": "sardines, herrings"},
    }


def test_what_an_outline_or_no_venue_at_all_can_hold_is_impossible_too() -> None:
    registry = [
        draft("point", 99_999, None, None),
        replace(draft("hall", 3000, 60_000, None), outline_wkb=HALL),  # on ten floors
        replace(draft("sardines", 99_999, None, None), outline_wkb=HALL),
        replace(draft("herrings", None, 1_000_000, 1e6), outline_wkb=HALL),
        draft("everybody", 1_000_000, None, None),
        draft("city", 10, 1_000_000, None),
    ]
    assert {one.code: one.params["ids"] for one in impossible_capacities(registry, POLICY)} == {
        "venues-note-seats-beyond-outline": "sardines",
        "venues-note-capacity-beyond-outline": "herrings",
        "venues-note-seats-beyond-any-venue": "everybody",
        "venues-note-capacity-beyond-any-venue": "city",
    }


def test_a_note_names_only_the_first_venues() -> None:
    [note] = impossible_capacities([draft(f"v{n}", None, 0, None) for n in range(100)], POLICY)
    assert note.params["count"] == 100
    assert str(note.params["ids"]).count(",") == MOST_IN_A_NOTE - 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(Impossible))
def test_every_impossible_capacity_can_be_said(kind: str, language: str) -> None:
    said = sentence(f"venues-note-{kind}", {"count": 2, "ids": "a, b"}, language)
    assert "a, b" in said
    assert "{" not in said
