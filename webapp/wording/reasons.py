"""Why files were refused, in words: the codes of their first faults, brought together by what has to be mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from webapp.speech import gettext as _

KINDS = {  # how codes begin, in the order in which they are looked for
    "people": ("identifier-",),
    "file": ("packed-", "file-", "line", "text-", "quotes-", "json-", "parquet-", "too-many-"),
    "columns": ("column",),
    "times": ("time-", "interval-", "end-", "offset", "calendar-"),
    "areas": ("source-area-", "hexagon-", "geohash-", "point-", "coverage-", "grids-"),
    "rows": ("row-", "rows-", "revision-"),
    "counts": ("count-", "status-"),
}


def refused_words(refused: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return reasons in words with how many files each had, the most frequent first; `refused`: files by code."""
    found: Counter[str] = Counter()
    for code, count in refused.items():
        found[_words_of(code)] += count
    return found.most_common()


def _words_of(code: str) -> str:
    kind = next((kind for kind, starts in KINDS.items() if code.startswith(starts)), None)
    words = {
        "people": _("Something in them points at people or devices"),
        "file": _("They could not be opened or read to the end"),
        "columns": _("Columns are missing or unclear"),
        "times": _("Times cannot be read or do not fit"),
        "areas": _("Areas are unknown or unreadable"),
        "rows": _("Rows contradict each other"),
        "counts": _("Counts cannot be read"),
    }
    return words[kind] if kind else _("Another fault; its receipt names it")
