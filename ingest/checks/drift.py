"""Are the counts what this carrier usually has in this hour of the week? What is far off waits for a person.

In this order: single areas; then, without them, the interval's total and pattern. An interval whose total is off
for every carrier alike is an event, not an error: it is said and not held. Holidays are not known here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingest.checks.area_outliers import outlying
from ingest.checks.moments import written
from ingest.checks.outcomes import CheckResult, Hold
from ingest.checks.seen import Seen, Subject
from ingest.checks.totals import Totals, share_sigmas, totals_of
from ingest.faults import Fault, quoted

Params = dict[str, str | int | float]


class Drift:
    """Judges slice by slice; keeps the holds and the farthest of the intervals that only drift."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._delivery = subject.past.policy.delivery
        self._holds: list[Hold] = []
        self._compared = 0
        self._drifting: list[tuple[float, Params]] = []
        self._shared: list[tuple[float, Params]] = []
        self._lasting: list[Hold] = []

    def see(self, seen: Seen) -> None:
        """Compare one interval with the past."""
        if len(seen.weeks) < self._delivery.hold_min_weeks:
            return
        self._compared += 1
        far = outlying(seen)
        # So many are no single areas: then the interval is judged with them, not without.
        many = far.sum() > (1 - self._delivery.coverage_share_min) * np.isfinite(seen.together).sum()
        totals = totals_of(seen, np.zeros_like(far) if many else far)
        if totals is not None and self._judged(seen, totals):
            return
        if far.any():
            self._hold_areas(seen, far[seen.codes])

    def result(self) -> CheckResult:
        """Say what is held, what drifts, or that there is too little past."""
        if not self._compared:
            params = {"weeks": self._delivery.hold_min_weeks}
            return CheckResult("drift", "not-checked", (Fault("check-drift-no-past", params=params),))
        held = tuple(Fault(one.reason, params=one.params) for one in self._holds)
        found = (*held, *_farthest("check-drift-shared", self._shared), *_farthest("check-drift", self._drifting))
        return CheckResult("drift", "hold" if held else "note" if found else "ok", found)

    def holds(self) -> list[Hold]:
        """Return the intervals and areas to hold."""
        return self._holds

    def _judged(self, seen: Seen, totals: Totals) -> bool:
        """Hold or note an interval by its total and pattern; tell whether all of it is held."""
        sigmas, delivery = totals.sigmas, self._delivery
        params = self._params(seen, totals)
        if abs(sigmas) > delivery.drift_sigma:
            share = share_sigmas(seen, self._subject.past)
            if share is not None and abs(share) > delivery.hold_sigma:
                return self._hold_all(seen, "held-share", params)
            if abs(sigmas) > delivery.hold_sigma and share is None:
                return self._hold_all(seen, "held-total", params)
            everybody = share is not None and abs(share) <= delivery.drift_sigma
            if abs(sigmas) > delivery.hold_sigma and not everybody:
                return self._hold_all(seen, "held-total", params)
            (self._shared if everybody else self._drifting).append((abs(sigmas), params))
        if totals.apart > delivery.hold_sigma:
            return self._hold_all(seen, "held-pattern", params)
        return False

    def _hold_all(self, seen: Seen, reason: str, params: Params) -> bool:
        self._holds.append(seen.hold(reason, params, None))
        return True

    def _hold_areas(self, seen: Seen, rows: NDArray[np.bool_]) -> None:
        code = int(seen.codes[np.flatnonzero(rows)[0]])
        params: Params = {
            "count": int(rows.sum()),
            "area": quoted(self._subject.at(code)),
            "start": written(self._subject.past, seen.one.start),
            "times": round(float(seen.values[code] / max(float(seen.usual.median[code]), 1.0))),
            "weeks": int(seen.usual.weeks[code]),
        }
        self._holds.append(seen.hold("held-area", params, rows))

    def _params(self, seen: Seen, totals: Totals) -> Params:
        start = written(self._subject.past, seen.one.start)
        return {"start": start, "percent": totals.percent, "weeks": totals.weeks}


def _farthest(code: str, found: list[tuple[float, Params]]) -> list[Fault]:
    if not found:
        return []
    _sigmas, params = max(found, key=lambda one: one[0])
    return [Fault(code, params={**params, "count": len(found)})]
