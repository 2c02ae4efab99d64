"""How right the map is: published for everybody, computed from head counts, honest where there are none.

Promises: no number of a single venue and none of a single mobile operator; nothing that is not in the store already.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime

from flask import Response, render_template

from store import accuracy, head_counts
from store.accuracy import Agreement, ToldShare
from store.calibrations import HEXAGONS, CalibrationRecord, newest_calibration
from store.head_counts import HeadCountTally
from webapp.accuracy_views import AccuracyPage
from webapp.context import web
from webapp.fault_csv import BYTE_ORDER_MARK, plain
from webapp.wording import accuracy as wording

HEADER = ("what", "capacity_from", "capacity_below", "promised", "before", "after", "value")
Facts = tuple[CalibrationRecord | None, HeadCountTally, list[ToldShare], Agreement, CalibrationRecord | None]


def index() -> str:
    """Show what can be checked by anybody, and where."""
    record, tally, *_rest = _facts(web().clock())
    return render_template("transparency.html", accuracy_lead=wording.lead_words(record, tally))


def show() -> str:
    """Show how often the map was right, from how many head counts, what is assumed and where it fails."""
    now = web().clock()
    policy = web().policy(now).calibration
    record, tally, told, agreement, left_out = _facts(now)
    bars = wording.promise_bars(record)
    page = AccuracyPage(
        lead=wording.lead_words(record, tally),
        state=record.details["state"] if record and tally.counts else "none",
        counts_words=wording.counts_words(record, tally),
        factor_words=wording.factor_words(record),
        told_held_words=wording.told_held_words(record),
        bars=bars,
        plot_words=wording.plot_words(bars),
        plot_width=len(bars) * wording.GROUP - (wording.GROUP - 2 * wording.BAR - wording.PAIR_GAP),
        bands=wording.band_rows(record, told, policy),
        told_words=wording.told_words(told, policy),
        held_out_words=wording.held_out_words(left_out),
        held_out=wording.held_out_rows(left_out),
        agreement_words=wording.agreement_words(agreement, policy),
        computed_words=wording.computed_words(record),
    )
    return render_template("accuracy.html", page=page, asked=policy)


def table() -> Response:
    """Return the numbers of the page as CSV: shares 0..1, empty where they may not or cannot be told."""
    record, tally, told, _agreement, left_out = _facts(web().clock())
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(HEADER)
    rows.writerow(["head_counts", "", "", "", "", "", tally.counts])
    rows.writerow(["venues_counted", "", "", "", "", "", tally.venues])
    rows.writerows(_kept_rows(record))
    rows.writerows(_left_out_rows(left_out))
    least = web().policy(web().clock()).calibration.shown_venues_min
    edges: list[float | str] = [0, *web().policy(web().clock()).calibration.band_edges, ""]
    for one in told:
        if one.venues >= least:
            share = round(one.told / one.seen, 3)
            rows.writerow(["level_told", edges[one.band], edges[one.band + 1], "", "", "", share])
    response = Response(BYTE_ORDER_MARK + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="accuracy.csv"'
    return response


def _kept_rows(record: CalibrationRecord | None) -> list[list[object]]:
    if record is None:
        return []
    details = record.details
    rows: list[list[object]] = [
        ["state", "", "", "", "", "", plain(str(details["state"]))],
        ["head_counts_compared", "", "", "", "", "", record.pairs],
        ["factor", "", "", "", "", "", record.factor],
    ]
    rows += [["interval_held", "", "", one["promised"], one["before"], one["after"], ""] for one in details["held"]]
    for band in details["bands"]:
        for name, what in (("error", "median_error"), ("told_error", "median_error_where_told")):
            rows.append([what, band["from"], band["below"], "", "", "", band[name]])
    return rows


def _left_out_rows(record: CalibrationRecord | None) -> list[list[object]]:
    if record is None or not record.details["held"]:
        return []
    details = record.details
    rows: list[list[object]] = [["left_out_counts", "", "", "", "", "", details["counts"]]]
    rows += [["left_out_held", "", "", one["promised"], "", "", one["held"]] for one in details["held"]]
    return [*rows, ["left_out_median_error", "", "", "", "", "", details["error"]]]


def _facts(now: datetime) -> Facts:
    edges = web().policy(now).calibration.band_edges
    with web().database.read() as connection:
        return (
            newest_calibration(connection),
            head_counts.tally(connection),
            accuracy.told_shares(connection, now, edges),
            accuracy.agreement(connection, now),
            newest_calibration(connection, HEXAGONS),
        )
