"""What the log keeps of an act, in words: its subject, the rows and reasons behind it, nothing as raw JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from webapp.speech import gettext as _
from webapp.speech import number
from webapp.wording import deliveries
from webapp.wording.roles import role_words

HASH_SHOWN = 12
ROWS = ("rows_accepted", "rows_rejected", "rows_held")
QUIET = {"rows_in", "rows_suppressed", *ROWS}  # said by the sum of the rows


def subject_words(subject: str, carriers: Mapping[str, str]) -> str:
    """Return what an act was about; `carriers`: the operators' names by code."""
    kind, _colon, name = subject.partition(":")
    words = {
        "upload": _("Receipt %(id)s", id=name),
        "account": _("Account %(id)s", id=name),
        "invitation": _("Invitation %(id)s", id=name),
        "job": _("Job %(id)s", id=name),
        "carrier": carriers.get(name, name),
        "uploads": _("Old receipts"),
        "venue": _("Venue %(id)s", id=name),
        "file": _("File %(name)s", name=name),
    }
    return words.get(kind, subject)


def details_words(details: Mapping[str, Any], carriers: Mapping[str, str]) -> list[str]:
    """Return the details of an act, one sentence each, the reason first."""
    said = [_reason(details)] if details.get("reason") else []
    if set(ROWS) <= details.keys():
        said.append(deliveries.sum_words(*(int(details[name]) for name in ROWS)))
    quiet = QUIET | {"reason"}
    return said + [_fact(name, value, carriers) for name, value in sorted(details.items()) if name not in quiet]


def _way(steps: str) -> str:
    """Return how somebody signed in; `steps` as the log keeps them: "password+code"."""
    known = {"password": _("password"), "code": _("code of the second factor")}
    return ", ".join(known.get(step, step) for step in steps.split("+"))


def _reason(details: Mapping[str, Any]) -> str:
    return _("Reason: %(reason)s", reason=details["reason"])


def _fact(name: str, value: Any, carriers: Mapping[str, str]) -> str:
    known: dict[str, Callable[[], str]] = {
        "rows": lambda: deliveries.rows_words(int(value)),
        "size_bytes": lambda: deliveries.size_words(int(value)),
        "sha256": lambda: f"SHA-256 {str(value)[:HASH_SHOWN]}…",
        "carrier": lambda: _("Mobile operator: %(name)s", name=carriers.get(str(value), str(value))),
        "codes": lambda: _("Faults: %(codes)s", codes=", ".join(map(str, value))),
        "key": lambda: _("Key: %(key)s", key=value),
        "bins": lambda: _("Times that are worked out again: %(count)s", count=number(int(value))),
        "slices": lambda: _("Time intervals deleted: %(count)s", count=number(int(value))),
        "held_slices": lambda: _("of these held: %(count)s", count=number(int(value))),
        "blobs": lambda: _("Pieces of data deleted: %(count)s", count=number(int(value))),
        "receipts": lambda: _("Receipts: %(count)s", count=number(int(value))),
        "received_at": lambda: _("Received: %(moment)s", moment=str(value)[:16].replace("T", " ") + " UTC"),
        "asked_by": lambda: _("Asked for by account %(id)s", id=value),
        "role": lambda: _("Role: %(role)s", role=role_words(str(value))),
        "by": lambda: _("By: %(way)s", way=_way(str(value))),
        "invitation": lambda: _("Invitation %(id)s", id=value),
        "people": lambda: _("People counted: %(count)s", count=number(int(value))),
        "counted_at": lambda: _("Counted: %(moment)s", moment=str(value)[:16].replace("T", " ") + " UTC"),
        "head_count": lambda: _("Head count %(id)s", id=value),
        "counts": lambda: _("Head counts: %(count)s", count=number(int(value))),
        "venues": lambda: _("Venues: %(count)s", count=number(int(value))),
    }
    try:
        return known[name]()
    except (KeyError, TypeError, ValueError):  # no release words it any more
        return f"{name}: {value}"
