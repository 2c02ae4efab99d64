"""Read files of counts: every format, every fault, one result. See `reader.read_counts`; strangers' files: `capped`.

What needs arrays and data frames is imported when it is asked for, so that a process may start a capped reader without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.reading.counts import COUNTED, NO_COVERAGE, SUPPRESSED, CountSlice, CountsReading
    from ingest.reading.reader import read_counts

__all__ = ["COUNTED", "NO_COVERAGE", "SUPPRESSED", "CountSlice", "CountsReading", "read_counts"]


def __getattr__(name: str) -> object:
    """Return one of the names above from the module that has it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("ingest.reading.reader" if name == "read_counts" else "ingest.reading.counts"), name)
