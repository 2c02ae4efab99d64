"""A small made-up city in the map's wire format: enough to drive the client without the rest of the house.

Deterministic: evening peaks around a few squares, one corner without data, one hidden hexagon in forty.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import box

from geo import frames, hexagons
from geo.spreading import ESTIMATED, MISSING, SUPPRESSED

CENTRE = (76.93, 43.24)
BOUNDS = (76.84, 43.18, 77.02, 43.30)
RESOLUTION = 9
BIN = timedelta(minutes=15)
BIN_COUNT = 96
DENSITY_MAX = 40_000.0
DENSITY_STEPS = (1_000.0, 4_000.0, 12_000.0)
VENUE_COUNT = 2_000
PEAKS = ((76.945, 43.238, 22), (76.91, 43.225, 19), (76.96, 43.26, 13), (76.89, 43.25, 20), (76.93, 43.205, 15))


@dataclass(frozen=True)
class City:
    """The synthetic city as it is at `now` (the end of the newest bin plus some minutes)."""

    now: datetime
    venue_count: int = VENUE_COUNT
    bin_count: int = BIN_COUNT
    blobs: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def ids(self) -> NDArray[np.uint64]:
        """Return the sorted hexagon ids."""
        return np.sort(hexagons.hexagons_over(box(*BOUNDS), RESOLUTION))

    @cached_property
    def starts(self) -> list[datetime]:
        """Return the starts of the bins, oldest first; the last bin has ended before `now`."""
        newest = self.now - timedelta(minutes=self.now.minute % 15 + 15)
        newest = newest.replace(second=0, microsecond=0)
        return [newest - BIN * (self.bin_count - 1 - number) for number in range(self.bin_count)]

    def geometry(self) -> bytes:
        """Return the geometry pack."""
        return frames.geometry_pack(self.ids)

    def density(self, moment: datetime) -> NDArray[np.float64]:
        """Return people per km² of each hexagon."""
        centres = hexagons.centres(self.ids)
        hour = ((moment.hour + 5) % 24) + moment.minute / 60
        texture = np.random.default_rng(7).lognormal(0, 0.5, len(centres))
        total = np.full(len(centres), 400.0)
        for longitude, latitude, peak in PEAKS:
            near = np.hypot((centres[:, 0] - longitude) * 0.73, centres[:, 1] - latitude)
            apart = min(abs(hour - peak), 24 - abs(hour - peak))
            total += 26_000 * np.exp(-((near / 0.011) ** 2)) * np.exp(-((apart / 4) ** 2))
        return np.asarray(total * texture)

    def state(self) -> NDArray[np.uint8]:
        """Return the state of each hexagon: the north-west has no data, a few are hidden."""
        centres = hexagons.centres(self.ids)
        state = np.full(len(centres), ESTIMATED, dtype=np.uint8)
        state[np.arange(len(centres)) % 41 == 0] = SUPPRESSED
        state[(centres[:, 0] < 76.90) & (centres[:, 1] > 43.262)] = MISSING
        return state

    def frame(self, moment: datetime) -> bytes:
        """Return one map frame."""
        return frames.frame_codes(self.density(moment), self.state(), DENSITY_MAX)

    def interval(self, moment: datetime) -> bytes:
        """Return one interval frame."""
        density = self.density(moment)
        return frames.interval_frame(density * 0.7, density * 1.4, self.state(), DENSITY_MAX)

    def venue_bytes(self, moment: datetime) -> bytes:
        """Return one venue frame."""
        rng = np.random.default_rng(11)
        kind = rng.random(self.venue_count)
        load = rng.random(self.venue_count) * 1.1
        hour = ((moment.hour + 5) % 24) + moment.minute / 60
        level = np.clip((load * (0.35 + 0.65 * np.sin(np.pi * ((hour - 6) % 24) / 24))) * 4, 0, 3).astype(int)
        codes = np.where(kind < 0.5, 3 + level, np.where(kind < 0.62, 7 + np.minimum(level, 2), 1))
        codes[kind > 0.92] = 0
        closed = (hour < 9) & (rng.random(self.venue_count) < 0.8)
        codes[closed] = 2
        return bytes(codes.astype(np.uint8).tobytes())

    @cached_property
    def venues(self) -> list[dict[str, Any]]:
        """Return the venues, most of them around the peaks."""
        rng = np.random.default_rng(3)
        return [self._venue(number, rng) for number in range(self.venue_count)]

    def _venue(self, number: int, rng: np.random.Generator) -> dict[str, Any]:
        longitude, latitude, _ = PEAKS[number % len(PEAKS)]
        colour, word = STATUSES[0 if number % 9 else number // 9 % len(STATUSES)]
        return {
            "id": f"v{number:04d}",
            "code": f"ALM-{number:04d}",
            "name": {"kk": f"«Әсем» дәмханасы № {number}", "ru": f"Кафе «Асем» № {number}"},
            "category": "restaurant",
            "category_label": "Café",
            "longitude": round(float(longitude + rng.normal(0, 0.022)), 6),
            "latitude": round(float(latitude + rng.normal(0, 0.014)), 6),
            "district": "Алмалы",
            "status": {"colour": colour, "word": word},
            "url": f"/venues/v{number:04d}",
        }

    def keep(self, data: bytes) -> str:
        """Keep bytes under their digest; return their address."""
        digest = hashlib.sha256(data).hexdigest()[:16]
        self.blobs[digest] = data
        return f"/api/v1/map/frames/{digest}"

    def manifest(self) -> dict[str, Any]:
        """Return the manifest of the group layer."""
        codes = [round(float(frames.code_density(code, DENSITY_MAX)), 1) for code in range(2, 66)]
        newest = self.starts[-1].isoformat()
        return {
            "layer": "group",
            "resolution": RESOLUTION,
            "area": {"digest": "area", "url": "/api/v1/map/areas/area/9"},
            "venues": {"digest": "venues", "url": "/api/v1/map/venues/venues"},
            "bins": [self._bin(start) for start in self.starts],
            "window": {
                "url": f"/api/v1/map/window/group/{newest.replace('+00:00', 'Z')}",
                "bins": [start.isoformat() for start in self.starts],
            },
            "density": {"steps": list(DENSITY_STEPS), "codes": codes},
            "observed_at": (self.starts[-1] + BIN).isoformat(),
            "unusual": {
                venue["id"]: ("busier", "quieter")[number % 2] for number, venue in enumerate(self.venues[::7])
            },
            "generated_at": self.now.isoformat(),
            "stale_after_minutes": 45,
            "timezone": "Asia/Almaty",
        }

    def _bin(self, start: datetime) -> dict[str, Any]:
        return {
            "start": start.isoformat(),
            "end": (start + BIN).isoformat(),
            "frame": self.keep(self.frame(start)),
            "venues": self.keep(self.venue_bytes(start)),
            "interval": self.keep(self.interval(start)),
            "revised": False,
        }

    def venue_list(self) -> bytes:
        """Return the venue list as JSON."""
        return json.dumps({"venues": self.venues}, ensure_ascii=False).encode()

    def window(self) -> bytes:
        """Return all map frames, oldest first."""
        return b"".join(self.frame(start) for start in self.starts)

    def venue_window(self) -> bytes:
        """Return all venue frames, oldest first."""
        return b"".join(self.venue_bytes(start) for start in self.starts)


STATUSES = (
    ("grey", "not taking part"),
    ("green", "complies"),
    ("yellow", "has something to mend"),
    ("red", "closed"),
)


def small_city(now: datetime) -> City:
    """Return the city as it is at `now`; the browser's clock must say the same, because the page reckons ages by it."""
    return City(now)
