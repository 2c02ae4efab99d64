"""Find in a registry's properties what our words mean, by synonyms that are data (`columns.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from store.records import VenueDraft

UNCLASSIFIED = "unclassified"


def tidy_key(name: str) -> str:
    """Return a column's name as synonyms are written: lower case, underscores between words."""
    return re.sub(r"[\s\-.:]+", "_", name.strip().casefold())


def tidy_text(value: object) -> str:
    """Return a value as one line of text: no control characters, no lone surrogates, single spaces.

    A text that looks like a formula stays a text: it is escaped where a table is written, not where it is read.
    """
    if value is None or isinstance(value, dict | list | tuple | bytes) or value != value:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Return our word -> the names that registries give it."""
    return {word: tuple(names) for word, names in _data("columns.toml").items()}


@cache
def known_categories() -> frozenset[str]:
    """Return the kinds of object that a registry may name directly."""
    return frozenset(_data("categories.toml")["known"])


class Row:
    """The tidy texts of one record, asked by our words."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._texts = {tidy_key(str(key)): tidy_text(value) for key, value in values.items()}

    def text(self, word: str) -> str:
        """Return the first synonym's text that is not empty, or an empty text."""
        return next((self._texts[name] for name in synonyms()[word] if self._texts.get(name)), "")

    def named(self, word: str) -> str:
        """Return the record's own name of what `word` means: the synonym that has a text, else `word`."""
        return next((name for name in synonyms()[word] if self._texts.get(name)), word)

    def category(self) -> tuple[str, str]:
        """Return (kind of object, what the registry called it); the kind is `unclassified` where no word is known."""
        said = self.text("category")
        if said in known_categories() or said == UNCLASSIFIED:
            return said, said
        mapped = _data("categories.toml")["fhrs"].get(said)
        return (mapped, said) if mapped else self._category_by_tag(said)

    def address(self) -> str:
        """Return the address, put together from street and house number where there is no whole one."""
        street = " ".join(filter(None, (self.text("street"), self.text("housenumber"))))
        return self.text("address") or ", ".join(filter(None, (street, self.text("city"))))

    def _category_by_tag(self, said: str) -> tuple[str, str]:
        for key, kinds in _data("categories.toml")["osm"].items():
            value = self._texts.get(key, "")
            if value in kinds:
                return kinds[value], value
        return UNCLASSIFIED, said


def has_any(columns: Iterable[str], word: str) -> bool:
    """Say whether one of the columns means `word`."""
    return not {tidy_key(column) for column in columns}.isdisjoint(synonyms()[word])


@cache
def longest() -> Mapping[str, int]:
    """Return how many characters the texts of a draft may have."""
    words = {"source": 60, "source_id": 120, "name": 300, "name_kk": 300, "name_ru": 300, "address": 400}
    words |= {"district": 120, "region": 40, "opening_hours": 300, "business_size": 20}
    assert words.keys() <= VenueDraft.__dataclass_fields__.keys()
    return words


@cache
def _data(name: str) -> Mapping[str, Any]:
    return tomllib.loads(resources.files("ingest.venues").joinpath(name).read_text(encoding="utf-8"))
