"""`make bench`: every comparison, one after the other. Ratios are measured side by side in one run."""

from __future__ import annotations

from benchmarks import frames, ingest, weights

for benchmark in (weights, frames, ingest):
    benchmark.main()
    print()
