"""The quality of an operator's deliveries in words: how it is, what good looks like, what to do.

Promises: what is judged is judged by a number of the policy or by none; each picture says up to where it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ingest.quality import Quality, QualityDay, QualityNumbers
from rules.policy import DeliveryPolicy
from webapp.context import web
from webapp.delivery_views import QualityMetric, Sign
from webapp.drawing import day_bars, height_of, scale_top
from webapp.speech import day as day_words
from webapp.speech import gettext as _
from webapp.speech import lazy_gettext, ngettext, number
from webapp.wording.shares import share_words
from webapp.wording.spans import span_words

NOTHING = "–"
SCALES: dict[str, Sequence[float]] = {  # up to where pictures go: minutes, intervals, per cent
    "lateness": (15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 14_400),
    "missing": (4, 10, 20, 50, 100),
    "rejected": (1, 2, 5, 10, 20, 50, 100),
    "hidden": (1, 2, 5, 10, 20, 50, 100),
    "agreement": (10, 20, 50, 100, 150, 200, 400),
    "residual": (5, 10, 20, 50, 100, 200),
}
NAMED = 3  # missing intervals by name; the table has the rest by day
_ENOUGH_CARRIERS = lazy_gettext(
    "It is told only for hours for which at least three operators delivered, so that nobody can work out "
    "another operator's numbers."
)
Cell = Callable[[QualityNumbers], str]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a metric says of the whole time."""

    sign: Sign
    words: str


def metrics_of(quality: Quality, policy: DeliveryPolicy) -> list[QualityMetric]:
    """Return every side of the quality, the ones that are judged first."""
    return [
        _lateness(quality, policy.late_after_minutes),
        _missing(quality),
        _rejected(quality),
        _hidden(quality),
        _agreement(quality),
        _residual(quality),
    ]


def lead_words(quality: Quality, metrics: Sequence[QualityMetric]) -> str:
    """Return the answer in one sentence."""
    days = len(quality.days)
    if not quality.whole.uploads and quality.whole.lateness_median is None:
        return ngettext(
            "Nothing was delivered in the last %(num)d day.", "Nothing was delivered in the last %(num)d days.", days
        )
    worth = sum(one.sign == "hold" for one in metrics)
    if not worth:
        return ngettext(
            "Your deliveries of the last %(num)d day are good.",
            "Your deliveries of the last %(num)d days are good.",
            days,
        )
    return ngettext("%(num)d thing could be better.", "%(num)d things could be better.", worth)


def _lateness(quality: Quality, limit: int) -> QualityMetric:
    whole = quality.whole
    nothing = _("Nothing was delivered for this time.")
    told = _Told("not-checked", _("Nothing has come in live yet.") if whole.history else nothing)
    if whole.lateness_median is not None and whole.lateness_p95 is not None:
        told = _Told(
            "ok" if whole.lateness_p95 <= limit else "hold",
            _(
                "Half of your counts come within %(median)s of the end of their time, 95 of 100 within %(p95)s.",
                median=span_words(whole.lateness_median),
                p95=span_words(whole.lateness_p95),
            ),
        )
    columns: dict[str, Cell] = {
        _("Half within"): lambda one: _span(one.lateness_median),
        _("95 of 100 within"): lambda one: _span(one.lateness_p95),
        _("Late"): lambda one: _percent(one.late_share),
    }
    return _metric(
        quality,
        ("lateness", _("How late"), _("Good: 95 of 100 within %(limit)s.", limit=span_words(limit))),
        told,
        _("Send every file as soon as its time is over, not in batches; look whether a queue of yours stands still."),
        (lambda one: one.lateness_p95, float(limit), _("Time within which 95 of 100 counts came, day by day")),
        columns,
        _history_words(whole.history),
    )


def _history_words(intervals: int) -> str | None:
    if not intervals:
        return None
    return ngettext(
        "%(shown)s time interval was over long before your first file came. It is history, and is left out here.",
        "%(shown)s time intervals were over long before your first file came. They are history, and are left out here.",
        intervals,
        shown=number(intervals),
    )


