"""Map frames: one byte a hexagon and time bin, in the order of the sorted ids (contract D).

0 missing, 1 suppressed, 2..65 = 64 logarithmic steps of people per km². The geometry they colour is
geo/geometry_pack.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.geometry_pack import geometry_pack, unpack_geometry
from geo.hexagons import Floats
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED

__all__ = [
    "code_density",
    "density_codes",
    "frame_codes",
    "geometry_pack",
    "interval_frame",
    "unpack_geometry",
    "window_pack",
    "window_unpack",
]

FIRST_STEP, LAST_STEP = 2, 65
_STEPS = LAST_STEP - FIRST_STEP


def density_codes(density_per_km2: Floats, maximum: float) -> NDArray[np.uint8]:
    """Give the codes 2..65 of densities: 2 + round(63 log1p(d) / log1p(maximum)), clipped; NaN counts as 0."""
    density = np.maximum(np.nan_to_num(np.asarray(density_per_km2, dtype=np.float64)), 0.0)
    step = np.rint(_STEPS * np.log1p(density) / np.log1p(maximum))
    return np.asarray(FIRST_STEP + np.clip(step, 0, _STEPS), dtype=np.uint8)


def frame_codes(density_per_km2: Floats, state: NDArray[np.uint8], maximum: float) -> bytes:
    """Encode one map frame, H bytes; `maximum` is the density (people per km²) of the last step, from policy."""
    codes = density_codes(density_per_km2, maximum)
    hidden = np.where(state == SUPPRESSED, SUPPRESSED, MISSING).astype(np.uint8)
    return np.where(state == ESTIMATED, codes, hidden).astype(np.uint8).tobytes()


def interval_frame(low: Floats, high: Floats, state: NDArray[np.uint8], maximum: float) -> bytes:
    """Encode the interval of densities, 2 H bytes: all low codes, then all high codes."""
    return frame_codes(low, state, maximum) + frame_codes(high, state, maximum)


def window_pack(frames: Sequence[bytes]) -> bytes:
    """Arrange frames of equal length, oldest first, so that they compress well: differences in time, by hexagon.

    Byte h * n + t is (frame[t][h] - frame[t - 1][h]) mod 256, with 0 before the first: n * H bytes for n frames.
    """
    codes = np.stack([np.frombuffer(frame, dtype=np.uint8) for frame in frames])
    change = np.diff(codes, axis=0, prepend=np.zeros((1, codes.shape[1]), dtype=np.uint8))
    return change.T.tobytes()


def window_unpack(packed: bytes, frame_count: int) -> list[bytes]:
    """Give back the frames that `window_pack` arranged."""
    change = np.frombuffer(packed, dtype=np.uint8).reshape(-1, frame_count)
    return [frame.tobytes() for frame in np.cumsum(change, axis=1, dtype=np.uint8).T]


def code_density(code: int | NDArray[Any], maximum: float) -> Any:
    """Give the density in the middle of a step, people per km²; NaN for missing and suppressed."""
    step = np.asarray(code, dtype=np.float64) - FIRST_STEP
    density = np.where(step >= 0.0, np.expm1(np.maximum(step, 0.0) / _STEPS * np.log1p(maximum)), np.nan)
    return float(density) if density.ndim == 0 else density
