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
from webapp.delivery_views import QualityMetric
from webapp.wording.quality import metrics_of
from webapp.wording.reasons import refused_words
from webapp.wording.shares import share_words
from webapp.wording.spans import span_words

START = datetime(2026, 11, 20, 21, 45, tzinfo=ZoneInfo("Asia/Almaty"))


@pytest.mark.parametrize(
    ("percent", "words"),
    [(4, "You counted 4 % more devices"), (-7, "You counted 7 % fewer devices"), (0, "You counted as many devices"),
     (None, "This cannot be told now.")],
)  # fmt: skip
def test_an_operator_reads_its_own_residual_in_plain_words(app: Flask, percent: int | None, words: str) -> None:
    numbers = QualityNumbers(1, residual_percent=percent)
    with app.test_request_context("/?lang=en"):
        [told] = [
            one
            for one in metrics_of(
                Quality((QualityDay(START.date(), numbers),), numbers, 30), web().policy(START).delivery
            )
            if one.code == "residual"
        ]
    assert told.whole_words.startswith(words)
    assert (told.missing_words is None) is (percent is not None)
    assert (told.bars == []) is (percent is None)


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
    assert told["missing"].scale_words == "The picture goes up to 10; highest: 5."
    assert told["lateness"].scale_words == "The picture goes up to 10 days; highest: 5 days 9 h."
    assert "95 of 100 within 5 days 9 h." in told["lateness"].whole_words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (2 / 479_851, "less than 0.1 %"),
        (0.0056, "0.6 %"),
        (0.0104, "1 %"),
        (1 / 39, "2.6 %"),
        (0.374, "37 %"),
        (0.9956, "99.6 %"),
        (0.99999, "more than 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_said_in_one_way_and_never_rounded_to_nothing(app: Flask, share: float, words: str) -> None:
    with app.test_request_context("/?lang=en"):
        assert share_words(share) == words


def told_of(app: Flask, numbers: QualityNumbers) -> dict[str, QualityMetric]:
    quality = Quality((QualityDay(START.date(), numbers),), numbers, 30)
    with app.test_request_context("/?lang=en"):
        return {one.code: one for one in metrics_of(quality, web().policy(START).delivery)}


def test_a_little_is_a_small_bar_and_the_same_words_everywhere(app: Flask) -> None:
    numbers = QualityNumbers(3, rows_in=479_851, rows_rejected=2, suppressed_share=0.0056)
    told = told_of(app, numbers)
    assert told["rejected"].scale_words == "The picture goes up to 1 %; highest: less than 0.1 %."
    assert (told["rejected"].bars[0].height or 0) <= 1
    assert told["hidden"].scale_words == "The picture goes up to 1 %; highest: 0.6 %."
    assert told["hidden"].whole_words.startswith("0.6 % of your counts are hidden")
    assert told["hidden"].rows[0][1] == "0.6 %"


def test_the_line_of_the_limit_lies_inside_the_picture(app: Flask) -> None:
    lateness = told_of(app, QualityNumbers(3, lateness_median=3, lateness_p95=9))["lateness"]
    assert lateness.scale_words == "The picture goes up to 60 min; highest: 9 min."
    assert (lateness.limit_y, lateness.bars[0].height) == (0.0, 15.0)


def test_history_is_named_and_no_lateness_is_made_up_of_it(app: Flask) -> None:
    lateness = told_of(app, QualityNumbers(3, history=1_344))["lateness"]
    assert (lateness.sign, lateness.whole_words) == ("not-checked", "Nothing has come in live yet.")
    assert lateness.missing_words is not None
    assert lateness.missing_words.startswith("1,344 time intervals were over long before your first file came.")


def test_the_page_has_no_codes(browser: Callable[[str], Browser], world: World, clock: Clock) -> None:
    deliver(world.database, clock.now)
    page = browser("carrier_a").get("/carriers/quality").get_data(as_text=True)
    assert "Why files were refused:" in page
    assert "The picture goes up to " in page
    assert "packed-file-truncated" not in page
