"""The quality page in words: long spans, the scale of a plot, missing intervals by name, refusals without codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from ingest.quality import Quality, QualityDay, QualityNumbers
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.delivered import deliver
from tests.webapp.world import World
from webapp.context import web
from webapp.wording.quality import metrics_of
from webapp.wording.reasons import refused_words
from webapp.wording.spans import span_words

START = datetime(2026, 11, 20, 21, 45, tzinfo=ZoneInfo("Asia/Almaty"))


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(12, "12 min"), (120, "120 min"), (180, "3 h"), (200, "3 h 20 min"), (7723, "5 days 9 h"), (1440, "1 day")],
)
def test_a_span_is_said_in_its_two_largest_units(app: Flask, minutes: float, words: str) -> None:
    with app.test_request_context("/?lang=en"):
        assert span_words(minutes) == words


def test_reasons_are_words_and_come_together(app: Flask) -> None:
    refused = {"identifier-column": 2, "time-empty": 1, "identifier-rows": 1, "never-heard": 1}
    with app.test_request_context("/?lang=en"):
        assert refused_words(refused) == [
            ("Something in them points at people or devices", 3),
            ("Times cannot be read or do not fit", 1),
            ("Another fault; its receipt names it", 1),
        ]


def test_missing_intervals_are_named_and_plots_have_a_scale(app: Flask) -> None:
    missing = tuple(START + at * timedelta(minutes=15) for at in range(5))
    numbers = QualityNumbers(3, lateness_median=10, lateness_p95=7723, expected_bins=96, missing_bins=5)
    quality = Quality((QualityDay(START.date(), numbers),), numbers, 30, missing)
    with app.test_request_context("/?lang=en"):
        told = {one.code: one for one in metrics_of(quality, web().policy(START).delivery)}
    assert told["missing"].missing_words == (
        "Missing: 20 November, 21:45; 20 November, 22:00; 20 November, 22:15 and 2 more."
    )
    assert told["missing"].top_words == "Highest: 5"
    assert told["lateness"].top_words == "Highest: 5 days 9 h"
    assert "95 of 100 within 5 days 9 h." in told["lateness"].whole_words


def test_the_page_has_no_codes(browser: Callable[[str], Browser], world: World, clock: Clock) -> None:
    deliver(world.database, clock.now)
    page = browser("carrier_a").get("/carriers/quality").get_data(as_text=True)
    assert "Why files were refused:" in page
    assert "Highest: " in page
    assert "packed-file-truncated" not in page
