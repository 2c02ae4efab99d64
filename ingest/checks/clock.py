"""Is the file's clock plausible: do its intervals end before now, and no later ago than this carrier's files do?"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from ingest.checks.moments import written
from ingest.checks.outcomes import CheckResult
from ingest.checks.past import Past
from ingest.faults import Fault

USUAL_SHARE = 0.95  # of the uploads: a load of history a month ago says nothing about a live feed


def clock(past: Past, last_end: datetime) -> CheckResult:
    """Judge the end of the newest interval.

    Later than now: a clock runs ahead (by little; more refuses the file). Earlier than 95 % of the carrier's newest
    uploads were, and than the policy's patience: old data, which is fine for history and odd for a live feed.
    """
    if last_end > past.now:
        ahead = Fault("check-clock-ahead", params={"end": written(past, last_end), "now": written(past, past.now)})
        return CheckResult("clock", "note", (ahead,))
    patience = timedelta(minutes=past.policy.delivery.late_after_minutes)
    before = sorted(past.lateness())
    usual = before[ceil(USUAL_SHARE * len(before)) - 1] if before else timedelta(0)
    late = past.now - last_end
    if late <= max(patience, usual):
        return CheckResult("clock", "ok")
    params: dict[str, str | int | float] = {"end": written(past, last_end), "hours": _hours(late)}
    if not before:
        return CheckResult("clock", "note", (Fault("check-clock-old", params=params),))
    params["usual"] = _hours(usual)
    return CheckResult("clock", "note", (Fault("check-clock-older", params=params),))


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 1)
