"""Spreading weights, computed once per coverage version and kept in the data folder.

They follow from geometry alone; the folder may be deleted at any time and fills again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from geo.coverage import Coverage
from geo.weights import SpreadingWeights, compute_weights
from ingest.progress import Progress, silent

METHOD_VERSION = 1
RESOLUTION = 9


class WeightsCache:
    """Weights by coverage digest: in memory, else in `folder`, else computed from the coverage's bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, SpreadingWeights] = {}

    def get(self, digest: str, coverage_bytes: Callable[[], bytes], progress: Progress = silent) -> SpreadingWeights:
        """Return the weights of a coverage version; `coverage_bytes` is asked only where they are not kept."""
        if digest not in self._known:
            self._known[digest] = self._read(digest) or self._compute(digest, coverage_bytes(), progress)
        return self._known[digest]

    def _compute(self, digest: str, coverage_bytes: bytes, progress: Progress) -> SpreadingWeights:
        weights = compute_weights(Coverage.from_bytes(coverage_bytes), RESOLUTION, progress)
        self._write(digest, weights)
        return weights

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}-r{RESOLUTION}-m{METHOD_VERSION}.weights"

    def _read(self, digest: str) -> SpreadingWeights | None:
        path = self._path(digest)
        return SpreadingWeights.from_bytes(path.read_bytes()) if path.exists() else None

    def _write(self, digest: str, weights: SpreadingWeights) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._path(digest).with_suffix(f".{os.getpid()}")
        partial.write_bytes(weights.to_bytes())
        partial.replace(self._path(digest))
