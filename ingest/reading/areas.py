"""Judge the source areas of a file: known to the carrier's coverage, or tiles that describe themselves.

Promises: an id is compared exactly (no trimming: `A1` and ` A1` would be two areas); H3 and geohash ids read in any
case, H3 ids also as the decimal numbers that many tools write; every tile id is valid when this module is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from ingest.faults import quoted
from ingest.feeds import Feed
from ingest.reading.columns import Columns
from ingest.reading.counts import GridKind, Point
from ingest.reading.findings import Findings, Verdicts, room_for
from ingest.reading.gathering import BETWEEN
from ingest.reading.identifiers import PERSON, PERSON_OR_SIM, identifies, identifying_among
from ingest.reading.lexicons import Coded

_GEOHASH = re.compile(r"[0-9bcdefghjkmnpqrstuvwxyz]{1,12}")
_H3_HEX = re.compile(r"8[0-9a-f]{14}")
_H3_DECIMAL = re.compile(r"[56][0-9]{17}")
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,15})?")
_METRES = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_PENTAGONS = frozenset({4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117})


class Areas:
    """The source areas of one file, learnt text by text. `ids`: as they are to be stored, in the order of first sight.

    `grid` says what they are. Where the file alone can tell, it is asked whether all its texts are hexagons.
    """

    def __init__(
        self, columns: Columns, feed: Feed, known: frozenset[str] | None, texts: Callable[[], Sequence[str]]
    ) -> None:
        self.ids: list[str] = []
        self.grid = _grid(columns, feed, known, texts)
        self._known = known
        self._name = columns.name(columns.longitude if self.grid == "point" else columns.source_area_id)
        self._verdicts = Verdicts()
        self._index: dict[str, int] = {}
        self._by_text = np.zeros(64, dtype=np.int64)
        self._points: dict[str, Point] = {}

    def of(self, coded: Coded, findings: Findings) -> np.ndarray:
        """Return (n,) int64, the index of each row's area; report empty, malformed, unknown and identifying ones."""
        if len(self._verdicts) < len(coded.texts):
            self._learn(coded.texts[len(self._verdicts) :])
        findings.add("source-area-empty", np.flatnonzero(coded.codes < 0), self._name)
        findings.add_texts(
            self._verdicts, coded, self._name, lambda text: {"value": quoted(text.replace(BETWEEN, " "))}
        )
        return np.asarray(self._by_text[np.maximum(coded.codes, 0)])

    def points_of(self, ids: Sequence[str]) -> tuple[Point, ...]:
        """Return where the areas `ids` are, if they are points."""
        return tuple(self._points[one] for one in ids) if self.grid == "point" else ()

    def _learn(self, texts: Sequence[str]) -> None:
        ids, codes = self._read_points(texts) if self.grid == "point" else self._read_ids(texts)
        seen = len(self._verdicts)
        self._by_text = room_for(self._by_text, seen + len(ids))
        self._by_text[seen : seen + len(ids)] = [
            -1 if code else self._number(one) for one, code in zip(ids, codes, strict=True)
        ]
        self._verdicts.learn(codes)

    def _number(self, one: str) -> int:
        at = self._index.setdefault(one, len(self.ids))
        if at == len(self.ids):
            self.ids.append(one)
        return at

    def _read_ids(self, texts: Sequence[str]) -> tuple[Sequence[str], Sequence[str | None]]:
        ids = [_tile_id(text, self.grid) for text in texts]
        return ids, _codes(ids, self.grid, self._known)

    def _read_points(self, texts: Sequence[str]) -> tuple[Sequence[str], Sequence[str | None]]:
        read = [_point(text.split(BETWEEN)) for text in texts]
        self._points |= {point.source_area_id: point for point in read if point}
        return [point.source_area_id if point else "" for point in read], [_point_code(point) for point in read]


def self_described(columns: Columns, feed: Feed, known: frozenset[str] | None) -> bool:
    """Return whether only the texts of a file can tell what its areas are."""
    return not (columns.source_area_id is None or feed.grid or known is not None or columns.grid_by_name)


