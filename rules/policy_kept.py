"""Check and keep the sections of a policy that no rule reads yet.

Promises: every entry of such a section names a known source, no number in it is negative, and every kind of object it
names exists. An entry is the outermost mapping that holds a plain value; what lies inside it shares its source.
"""

from __future__ import annotations

from typing import Any

from rules.policy_tree import Entry, Findings, Section, number_of

_TAG = "tag:yaml.org,2002:"


def check_kept(entry: Entry, categories: frozenset[str], findings: Findings) -> None:
    """Note every fault of a kept section."""
    for _, child in entry.children():
        check_entry(child, categories, findings)


def check_entry(entry: Entry, categories: frozenset[str], findings: Findings) -> None:
    """Note every fault of one entry, or of the entries that it groups."""
    if _is_group(entry):
        check_kept(entry, categories, findings)
        return
    if isinstance(entry.value, dict):
        Section(entry, findings).source()
    else:
        findings.add("policy-missing-source", entry)
    _check_inside(entry, categories, findings)


def plain(entry: Entry) -> Any:
    """Return an entry as plain mappings, lists, texts, numbers and truth values."""
    if isinstance(entry.value, dict):
        return {key: plain(child) for key, child in entry.value.items()}
    if isinstance(entry.value, list):
        return [plain(child) for child in entry.value]
    return _plain_scalar(entry.tag.removeprefix(_TAG), entry.value)


def _plain_scalar(tag: str, text: str) -> Any:
    if tag == "bool":
        return text == "true"
    if tag in ("int", "float"):
        number = float(text)
        return int(number) if tag == "int" else number
    return None if tag == "null" else text


def _is_group(entry: Entry) -> bool:
    """Say whether an entry only groups others: mappings in a list, or in a mapping without a source of its own."""
    if isinstance(entry.value, dict) and "source" in entry.value:
        return False
    children = [child for _, child in entry.children()]
    return bool(children) and all(isinstance(child.value, dict | list) for child in children)


def _check_inside(entry: Entry, categories: frozenset[str], findings: Findings) -> None:
    if entry.tag in (_TAG + "int", _TAG + "float"):
        number_of(entry, findings)
    for key, child in entry.children():
        if key == "only":
            _check_kinds(child, categories, findings)
        _check_inside(child, categories, findings)


def _check_kinds(entry: Entry, categories: frozenset[str], findings: Findings) -> None:
    for _, kind in entry.children():
        if kind.value not in categories:
            findings.add("policy-unknown-category", kind, name=str(kind.value))
