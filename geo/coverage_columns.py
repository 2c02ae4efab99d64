"""Which column of a foreign file is which: ids of source areas, positions, and what a radio cell tells of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geo.errors import CoverageError

ID_NAMES = (
    "source_area_id", "source_area", "zone_id", "zoneid", "area_id", "cell_id", "tile_id", "tileid", "grid_id",
    "gridid", "square_id", "square", "mesh1kmid", "mesh500mid", "mesh_id", "meshcode", "hexagon", "h3", "geohash",
)  # fmt: skip
WEAK_ID_NAMES = ("code", "cellid", "id", "fid", "gid", "objectid", "point_id", "point", "name")

PLACE_NAMES: Mapping[str, tuple[str, ...]] = {
    "longitude": ("longitude", "lon", "lng", "long"),
    "latitude": ("latitude", "lat"),
    "radius": ("radius", "radius_m"),
    "range": ("range", "range_m"),
    "azimuth": ("azimuth_angle", "azimuth", "direction"),
    "beam_width": ("horizontal_beam_width", "beam_width", "beamwidth"),
    "power": ("power", "power_w"),
    "height": ("antenna_height", "height", "height_m"),
    "directionality": ("directionality",),
    "cell_type": ("cell_type",),
    "outline": ("wkt", "geometry", "geom", "the_geom"),
}

# A radio cell's worldwide name, as OpenCelliD spells its parts; the area code may be missing.
CELL_IDENTITY = (("mcc",), ("mnc", "net"), ("tac", "lac", "area"), ("cell", "cid", "cellid"))
RADIO_NAMES = ("radio", "technology")


@dataclass(frozen=True, slots=True)
class IdChoice:
    """The property that names source areas; `column` None means the feature's own id. `guessed`: not a known name."""

    column: str | None
    guessed: bool


def find_column(present: Sequence[str], names: Sequence[str]) -> str | None:
    """Find the first of the wanted names among the columns present, whatever the case."""
    by_lower = {column.strip().lower(): column for column in reversed(present)}
    return next((by_lower[name] for name in names if name in by_lower), None)


def get_column(present: Sequence[str], wanted: str) -> str:
    """Get the column a person named; raise CoverageError listing the columns there are."""
    found = wanted if wanted in present else find_column(present, (wanted.strip().lower(),))
    if found is None:
        raise CoverageError("coverage-missing-column", {"column": wanted, "present": listed(present)}, column=wanted)
    return found


def choose_id(
    properties: Sequence[Mapping[str, object]], feature_ids: Sequence[object], wanted: str | None
) -> IdChoice:
    """Choose the id column of features: the named one, a known name, the only (unique) one, the feature id.

    Raises CoverageError listing the columns when none of these decides.
    """
    present = list(dict.fromkeys(name for row in properties for name in row))
    if wanted is not None:
        return IdChoice(get_column(present, wanted), guessed=False)
    known = find_column(present, ID_NAMES)
    if known is not None:
        return IdChoice(known, guessed=False)
    unique = [name for name in present if _distinguishes([row.get(name) for row in properties])]
    known = find_column(unique, WEAK_ID_NAMES)
    if known is not None:
        return IdChoice(known, guessed=False)
    if len(unique) == 1:
        return IdChoice(unique[0], guessed=True)
    if _distinguishes(feature_ids):
        return IdChoice(None, guessed=True)
    if len(present) == 1:
        return IdChoice(present[0], guessed=True)
    raise CoverageError("coverage-id-column-unclear", {"present": listed(present)})


def _distinguishes(values: Sequence[object]) -> bool:
    texts = [id_text(value) for value in values]
    return all(texts) and len(set(texts)) == len(texts)


def id_text(value: object) -> str:
    """Write an id as text: 5.0 is 5, None and NaN are nothing."""
    if value is None or value != value or isinstance(value, (dict, list)):  # noqa: PLR0124 - NaN differs from itself
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def listed(names: Sequence[str], most: int = 40) -> str:
    """Join names for a sentence; a long list ends in dots."""
    shown = [name or '""' for name in names[:most]]
    return ", ".join(shown) + (" …" if len(names) > most else "") if shown else "-"
