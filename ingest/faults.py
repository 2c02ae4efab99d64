"""Say what is wrong with a file, where, and what to do about it, in three languages.

Promises: a fault is data (code, line, column, parameters); the words live in ``ingest/messages/*.toml`` and
every code has them in English, Russian and Kazakh. A value quoted from a file never carries what could be a
phone number or another person's number, nor control characters, nor more than 60 characters.
Does not: know HTTP, exit codes or who is reading.

    Exception
    └── FileRefused        a file was refused whole; ``.faults`` lists every reason
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType

from ingest.fault_params import spoken

LANGUAGES = ("en", "ru", "kk")
_LONGEST_QUOTE = 60
_NUMBER_OF_A_PERSON = re.compile(r"\d{10,}|\d(?:[ ()+.\-]*\d){10,}")
# 2026112010, 202611201000, 20261120100000: a year from 2013 on, so that no birth date of an IIN looks like it.
_MOMENT = re.compile(
    r"20(?:1[3-9]|[2-9]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])(?:[0-5]\d){0,2}", re.ASCII
)
_NOTHING: Mapping[str, str | int | float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a stable kebab-case code, the physical line, the column as the file names it."""

    code: str
    line: int | None = None
    column: str | None = None
    params: Mapping[str, str | int | float] = field(default_factory=lambda: _NOTHING)


class FileRefused(Exception):
    """A file was refused whole: nothing of it is kept. ``faults`` is never empty, in the file's order.

    `fault_count` may be larger than the list: only the first thousand faults are put into words.
    """

    def __init__(
        self, faults: Iterable[Fault], file: str | None = None, rows_in: int = 0, fault_count: int | None = None
    ) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.file = file
        self.rows_in = rows_in
        self.fault_count = len(self.faults) if fault_count is None else fault_count
        super().__init__(self.faults)

    def __str__(self) -> str:
        """Return the first fault in English and how many more there are."""
        return report(self.faults, "en", self.file, self.fault_count)


def sentence(code: str, params: Mapping[str, str | int | float], language: str = "en") -> str:
    """Return the sentence for `code` in `language` (en, ru, kk; anything else reads English).

    Raises LookupError for a code that no catalogue knows: every code must have its words.
    """
    texts = catalogue().get(code)
    if texts is None:
        raise LookupError(f"no message for the code {code!r}; add it to ingest/messages/")
    spoken_in = language if language in texts else "en"
    return texts[spoken_in].format_map(_Given(spoken(code, params, spoken_in)))


def describe(fault: Fault, language: str = "en", file: str | None = None) -> str:
    """Return place and sentence: ``counts.csv, line 3, column device_count: …``."""
    place = [quoted(file)] if file else []
    if fault.line is not None:
        place.append(sentence("place-line", {"line": fault.line}, language))
    if fault.column is not None:
        place.append(sentence("place-column", {"column": quoted(fault.column)}, language))
    words = sentence(fault.code, fault.params, language)
    return f"{', '.join(place)}: {words}" if place else words


def report(
    faults: tuple[Fault, ...], language: str = "en", file: str | None = None, fault_count: int | None = None
) -> str:
    """Return the first fault in full, and how many more there are (`fault_count`, if not all are listed)."""
    first = describe(faults[0], language, file)
    rest = (fault_count or len(faults)) - 1
    return f"{first} {sentence('more-faults', {'count': rest}, language)}" if rest else first


def quoted(value: str) -> str:
    """Return `value` fit for a message: printable, at most 60 characters, long digit runs hidden but for moments.

    A refusal's reason is kept although the file is not, so it must not carry a person's number (promise 1).
    """
    start = value[: _LONGEST_QUOTE + 1]
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in start)
    hidden = _NUMBER_OF_A_PERSON.sub(_hidden, printable)
    return hidden if len(hidden) <= _LONGEST_QUOTE else hidden[: _LONGEST_QUOTE - 1] + "…"


def _hidden(run: re.Match[str]) -> str:
    written = run.group()
    return written if _MOMENT.fullmatch(re.sub(r"\D", "", written)) else re.sub(r"\d", "#", written)


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return every message of every catalogue: code -> language -> sentence.

    Raises ValueError if two files share a code.
    """
    merged: dict[str, Mapping[str, str]] = {}
    folder = resources.files("ingest").joinpath("messages")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        messages = tomllib.loads(file.read_text(encoding="utf-8"))
        if shared := merged.keys() & messages.keys():
            raise ValueError(f"{file.name} repeats {', '.join(sorted(shared))} of another catalogue")
        merged.update(messages)
    return MappingProxyType(merged)


class _Given(dict[str, str | int | float]):
    """Parameters of a sentence; one that is not there stays visible as {name} and hides no message."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"