def _missing(quality: Quality) -> QualityMetric:
    whole = quality.whole
    told = _Told("not-checked", _("It is not known yet which times to expect from you."))
    if whole.expected_bins:
        told = _Told(
            "hold" if whole.missing_bins else "ok",
            _(
                "%(missing)s of %(expected)s time intervals are missing.",
                missing=number(whole.missing_bins),
                expected=number(whole.expected_bins),
            ),
        )
    columns: dict[str, Cell] = {
        _("Expected"): lambda one: number(one.expected_bins),
        _("Missing"): lambda one: number(one.missing_bins),
    }
    return _metric(
        quality,
        ("missing", _("What is missing"), _("Good: none.")),
        told,
        _("Send missing times later too: they are worked in, and the map is mended."),
        (
            lambda one: float(one.missing_bins) if one.expected_bins else None,
            None,
            _("Missing time intervals, day by day"),
        ),
        columns,
        _missing_words(quality),
    )


def _rejected(quality: Quality) -> QualityMetric:
    whole = quality.whole
    refused = sum(whole.refused.values())
    told = _Told("not-checked", _("No file came in this time."))
    if whole.uploads:
        told = _Told(
            "hold" if refused or whole.rows_rejected or whole.rows_held else "ok",
            _(
                "%(files)s files, %(refused)s of them refused; of %(rows)s rows %(rejected)s rejected, %(held)s held.",
                files=number(whole.uploads),
                refused=number(refused),
                rows=number(whole.rows_in),
                rejected=number(whole.rows_rejected),
                held=number(whole.rows_held),
            ),
        )
    columns: dict[str, Cell] = {
        _("Files"): lambda one: number(one.uploads),
        _("of these refused"): lambda one: number(sum(one.refused.values())),
        _("Rows"): lambda one: number(one.rows_in),
        _("Rows rejected"): lambda one: number(one.rows_rejected),
        _("Rows held"): lambda one: number(one.rows_held),
    }
    return _metric(
        quality,
        ("rejected", _("What was rejected or held"), _("Good: nothing.")),
        told,
        _("Every receipt names each fault with its line. Check a file first, before your system sends it by itself."),
        (_not_accepted, None, _("Percent of rows that were rejected or held, day by day")),
        columns,
    )


def _hidden(quality: Quality) -> QualityMetric:
    share = quality.whole.suppressed_share
    told = _Told("not-checked", _("Nothing was delivered for this time."))
    if share is not None:
        words = _("%(share)s of your counts are hidden, because so few devices were there.", share=_percent(share))
        told = _Told("ok", words)
    columns: dict[str, Cell] = {_("Hidden"): lambda one: _percent(one.suppressed_share)}
    return _metric(
        quality,
        ("hidden", _("What is hidden"), _("Good: as little as your areas allow. Hidden counts protect people.")),
        told,
        _("If it grows, look whether your areas became smaller or your times shorter."),
        (lambda one: _times_hundred(one.suppressed_share), None, _("Percent of counts that are hidden, day by day")),
        columns,
    )


def _agreement(quality: Quality) -> QualityMetric:
    implied = quality.whole.implied_percent
    missing = None
    told = _Told("not-checked", _("This cannot be told now."))
    if implied is None:
        missing = str(_ENOUGH_CARRIERS)
    else:
        told = _Told(
            "ok",
            _(
                "Your counts are %(implied)s %% of the people whom all operators together show; registered is "
                "%(registered)s %%.",
                implied=implied,
                registered=quality.registered_percent,
            ),
        )
    columns: dict[str, Cell] = {_("Your counts in percent of the people"): _implied}
    return _metric(
        quality,
        ("agreement", _("Beside the others"), _("Good: steady, and near the registered share (the dashed line).")),
        told,
        _("If it jumps, look for a part of your network that is missing. If it has moved for good, tell headquarters."),
        (
            lambda one: one.implied_percent,
            float(quality.registered_percent),
            _("Your counts in percent of the people, day by day"),
        ),
        columns,
        missing,
    )


