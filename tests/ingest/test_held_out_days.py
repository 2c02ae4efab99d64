"""Days that took no part in choosing the settings: predicted, kept once, never so that an operator reads another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ingest import held_out_days
from ingest.leasing import CALIBRATE
from store import calibrations, jobs
from tests.ingest.test_fitting import BOXES
from tests.ingest.town import QUARTER, START, Town, span_table

NINE = datetime.fromisoformat("2026-11-20T09:00:00+05:00")
SHARES = {"alpha": 0.4, "beta": 0.3, "gamma": 0.2}
DAY = timedelta(days=1)


def deliver(town: Town, codes: Sequence[str], days: Sequence[int]) -> None:
    for code in codes:
        town.carrier(code, SHARES[code])
        town.coverage(BOXES, code)
    for back in days:
        for number, code in enumerate(codes):
            town.accept(span_table(*_rows(code, NINE - back * DAY, 10 * back + number)), code)
    town.process()


def _rows(code: str, start: datetime, seed: int) -> list[tuple[str, datetime, datetime, object]]:
    rng = np.random.default_rng(seed)
    found: list[tuple[str, datetime, datetime, object]] = []
    for name in BOXES:
        x, y = int(name[1]), int(name[2])
        mean = SHARES[code] * (500.0 + 4000.0 * np.exp(-((x - 4) ** 2 + (y - 5) ** 2) / 8.0))
        found.append((name, start, start + QUARTER, int(rng.poisson(mean * rng.lognormal(0.0, 0.15)))))
    return found


def check(town: Town) -> bool:
    return held_out_days.check(town.database, town.place.policy, town.place.cache, START)


def kept(town: Town) -> dict[str, Any] | None:
    with town.database.read() as connection:
        record = calibrations.newest_calibration(connection, calibrations.HEXAGONS)
    return None if record is None else dict(record.details)


def test_counts_of_unseen_days_are_predicted_and_the_first_day_is_not_judged_by_itself(town: Town) -> None:
    deliver(town, list(SHARES), [3, 2, 1])
    assert check(town)
    details = kept(town)
    assert details is not None
    assert (details["days"], details["first_day"], details["last_day"]) == (2, "2026-11-18", "2026-11-19")
    assert details["counts"] >= held_out_days.LEAST_COUNTS
    held = {one["promised"]: one["held"] for one in details["held"]}
    assert held[0.5] <= held[0.8] <= held[0.9] <= held[0.95] <= 1.0
    assert held[0.9] > 0.8
    assert 0.0 < details["error"] < 0.3
    assert "alpha" not in str(details)


def test_the_same_counts_are_checked_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(town, list(SHARES), [3, 2, 1])
    check(town)
    monkeypatch.setattr(held_out_days, "held_out", None)  # asking for it again would fail
    assert check(town)


@pytest.mark.parametrize(("codes", "days"), [(["alpha", "beta"], [3, 2, 1]), (list(SHARES), [1])])
def test_two_operators_or_one_day_tell_nothing(town: Town, codes: list[str], days: list[int]) -> None:
    deliver(town, codes, days)
    assert check(town) is (len(days) > 1)
    details = kept(town)
    assert details is not None
    assert (details["held"], details["error"]) == ([], None)


def test_the_worker_checks_again_soon_until_there_are_days(town: Town) -> None:
    worker = town.worker()
    with town.database.begin() as connection:
        jobs.enqueue(connection, CALIBRATE)
    while worker.run_once():
        pass
    with town.database.read() as connection:
        assert CALIBRATE in jobs.kinds_waiting(connection)
    assert kept(town) is not None