def _grid(columns: Columns, feed: Feed, known: frozenset[str] | None, texts: Callable[[], Sequence[str]]) -> GridKind:
    if columns.source_area_id is None:
        return "point"
    if not self_described(columns, feed, known):
        return feed.grid or ("named" if known is not None else columns.grid_by_name) or "named"
    found = texts()
    return "h3" if found and all(_h3_number(text) is not None for text in found) else "named"


def _tile_id(text: str, grid: GridKind) -> str:
    if grid == "h3":
        number = _h3_number(text)
        return text if number is None else f"{number:x}"
    return text.lower() if grid == "geohash" else text


def _codes(ids: Sequence[str], grid: GridKind, known: frozenset[str] | None) -> list[str | None]:
    if grid == "h3":
        return _unfit([None if _h3_number(one) is not None else one for one in ids], "hexagon-unfit")
    if grid == "geohash":
        return _unfit([None if _is_geohash(one) else one for one in ids], "geohash-unfit")
    # Nobody can be asked without a coverage; then 15 digits may well be a radio cell's global id.
    pattern = PERSON if known is None else PERSON_OR_SIM
    somebody = identifying_among([one for one in ids if known is None or one not in known], pattern)
    return [_named_code(one, known, somebody) for one in ids]


def _unfit(unfit: Sequence[str | None], code: str) -> list[str | None]:
    """Return the code of each text that is no tile, None for those that are (given as None)."""
    somebody = identifying_among([one for one in unfit if one is not None])
    return [None if one is None else "identifier-values" if one in somebody else code for one in unfit]


def _is_geohash(one: str) -> bool:
    """Return whether a text is a geohash; a telephone number is no place, although it has no sign that is amiss."""
    return _GEOHASH.fullmatch(one) is not None and not (one.isdecimal() and identifies(one))


def _named_code(one: str, known: frozenset[str] | None, somebody: set[str]) -> str | None:
    if known is not None and one in known:
        return None
    if one in somebody:
        return "identifier-values"
    if "\N{REPLACEMENT CHARACTER}" in one:
        return "text-not-utf8"
    if one != one.strip() or not one.isprintable() or len(one) > 200:
        return "source-area-malformed"
    return None if known is None else "source-area-unknown"


def _h3_number(text: str) -> int | None:
    """Return the number of a valid H3 hexagon, None for anything else (mode, base, digits; deleted pentagon parts)."""
    lowered = text.lower()
    if _H3_HEX.fullmatch(lowered):
        number = int(lowered, 16)
    elif _H3_DECIMAL.fullmatch(text):
        number = int(text)
    else:
        return None
    mode, reserved, resolution, base = number >> 59, (number >> 56) & 7, (number >> 52) & 15, (number >> 45) & 127
    digits = [(number >> (45 - 3 * level)) & 7 for level in range(1, 16)]
    first = next((digit for digit in digits[:resolution] if digit), 0)
    sound = mode == 1 and reserved == 0 and base < 122 and not (base in _PENTAGONS and first == 1)
    fits = all(digit < 7 for digit in digits[:resolution]) and all(digit == 7 for digit in digits[resolution:])
    return number if sound and fits else None


def _point_code(point: Point | None) -> str | None:
    if point is None:
        return "point-unfit"
    return "point-without-radius" if point.radius_m is None else None


def _point(texts: Sequence[str]) -> Point | None:
    longitude, latitude, radius = texts
    if not (_DEGREES.fullmatch(longitude) and _DEGREES.fullmatch(latitude)):
        return None
    if radius and not _METRES.fullmatch(radius):
        return None
    x, y, metres = float(longitude), float(latitude), float(radius) if radius else None
    if abs(x) > 180 or abs(y) > 90 or metres == 0:
        return None
    return Point(f"{x:.6f},{y:.6f}" + ("" if metres is None else f",{metres:g}"), x, y, metres)
