"""Spreading weights, computed once per coverage version and radio model and kept in the data folder.

They follow from geometry and the radio model alone; the folder may be deleted at any time and fills again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from geo.coverage import Coverage
from geo.radio_weights import DEFAULT_RADIO, RadioModel
from geo.weights import SpreadingWeights, compute_weights
from ingest.progress import Progress, silent

METHOD_VERSION = 6  # masts and small cells are kept along
RESOLUTION = 9


class WeightsCache:
    """Weights by coverage digest and radio model: in memory, else in `folder`, else computed from the coverage."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, RadioModel], SpreadingWeights] = {}

    def get(
        self,
        digest: str,
        coverage_bytes: Callable[[], bytes],
        progress: Progress = silent,
        radio: RadioModel = DEFAULT_RADIO,
    ) -> SpreadingWeights:
        """Return the weights of a coverage version; `coverage_bytes` is asked only where they are not kept."""
        key = (digest, radio)
        if key not in self._known:
            self._known[key] = self._read(key) or self._compute(key, coverage_bytes(), progress)
        return self._known[key]

    def _compute(self, key: tuple[str, RadioModel], coverage_bytes: bytes, progress: Progress) -> SpreadingWeights:
        weights = compute_weights(Coverage.from_bytes(coverage_bytes), RESOLUTION, progress, key[1])
        self._write(key, weights)
        return weights

    def _path(self, key: tuple[str, RadioModel]) -> Path:
        digest, radio = key
        model = f"s{radio.slope:g}-b{radio.softness_db:g}"
        return self._folder / f"{digest}-r{RESOLUTION}-m{METHOD_VERSION}-{model}.weights"

    def _read(self, key: tuple[str, RadioModel]) -> SpreadingWeights | None:
        path = self._path(key)
        return SpreadingWeights.from_bytes(path.read_bytes()) if path.exists() else None

    def _write(self, key: tuple[str, RadioModel], weights: SpreadingWeights) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._path(key).with_name(f"{self._path(key).name}.{os.getpid()}")
        partial.write_bytes(weights.to_bytes())
        partial.replace(self._path(key))
