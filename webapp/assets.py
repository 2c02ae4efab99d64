"""Where the built front end is: names of sources to addresses with a content hash, from the build's own manifest."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

import static

FOLDER = Path(static.__file__).parent / "dist"
MANIFEST = FOLDER / ".vite" / "manifest.json"
URL_PATH = "/static"
PLACES = ("", "src/", "src/styles/")


def install(app: Flask) -> None:
    """Let templates ask for addresses of built files."""
    app.jinja_env.globals.update(asset=asset, asset_styles=asset_styles, has_asset=has_asset)


def manifest_is_there() -> bool:
    """Tell whether the front end has been built."""
    return MANIFEST.is_file()


def has_asset(name: str) -> bool:
    """Tell whether the build knows the source `name`."""
    return _entry(name) is not None


def asset(name: str) -> str:
    """Return the address of the built file of the source `name` (`map.ts`); raise LookupError where there is none."""
    entry = _entry(name)
    if entry is None:
        raise LookupError(f"the front end was built without {name}: run make front")
    return f"{URL_PATH}/{entry['file']}"


def asset_styles(name: str) -> list[str]:
    """Return the addresses of the style sheets of the source `name`; none where the front end is not built."""
    entry = _entry(name)
    if entry is None:
        return []
    files = [entry["file"]] if entry["file"].endswith(".css") else []
    return [f"{URL_PATH}/{file}" for file in [*files, *entry.get("css", ())]]


def _entry(name: str) -> dict[str, Any] | None:
    built = _manifest(MANIFEST.stat().st_mtime_ns) if manifest_is_there() else {}
    return next((built[place + name] for place in PLACES if place + name in built), None)


@cache
def _manifest(_changed_ns: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return found
