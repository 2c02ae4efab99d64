"""Deliveries in words: what a state means and what to do next, and the rows of a file as a sum and a bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ingest.faults import sentence
from webapp.delivery_views import FaultView, RowKind, RowPart
from webapp.languages import language
from webapp.speech import gettext as _
from webapp.speech import ngettext, number

BAR_WIDTH = 100.0
KIB, MIB = 1024, 1024 * 1024


def state_words(state: str) -> str:
    """Return the one word for a state of a delivery."""
    words = {
        "received": _("received, being checked"),
        "accepted": _("accepted"),
        "held": _("partly held"),
        "refused": _("refused"),
        "failed": _("not read, our fault"),
        "withdrawn": _("withdrawn"),
    }
    return words.get(state, state)


def state_meaning(state: str, rows_accepted: int) -> str:
    """Return what a state means for the operator, and what to do."""
    meanings = {
        "received": _("Your file is here and is kept safely. It is being checked now; nothing is left for you to do."),
        "accepted": _("The counts of this file are in use."),
        "held": _(
            "Some rows differ so much from what is usual that a person at headquarters looks at them first. "
            "If the numbers are right, there is nothing for you to do. If they are wrong, withdraw the file and send "
            "the right one."
        ),
        "refused": _("Nothing of this file is kept or counted. Mend what is listed here and send it again."),
        "failed": _(
            "We could not read this file, and that is our fault. It is kept, and headquarters has been told. "
            "You need not send it again."
        ),
        "withdrawn": _("This file was taken back. Its counts are deleted, and what followed from them is redone."),
    }
    if state == "held" and not rows_accepted:
        return _(
            "All rows differ so much from what is usual that a person at headquarters looks at them first. "
            "If the numbers are right, there is nothing for you to do. If they are wrong, withdraw the file and send "
            "the right one."
        )
    return meanings.get(state, "")


def words_of(code: str, params: Mapping[str, str | int | float]) -> str:
    """Return the sentence of a code in the reader's language; the code itself where no release words it any more."""
    try:
        return sentence(code, params, language())
    except LookupError:
        return code


def fault_view(code: str, line: int | None, column: str | None, params: Mapping[str, str | int | float]) -> FaultView:
    """Return one fault in words."""
    return FaultView(line, column, code, words_of(code, params))


def sum_words(accepted: int, rejected: int, held: int) -> str:
    """Return the sum that every receipt keeps: "1,200 rows = 1,188 accepted + 12 rejected + 0 held"."""
    return _(
        "%(rows)s = %(accepted)s accepted + %(rejected)s rejected + %(held)s held",
        rows=rows_words(accepted + rejected + held),
        accepted=number(accepted),
        rejected=number(rejected),
        held=number(held),
    )


def row_parts(accepted: int, rejected: int, held: int) -> list[RowPart]:
    """Return the rows of a file as parts of a bar, in its order; a part that is not empty can always be seen."""
    words: dict[RowKind, str] = {"accepted": _("Accepted"), "rejected": _("Rejected"), "held": _("Held")}
    rows: dict[RowKind, int] = {"accepted": accepted, "rejected": rejected, "held": held}
    widths = _widths(list(rows.values()))
    starts = [sum(widths[:at]) for at in range(len(widths))]
    return [
        RowPart(kind, words[kind], number(rows[kind]), round(start, 2), round(width, 2))
        for kind, start, width in zip(rows, starts, widths, strict=True)
    ]


def size_words(size_bytes: int) -> str:
    """Return a size as people say it: "3.4 MB"."""
    if size_bytes < KIB:
        return ngettext("%(num)d byte", "%(num)d bytes", size_bytes)
    if size_bytes < MIB:
        return _("%(size)s KB", size=number(round(size_bytes / KIB, 1)))
    return _("%(size)s MB", size=number(round(size_bytes / MIB, 1)))


def rows_words(rows: int) -> str:
    """Return a number of rows: "12 rows"."""
    return ngettext("%(shown)s row", "%(shown)s rows", rows, shown=number(rows))


def more_faults_words(count: int) -> str | None:
    """Return how many faults are not shown, None where all are."""
    return ngettext("and %(num)d more fault", "and %(num)d more faults", count) if count > 0 else None


def reasons_of(codes: Iterable[tuple[str, Mapping[str, str | int | float]]]) -> list[str]:
    """Return the sentences of several codes, each once."""
    return list(dict.fromkeys(words_of(code, params) for code, params in codes))


def _widths(rows: list[int]) -> list[float]:
    total = sum(rows)
    if not total:
        return [0.0] * len(rows)
    least = 2.0  # a single row of a million is a sliver, not nothing
    wide = [max(BAR_WIDTH * one / total, least) if one else 0.0 for one in rows]
    return [BAR_WIDTH * one / sum(wide) for one in wide]
