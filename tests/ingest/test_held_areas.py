"""Single areas that wait are shown beside what is usual for them, as the check saw it; nothing hidden is told."""

from __future__ import annotations

import pytest

from ingest.held_areas import held_areas
from store import carriers
from store.held import held_of
from tests.ingest.checks.past_weeks import HOUR, LEVELS, TEN, Operator, hour_rows, table, today, usual
from tests.ingest.town import Town

AFTER = TEN + 2 * HOUR


def test_each_area_that_waits_has_its_count_and_its_usual_one(town: Town) -> None:
    Operator.settled(town).live_through(3, usual)
    odd = {"A07": 100 * LEVELS["A07"], "A09": 200 * LEVELS["A09"]}
    receipt = town.send(table(*hour_rows(today() | odd)), now=AFTER)
    with town.database.read() as connection:
        carrier = carriers.get_carrier(connection, "alpha")
        held = held_of(connection, receipt.id)
        policy = town.place.policy
        assert [one.reason for one in held] == ["held-area"]
        (found,) = held_areas(connection, carrier, receipt, held, policy, 9).values()
        (first,) = held_areas(connection, carrier, receipt, held, policy, 1).values()
    assert {one.area_id: one.delivered for one in found} == odd
    assert [one.delivered for one in found] == sorted(odd.values(), reverse=True)
    for one in found:
        assert one.usual == pytest.approx(LEVELS[one.area_id], rel=0.2)
    assert first == found[:1]


def test_a_usual_count_below_the_threshold_is_not_told(town: Town) -> None:
    Operator.settled(town).live_through(3, lambda area, hour: 2 if area == "A04" else usual(area, hour))
    receipt = town.send(table(*hour_rows(today() | {"A04": 90_000})), now=AFTER)
    with town.database.read() as connection:
        held = held_of(connection, receipt.id)
        carrier = carriers.get_carrier(connection, "alpha")
        found = held_areas(connection, carrier, receipt, held, town.place.policy, 9)
    assert [(one.area_id, one.delivered, one.usual) for areas in found.values() for one in areas] == [
        ("A04", 90_000, None)
    ]
