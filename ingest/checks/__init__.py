"""Checks of a file that can be read: is it plausible beside what came before? See `examining.examine`."""

from ingest.checks.examining import examine
from ingest.checks.outcomes import CHECKS, CheckResult, Examination, Hold
from ingest.checks.past import Past

__all__ = ["CHECKS", "CheckResult", "Examination", "Hold", "Past", "examine"]
