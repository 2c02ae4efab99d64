"""What is remembered of a built demo city: its seed, and where its scenes are planted. Light: a page waits for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from store import carriers, venues
from store.database import Connection


@dataclass(frozen=True, slots=True)
class DemoRecord:
    """The record in `folder`; written last, so that a build that was killed is built again."""

    folder: Path

    @property
    def _path(self) -> Path:
        return self.folder / "built.json"

    def is_built(self, seed: int) -> bool:
        """Tell whether the city of this seed is in the database."""
        return self._path.exists() and json.loads(self._path.read_text()).get("seed") == seed

    def write(self, seed: int, scenes: Sequence[dict[str, str | None]]) -> None:
        """Note that the city is built. Each scene: `id`, `name`, `venue` (source id or None), `hexagon`, hours."""
        self._path.write_text(json.dumps({"seed": seed, "scenes": list(scenes)}))

    def owned_venues(self, connection: Connection, scenes: Sequence[str]) -> list[str]:
        """Return the ids of the venues in which the scenes of these names are planted."""
        facts = json.loads(self._path.read_text())["scenes"]
        named = [one["venue"] for one in facts if one["id"] in scenes and one["venue"]]
        return [found.id for one in named if (found := venues.find_venue(connection, one)) is not None]

    def first_carrier(self, connection: Connection) -> str:
        """Return the code of the carrier that the demo's operator account stands for."""
        return carriers.list_carriers(connection)[0].code
