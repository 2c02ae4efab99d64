"""How right the map is, in words: what head counts said of it, and what could not be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.policy import CalibrationPolicy
from store.accuracy import Agreement, ToldShare
from store.calibrations import CalibrationRecord
from store.head_counts import HeadCountTally
from webapp.accuracy_views import BandRow, HeldOutRow, PromiseBar
from webapp.context import web
from webapp.speech import day, ngettext, number
from webapp.speech import gettext as _
from webapp.wording.shares import share_words

NOTHING = "–"
CALIBRATED, TOO_FEW, TOO_FAR = "calibrated", "too-few", "too-far"
HEIGHT, BAR, PAIR_GAP, GROUP = 100.0, 22.0, 4.0, 72.0
CARRIERS_NEEDED = 3  # contract C3: pages that compare operators need three


def lead_words(record: CalibrationRecord | None, tally: HeadCountTally) -> str:
    """Return the answer in one sentence: can the intervals be believed?"""
    if not tally.counts or record is None:
        return _("No head counts yet: the map is uncalibrated. How often its intervals are right is not known.")
    if record.details["state"] == TOO_FEW:
        return _("There are too few head counts yet: the map is uncalibrated.")
    if record.details["state"] == TOO_FAR:
        return _(
            "The head counts contradict the map: it is not calibrated, and its venue numbers deserve no trust now."
        )
    promised = held_at(record.details, record.details["coverage"])
    if promised is None or promised["after"] is None:
        return _("The intervals of venues are calibrated by head counts.")
    return _(
        "Checked by head counts: %(held)s of 100 true numbers lay inside the interval that was shown; %(asked)s were "
        "promised.",
        held=round(100 * promised["after"]),
        asked=round(100 * promised["promised"]),
    )


def counts_words(record: CalibrationRecord | None, tally: HeadCountTally) -> str:
    """Return how many head counts stand, where and since when, and how many serve."""
    if not tally.counts or tally.first_at is None:
        return _("Nobody has counted yet.")
    since = day(web().local(tally.first_at).date(), "d MMMM y")
    said = ngettext(
        "%(counts)s head count since %(since)s; venues counted: %(venues)s.",
        "%(counts)s head counts since %(since)s; venues counted: %(venues)s.",
        tally.counts,
        counts=number(tally.counts),
        since=since,
        venues=number(tally.venues),
    )
    if record is None:
        return said
    needed = record.details["pairs_min"]
    serve = _("%(pairs)s of them have a released estimate beside them; at least %(needed)s are needed.",
              pairs=number(record.pairs), needed=number(needed))  # fmt: skip
    return f"{said} {serve}"


def factor_words(record: CalibrationRecord | None) -> str | None:
    """Return what the head counts did to the intervals, None while nothing is calibrated."""
    if record is None or record.details["state"] != CALIBRATED:
        return None
    percent = round(100 * record.factor / record.details["uncalibrated_factor"])
    if percent > 100:
        return _(
            "The intervals were too narrow: their middle width is now %(percent)s %% of what it was.", percent=percent
        )
    if percent < 100:
        return _(
            "The intervals were too wide: their middle width is now %(percent)s %% of what it was.", percent=percent
        )
    return _("The intervals were right as they were.")


def told_held_words(record: CalibrationRecord | None) -> str | None:
    """Return how often the promise was kept where a level can be given; None where too few were counted there."""
    found = record.details.get("told_held") if record else None
    if found is None or found["before"] is None or found["after"] is None:
        return None
    return _(
        "In venues that counts can tell from what is around them, where levels are given, it held %(before)s before "
        "and %(after)s after calibration.",
        before=percent_words(found["before"]),
        after=percent_words(found["after"]),
    )


def held_at(details: Mapping[str, Any], coverage: float) -> Mapping[str, Any] | None:
    """Return what was kept about one promise."""
    return next((one for one in details["held"] if one["promised"] == coverage), None)


def promise_bars(record: CalibrationRecord | None) -> list[PromiseBar]:
    """Return a group of bars for each promise that could be checked, in rising order."""
    told = [one for one in record.details["held"] if one["before"] is not None] if record else []
    return [_bar(at * GROUP, one) for at, one in enumerate(told)]


def plot_words(bars: Sequence[PromiseBar]) -> str:
    """Return the picture in words."""
    said = [
        _("promised %(promised)s: held %(before)s before, %(after)s after calibration",
          promised=one.promised_words, before=one.before_words, after=one.after_words)
        for one in bars
    ]  # fmt: skip
    return _("How often the intervals held the counted number") + ": " + "; ".join(said) + "."


def band_rows(record: CalibrationRecord | None, told: Sequence[ToldShare], policy: CalibrationPolicy) -> list[BandRow]:
    """Return a row for each band of capacity of which anything can be told."""
    bands = record.details["bands"] if record else []
    edges = [0, *policy.band_edges]
    rows = []
    for at, start in enumerate(edges):
        kept: Mapping[str, Any] = next((one for one in bands if one["from"] == start), {})
        share = next((one for one in told if one.band == at), None)
        end = edges[at + 1] if at + 1 < len(edges) else None
        row = BandRow(
            capacity_words=capacity_words(start, end),
            error_words=percent_words(kept.get("error")),
            told_error_words=percent_words(kept.get("told_error")),
            told_words=percent_words(_told(share, policy)),
        )
        if {row.error_words, row.told_error_words, row.told_words} != {NOTHING}:
            rows.append(row)
    return rows


def told_words(told: Sequence[ToldShare], policy: CalibrationPolicy) -> str:
    """Return for how many of the open venues a level could be told in the last day."""
    seen, found = sum(one.seen for one in told), sum(one.told for one in told)
    if not seen or sum(one.venues for one in told) < policy.shown_venues_min:
        return _("It cannot be told for how many venues a level can be given: too little was released in the last day.")
    return _(
        "In the last 24 hours a level could be given for %(share)s of the open venues. For the others the map says "
        "that it cannot tell: operators count over areas that are larger than a café.",
        share=percent_words(found / seen),
    )


def held_out_words(record: CalibrationRecord | None) -> str:
    """Return what counts that were left out say of the map; why not, where they say nothing."""
    if record is None or not record.details["held"]:
        return _(
            "It cannot be told yet: that takes counts of two days and more that took no part in choosing the settings, "
            "from one operator or from at least three."
        )
    details = record.details
    return ngettext(
        "On %(num)d day that took no part in choosing the settings, %(counts)s counts were left out and predicted from "
        "the other operators' counts. Half of the predictions were wrong by less than %(error)s.",
        "On %(num)d days that took no part in choosing the settings, %(counts)s counts were left out and predicted "
        "from the other operators' counts. Half of the predictions were wrong by less than %(error)s.",
        details["days"],
        counts=number(details["counts"]),
        error=percent_words(details["error"]),
    )


def held_out_rows(record: CalibrationRecord | None) -> list[HeldOutRow]:
    """Return each promise of an interval, and how often left-out counts lay within."""
    kept = record.details["held"] if record else []
    return [HeldOutRow(percent_words(one["promised"]), percent_words(one["held"])) for one in kept]


def agreement_words(found: Agreement, policy: CalibrationPolicy) -> str:
    """Return how far the operators agree, without naming any."""
    if found.carriers < CARRIERS_NEEDED or found.median_share is None:
        return _(
            "Whether the mobile operators agree is told only for days on which at least three of them delivered, so "
            "that nobody can work out another operator's numbers."
        )
    share = percent_words(found.median_share)
    if found.median_share <= policy.agreement_share:
        return _(
            "The mobile operators agree: half of the time one differs by less than %(share)s from what all together "
            "say.",
            share=share,
        )
    return _(
        "The mobile operators do not agree well: half of the time one differs by more than %(share)s from what all "
        "together say.",
        share=share,
    )


def capacity_words(start: float, end: float | None) -> str:
    """Return a band of capacity: "under 200", "200 to 499", "1,500 and more"."""
    if not start:
        return _("under %(end)s", end=number(end or 0))
    if end is None:
        return _("%(start)s and more", start=number(start))
    return _("%(start)s to %(end)s", start=number(start), end=number(end - 1))


def percent_words(share: float | None) -> str:
    """Return a share in per cent; a dash where it is not told."""
    return NOTHING if share is None else share_words(share)


def computed_words(record: CalibrationRecord | None) -> str | None:
    """Return when this was computed."""
    if record is None:
        return None
    local = web().local(record.computed_at)
    return _("Computed %(day)s, %(time)s.", day=day(local.date(), "d MMMM y"), time=f"{local:%H:%M}")


def _told(share: ToldShare | None, policy: CalibrationPolicy) -> float | None:
    if share is None or share.venues < policy.shown_venues_min:
        return None
    return share.told / share.seen


def _bar(x: float, kept: Mapping[str, Any]) -> PromiseBar:
    before, after = kept["before"], kept["after"]
    return PromiseBar(
        promised_words=percent_words(kept["promised"]),
        before_words=percent_words(before),
        after_words=percent_words(after),
        x=x,
        before_x=x,
        before_y=round(HEIGHT * (1 - before), 1),
        before_height=round(HEIGHT * before, 1),
        after_x=x + BAR + PAIR_GAP,
        after_y=HEIGHT if after is None else round(HEIGHT * (1 - after), 1),
        after_height=None if after is None else round(HEIGHT * after, 1),
        promise_y=round(HEIGHT * (1 - kept["promised"]), 1),
        promise_end=x + 2 * BAR + PAIR_GAP,
    )
