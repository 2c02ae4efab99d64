"""Read files of counts: every format, every fault, one result. See `reader.read_counts`."""

from ingest.reading.counts import COUNTED, NO_COVERAGE, SUPPRESSED, CountSlice, CountsReading
from ingest.reading.reader import read_counts

__all__ = ["COUNTED", "NO_COVERAGE", "SUPPRESSED", "CountSlice", "CountsReading", "read_counts"]
