"""Less crowded nearby: the same kind, open, really lower; what cannot be told is never taken for empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from rules.policy import Policy
from store.records import MapFrame, Venue
from tests.webapp.world import AREA, HOUR, draft
from webapp.nearby import less_crowded
from webapp.scene import Scene
from webapp.views import CrowdingCode
from webapp.wording.crowding import BYTE_CODES

KIND = "mall_market"
METRE = 1 / 111_195  # degrees of latitude
CODES = {code: byte for byte, code in enumerate(BYTE_CODES)}
Nearby = Callable[..., list[str] | str | None]


def venue(name: str, metres: float = 100.0, **changed: Any) -> Venue:
    plain = {"category": KIND, "latitude": 43.24 + metres * METRE}
    return Venue(name, name, draft(name, **(plain | changed)))


@pytest.fixture
def nearby(app: Flask, now: datetime) -> Nearby:
    """Return the names that are offered to a stranger at venue "own", or the sentence in their place."""

    def ask(
        codes: dict[str, CrowdingCode], *others: Venue, age_hours: int = 1, language: str = "en"
    ) -> list[str] | str | None:
        end = now - HOUR * age_hours
        frame = MapFrame("public", end - HOUR, end, AREA, "", "", None, "", end, end, 1)
        scene = Scene(None, "public", frame, {one: CODES[code] for one, code in codes.items()}, {}, now)
        with app.test_request_context(f"/?lang={language}"):
            found = less_crowded(venue("own", 0.0), [venue("own", 0.0), *others], scene)
        return None if found is None else found.none_words or [row.id for row in found.rows]

    return ask


def test_the_nearest_lower_ones_are_offered(nearby: Nearby) -> None:
    codes = {"own": "level-4", "far": "level-1", "near": "level-3", "next": "between-1-2"}
    assert nearby(codes, venue("far", 900), venue("near", 50), venue("next", 300)) == ["near", "next", "far"]


@pytest.mark.parametrize("code", ["area-only", "no-data", "closed", "level-3", "level-4", "between-2-3", "between-3-4"])
def test_what_is_not_surely_lower_is_not_offered(nearby: Nearby, code: str) -> None:
    found = nearby({"own": "level-3", "other": code}, venue("other"))
    assert found == "None that is open and certainly less crowded within 1.5 km."


def test_between_two_levels_is_lower_only_below_the_lower_one(nearby: Nearby) -> None:
    codes = {"own": "between-2-3", "one": "level-1", "two": "level-2", "three": "between-1-2"}
    assert nearby(codes, venue("one"), venue("two"), venue("three")) == ["one"]


def test_another_kind_a_closed_one_and_one_of_unknown_hours_are_not_offered(nearby: Nearby) -> None:
    others = (
        venue("cafe", category="restaurant_cafe"),
        venue("shut", opening_hours="Mo-Su 06:00-07:00"),
        venue("mute", opening_hours=None),
        venue("odd", opening_hours="when we like"),
    )
    found = nearby({"own": "level-4"} | {one.id: "level-1" for one in others}, *others)
    assert isinstance(found, str)


def test_too_far_is_not_near(nearby: Nearby, policy: Policy) -> None:
    codes = {"own": "level-4", "other": "level-1"}
    assert nearby(codes, venue("other", policy.map.nearby_m - 5)) == ["other"]
    assert isinstance(nearby(codes, venue("other", policy.map.nearby_m + 5)), str)


def test_where_the_own_crowding_is_unknown_nothing_is_called_lower(nearby: Nearby) -> None:
    found = nearby({"own": "area-only", "other": "level-1"}, venue("other"))
    assert found == "How crowded this place is cannot be told, so no other can be called less crowded."


def test_an_empty_or_closed_place_and_old_data_send_nobody_away(nearby: Nearby) -> None:
    assert nearby({"own": "level-1", "other": "level-1"}, venue("other")) is None
    assert nearby({"own": "closed", "other": "level-1"}, venue("other")) is None
    assert nearby({"own": "level-4", "other": "level-1"}, venue("other"), age_hours=30) is None


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_nothing_found_is_said_in_every_language(nearby: Nearby, language: str) -> None:
    found = nearby({"own": "level-3"}, language=language)
    assert isinstance(found, str)
    assert "1,5" in found
