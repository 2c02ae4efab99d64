"""Read YAML as a tree of entries that remember their path and line, and collect what is wrong with them.

Promises: nothing is read by guess (a number is a number, an unread entry is reported), and reading goes on after a
fault, so that a policy's author sees all of them at once. Aliases are refused: they hide lines and can explode.
Does not: know what a policy means; see `rules.policy_reading`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from rules.errors import PolicyFault

OWN_SOURCES = frozenset({"ours", "unverified"})
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster
_TAG = "tag:yaml.org,2002:"
_NUMBERS = (_TAG + "int", _TAG + "float")


@dataclass(frozen=True, slots=True)
class Entry:
    """One node of the file: a scalar's text, a mapping or a list, with its dotted path and 1-based line."""

    path: str
    line: int
    tag: str
    value: str | dict[str, Entry] | list[Entry]

    def children(self) -> Iterator[tuple[str, Entry]]:
        """Yield the named children of a mapping, or the numbered ones of a list."""
        if isinstance(self.value, dict):
            yield from self.value.items()
        elif isinstance(self.value, list):
            yield from ((str(place), child) for place, child in enumerate(self.value))


@dataclass(slots=True)
class Findings:
    """The faults found so far, and the sources that an entry may name."""

    sources: frozenset[str] = OWN_SOURCES
    faults: list[PolicyFault] = field(default_factory=list)

    def add(self, code: str, at: Entry, **params: str | int | float) -> None:
        """Note one fault at an entry."""
        self.faults.append(PolicyFault(code, at.line, at.path, {"path": at.path, **params}))


def read_tree(text: str, findings: Findings) -> Entry | None:
    """Return the root mapping of a YAML text, or None with a fault when there is none."""
    try:
        if _has_alias(text, findings):
            return None
        node = yaml.compose(text, Loader=_LOADER)
        root = _entry(node, "", findings) if node is not None else None
    except (yaml.YAMLError, RecursionError) as problem:
        findings.faults.append(_unreadable(problem))
        return None
    if root is None or not isinstance(root.value, dict):
        findings.faults.append(PolicyFault("policy-not-a-mapping", 1, "", {"path": "the file"}))
        return None
    return root


def _has_alias(text: str, findings: Findings) -> bool:
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else None
            findings.faults.append(PolicyFault("policy-alias", line, None, {"name": str(event.anchor)}))
            return True
    return False


def _unreadable(problem: Exception) -> PolicyFault:
    mark = getattr(problem, "problem_mark", None)
    words = getattr(problem, "problem", None) or type(problem).__name__
    return PolicyFault("policy-not-yaml", mark.line + 1 if mark else None, None, {"problem": str(words)})


def _entry(node: yaml.Node, path: str, findings: Findings) -> Entry:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return Entry(path, line, node.tag, _members(node, path, findings))
    if isinstance(node, yaml.SequenceNode):
        items = [_entry(item, f"{path}[{place}]", findings) for place, item in enumerate(node.value)]
        return Entry(path, line, node.tag, items)
    return Entry(path, line, node.tag, str(node.value))


def _members(node: yaml.MappingNode, path: str, findings: Findings) -> dict[str, Entry]:
    members: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        child_path = f"{path}.{key}" if path else key
        child = _entry(value_node, child_path, findings)
        if key in members:
            place = Entry(child_path, key_node.start_mark.line + 1, key_node.tag, key)
            findings.add("policy-duplicate-key", place, first_line=members[key].line)
        members.setdefault(key, child)
    return members


