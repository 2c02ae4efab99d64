"""Names of districts and streets in the reader's language, where the installation's own base map knows them.

A registry gives each place one name, as it was typed. The base map (`base-map.geojson` of the data folder) gives the
shapes that it draws up to three: `name_kk`, `name_ru`, `name_en`. A name that it does not know stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from webapp.context import web
from webapp.languages import LANGUAGES, language

BASE_MAP = "base-map.geojson"
KINDS = {"district", "street", "park", "water"}
HOUSE = ", "  # what stands between a street and a house number

Names = Mapping[str, str]


def base_map_path() -> Path:
    """Return where the installation's base map is, or would be."""
    return web().settings.home / BASE_MAP


def place_name(text: str | None) -> str | None:
    """Return a district or a street, also with a house number behind it, in the reader's language."""
    if text is None:
        return None
    street, comma, house = text.partition(HOUSE)
    names = _known_names().get(street)
    return names.get(language(), street) + comma + house if names else text


def _known_names() -> Mapping[str, Names]:
    path = base_map_path()
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else {}


@lru_cache(maxsize=1)
def _read(path: Path, _changed_ns: int) -> Mapping[str, Names]:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {name: names for names in _named(features) for name in names.values()}


def _named(features: list[dict[str, Any]]) -> Iterator[Names]:
    for feature in features:
        properties = feature["properties"]
        if properties.get("kind") in KINDS:
            yield {code: properties[f"name_{code}"] for code in LANGUAGES if properties.get(f"name_{code}")}
