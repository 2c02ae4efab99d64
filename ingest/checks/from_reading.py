"""What the reading itself has judged already: schema, identifiers, duplicates, small counts.

A file that breaks one of the first three never becomes a reading; its refusal's faults are sorted by check here.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.checks.outcomes import CHECKS, CheckResult, Outcome
from ingest.faults import Fault, FileRefused
from ingest.reading import CountsReading

# A code that is not listed is the schema's: what cannot be read is a matter of form.
CHECK_OF_CODE = {
    "identifier-column": "identifiers",
    "identifier-values": "identifiers",
    "identifier-rows": "identifiers",
    "identifier-marks": "identifiers",
    "row-contradicts": "duplicates",
    "rows-repeated": "duplicates",
    "time-without-offset": "time-zone",
    "time-ambiguous": "time-zone",
    "offsets-differ": "time-zone",
    "offset-unlike-zone": "time-zone",
    "time-in-future": "clock",
    "source-area-unknown": "source-areas",
    "source-area-not-in-force": "source-areas",
    "coverage-not-loaded": "source-areas",
    "grids-mixed": "source-areas",
}


def results_of_refusal(refusal: FileRefused) -> tuple[CheckResult, ...]:
    """Return the results of a refused file: what refused it first, then everything that was not checked."""
    by_check: dict[str, list[Fault]] = {}
    for one in refusal.faults:
        by_check.setdefault(CHECK_OF_CODE.get(one.code, "schema"), []).append(one)
    refused = [CheckResult(check, "refuse", tuple(by_check[check])) for check in CHECKS if check in by_check]
    others = (check for check in CHECKS if check not in by_check)
    return (*refused, *(CheckResult(check, "not-checked", (Fault("check-file-refused"),)) for check in others))


def schema(reading: CountsReading) -> CheckResult:
    """Say which rows a feed let go, and what was assumed about the columns."""
    return _result("schema", reading)


def identifiers() -> CheckResult:
    """Say that nobody is identified: a file that identifies somebody never becomes a reading."""
    return CheckResult("identifiers", "ok")


def duplicates(reading: CountsReading) -> CheckResult:
    """Say how many rows repeat others."""
    return _result("duplicates", reading)


def small_counts(reading: CountsReading) -> CheckResult:
    """Say how many counts were hidden because they are small."""
    if not reading.rows_suppressed:
        return CheckResult("small-counts", "ok")
    params = {"count": reading.rows_suppressed, "rows": reading.rows_accepted}
    return CheckResult("small-counts", "note", (Fault("check-small-counts", params=params),))


def said_of(check: str, faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return those of a reading's faults and notes that belong to a check."""
    return tuple(one for one in faults if CHECK_OF_CODE.get(one.code, "schema") == check)


def _result(check: str, reading: CountsReading) -> CheckResult:
    found = said_of(check, (*reading.faults, *reading.notes))
    outcome: Outcome = "note" if found else "ok"
    return CheckResult(check, outcome, found)