class Section:
    """A mapping being read: every read key is ticked off, and `close` reports those that nobody read."""

    def __init__(self, entry: Entry, findings: Findings, *, missing: bool = False) -> None:
        self.entry = entry
        self.findings = findings
        self._missing = missing
        self._read: set[str] = set()
        if not isinstance(entry.value, dict) and not missing:
            findings.add("policy-not-a-mapping", entry)
            self._missing = True
        self.members: Mapping[str, Entry] = entry.value if isinstance(entry.value, dict) else {}

    def find(self, key: str) -> Entry | None:
        """Return the entry under `key`, or None; either way it counts as read."""
        self._read.add(key)
        return self.members.get(key)

    def get(self, key: str) -> Entry | None:
        """Return the entry under `key`; None, with a fault, when it is missing."""
        found = self.find(key)
        if found is None and not self._missing:
            self.findings.add("policy-missing-entry", self.entry, name=key)
        return found

    def section(self, key: str) -> Section:
        """Return the mapping under `key`; where it is missing, an empty one that complains no further."""
        return self._as_section(key, self.get(key))

    def find_section(self, key: str) -> Section | None:
        """Return the mapping under `key`, or None when there is none."""
        found = self.find(key)
        return None if found is None else self._as_section(key, found)

    def each(self) -> Iterator[tuple[str, Section]]:
        """Yield every member as a section of its own; all count as read."""
        for key in self.members:
            yield key, self.section(key)

    def items(self, key: str) -> list[Entry]:
        """Return the entries of the list under `key`; empty, with a fault, when it is no list."""
        found = self.get(key)
        if found is None:
            return []
        if not isinstance(found.value, list):
            self.findings.add("policy-not-a-list", found)
            return []
        return found.value

    def source(self) -> tuple[str, ...]:
        """Return the keys of this entry's sources; a missing or unknown one is a fault."""
        found = self.find("source")
        if found is None:
            if not self._missing:
                self.findings.add("policy-missing-source", self.entry)
            return ()
        named = found.value if isinstance(found.value, list) else [found]
        return tuple(self._known_source(one) for one in named)

    def note(self) -> str:
        """Return the entry's note, or an empty text."""
        found = self.find("note")
        return found.value if found is not None and isinstance(found.value, str) else ""

    def close(self) -> None:
        """Report every member that nobody has read: a typing error must not pass for a rule."""
        for key, child in self.members.items():
            if key not in self._read:
                self.findings.add("policy-unknown-entry", child, name=key, known=", ".join(sorted(self._read)))

    def _as_section(self, key: str, found: Entry | None) -> Section:
        if found is not None:
            return Section(found, self.findings)
        nowhere = Entry(f"{self.entry.path}.{key}".lstrip("."), self.entry.line, "", "")
        return Section(nowhere, self.findings, missing=True)

    def _known_source(self, entry: Entry) -> str:
        name = entry.value if isinstance(entry.value, str) else ""
        if name not in self.findings.sources:
            self.findings.add("policy-unknown-source", entry, source=name or "?")
        return name


def text_of(entry: Entry | None, findings: Findings) -> str:
    """Return the text of a scalar that is not empty; a fault otherwise."""
    if entry is None:
        return ""
    if not isinstance(entry.value, str) or not entry.value.strip():
        findings.add("policy-not-a-text", entry)
        return ""
    return entry.value


def number_of(entry: Entry | None, findings: Findings, least: float = 0, most: float = math.inf) -> float:
    """Return the number of a scalar within `least`..`most`; 0 with a fault otherwise."""
    if entry is None:
        return 0
    number = _as_number(entry)
    if number is None:
        findings.add("policy-not-a-number", entry, value=entry.value if isinstance(entry.value, str) else "…")
    elif number < 0 <= least:
        findings.add("policy-negative-number", entry, value=str(entry.value))
    elif not least <= number <= most:
        limits = {"least": least, "most": "∞" if most == math.inf else most}
        findings.add("policy-out-of-range", entry, value=str(entry.value), **limits)
    else:
        return number
    return 0


def whole_number_of(entry: Entry | None, findings: Findings, least: int = 0, most: float = math.inf) -> int:
    """Return the whole number of a scalar within `least`..`most`; 0 with a fault otherwise."""
    number = number_of(entry, findings, least, most)
    if entry is not None and number != int(number):
        findings.add("policy-not-a-whole-number", entry, value=str(entry.value))
    return int(number)


def _as_number(entry: Entry) -> float | None:
    if entry.tag not in _NUMBERS or not isinstance(entry.value, str):
        return None
    try:
        number = float(entry.value)
    except ValueError:  # YAML 1.1 writes numbers that nobody means: 0o17, 1:30, 1_000
        return None
    return number if math.isfinite(number) else None


def increasing(entries: list[Entry], findings: Findings, least: float = 0, most: float = math.inf) -> tuple[float, ...]:
    """Return numbers that must rise strictly; a fault at the first that does not."""
    numbers = [number_of(entry, findings, least, most) for entry in entries]
    for entry, before, number in zip(entries[1:], numbers, numbers[1:], strict=False):
        if number <= before:
            findings.add("policy-edges-unordered", entry, value=number, before=before)
            break
    return tuple(numbers)