def _residual(quality: Quality) -> QualityMetric:
    percent = quality.whole.residual_percent
    columns: dict[str, Cell] = {_("Above (+) or below (-) what was expected"): _signed}
    return _metric(
        quality,
        ("residual", _("In your own areas"), _("Good: steady from day to day; a few per cent either way.")),
        _Told("not-checked" if percent is None else "ok", _residual_words(percent)),
        _("If it jumps, the coverage that you have sent us may not be the one that is on the air: send the new one."),
        (
            lambda one: None if one.residual_percent is None else float(abs(one.residual_percent)),
            None,
            _("Per cent between your counts and what was expected of them, day by day"),
        ),
        columns,
        str(_ENOUGH_CARRIERS) if percent is None else None,
    )


def _residual_words(percent: int | None) -> str:
    if percent is None:
        return _("This cannot be told now.")
    if not percent:
        return _("You counted as many devices there as all operators together let expect.")
    if percent > 0:
        return _("You counted %(pct)s %% more devices there than all operators together let expect.", pct=percent)
    return _("You counted %(pct)s %% fewer devices there than all operators together let expect.", pct=-percent)


def _signed(one: QualityNumbers) -> str:
    return NOTHING if one.residual_percent is None else f"{one.residual_percent:+d} %".replace("+0", "0")


def _metric(
    quality: Quality,
    named: tuple[str, str, str],
    told: _Told,
    advice: str,
    plotted: tuple[Callable[[QualityNumbers], float | None], float | None, str],
    columns: dict[str, Cell],
    missing: str | None = None,
) -> QualityMetric:
    code, title, good = named
    value, limit, plot_words = plotted
    values = [value(one.numbers) for one in quality.days]
    top = scale_top([*values, limit], SCALES[code])
    judged = limit if code == "lateness" else (0.0 if code in {"missing", "rejected"} else None)
    return QualityMetric(
        code=code,
        sign=told.sign,
        title=title,
        whole_words=told.words,
        good_words=good,
        advice_words=advice,
        missing_words=missing,
        bars=[] if all(one is None for one in values) else day_bars(values, top, judged),
        limit_y=None if limit is None else height_of(limit, top),
        plot_words=plot_words,
        scale_words=_scale_words(code, values, top),
        headings=[_("Day"), *columns],
        rows=[_row(one, columns) for one in reversed(quality.days)],
    )


def _row(one: QualityDay, columns: dict[str, Cell]) -> list[str]:
    return [_day(one.on), *(cell(one.numbers) for cell in columns.values())]


def _day(on: date) -> str:
    return day_words(on, "d MMMM")


def _not_accepted(one: QualityNumbers) -> float | None:
    return 100 * (one.rows_rejected + one.rows_held) / one.rows_in if one.rows_in else None


def _implied(one: QualityNumbers) -> str:
    return NOTHING if one.implied_percent is None else number(one.implied_percent)


def _times_hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _percent(share: float | None) -> str:
    return NOTHING if share is None else share_words(share)


def _span(minutes: float | None) -> str:
    return NOTHING if minutes is None else span_words(minutes)


def _scale_words(code: str, values: Sequence[float | None], top: float) -> str | None:
    """Return up to where the picture goes and what its highest bar stands for, None where there is no bar."""
    highest = max((one for one in values if one is not None), default=None)
    if highest is None:
        return None
    return _(
        "The picture goes up to %(top)s; highest: %(value)s.", top=_amount(code, top), value=_amount(code, highest)
    )


def _amount(code: str, value: float) -> str:
    if code == "lateness":
        return span_words(value)
    return number(round(value)) if code == "missing" else share_words(value / 100)


def _missing_words(quality: Quality) -> str | None:
    """Return which intervals are missing: the first three, and how many more."""
    if not quality.missing:
        return None
    shown = "; ".join(_moment(one) for one in quality.missing[:NAMED])
    more = len(quality.missing) - NAMED
    if more <= 0:
        return _("Missing: %(shown)s.", shown=shown)
    return ngettext("Missing: %(shown)s and %(num)d more.", "Missing: %(shown)s and %(num)d more.", more, shown=shown)


def _moment(moment: datetime) -> str:
    local = web().local(moment)
    return f"{_day(local.date())}, {local:%H:%M}"
