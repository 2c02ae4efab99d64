"""Deliveries in words: what a state means and what to do next, and the rows of a file as a sum and a bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ingest.faults import sentence
from store.records import Receipt
from store.schema import LIVE_STATES
from webapp.delivery_views import FaultView, RowKind, RowPart
from webapp.languages import language
from webapp.speech import gettext as _
from webapp.speech import ngettext, number

BAR_WIDTH = 100.0
KIB, MIB = 1024, 1024 * 1024


def file_words(name: str) -> str:
    """Return what a file is called; machines may send one without a name."""
    return name or _("a file without a name")


def state_words(state: str, rows_accepted: int = 1) -> str:
    """Return the one word for a state of a delivery, of which so many rows count."""
    words = {
        "received": _("received, being checked"),
        "accepted": _("accepted"),
        "held": _("partly held") if rows_accepted else _("held"),
        "refused": _("refused"),
        "failed": _("not read, our fault"),
        "withdrawn": _("withdrawn"),
    }
    return words.get(state, state)


def state_meaning(receipt: Receipt, discarded: int = 0, later: Sequence[int] = ()) -> str:
    """Return what became of a delivery, for its operator, and what to do.

    `discarded`: so many held rows were thrown away; `later`: ids of later files that win over it, newest first.
    """
    meanings = {
        "received": _("Your file is here and is kept safely. It is being checked now; nothing is left for you to do."),
        "accepted": later_words(later) or _("The counts of this file are in use."),
        "held": _held_meaning(receipt),
        "refused": _("Nothing of this file is kept or counted. Mend what is listed here and send it again."),
        "failed": _(
            "We could not read this file, and that is our fault. It is kept, and headquarters has been told. "
            "You need not send it again."
        ),
        "withdrawn": _("This file was taken back. Its counts are deleted, and what followed from them is redone."),
    }
    if receipt.state == "refused" and discarded:
        return _(
            "Headquarters threw away all rows that waited (%(rows)s). Nothing of this file is kept or counted.",
            rows=rows_words(discarded),
        )
    more = [_held_discarded(discarded)] if receipt.state == "accepted" and discarded else []
    more += [later_words(later)] if receipt.state == "held" and later else []
    return " ".join([meanings.get(receipt.state, ""), *more])


def later_words(later: Sequence[int]) -> str:
    """Return that later files, newest first, cover the same time; nothing where there are none."""
    if not later:
        return ""
    if len(later) == 1:
        return _(
            "A later file (receipt %(id)s) covers the same time or a part of it: where both name an area, that one "
            "counts.",
            id=later[0],
        )
    return ngettext(
        "%(num)d later file (the newest: receipt %(id)s) covers the same time or a part of it: where it names an area "
        "too, it counts.",
        "%(num)d later files (the newest: receipt %(id)s) cover the same time or a part of it: where they name an area "
        "too, they count.",
        len(later),
        id=later[0],
    )


def held_later_words(later: Sequence[int]) -> str:
    """Return what a decision can still change where later files, newest first, win over what is held."""
    if not later:
        return ""
    return _(
        "A later file of this operator (receipt %(id)s) covers the held time or a part of it: accepting will change "
        "nothing where both name an area.",
        id=later[0],
    )


def arrival_words(receipt: Receipt) -> str:
    """Return the first line after sending: that the file arrived, and what has become of it since."""
    words = {
        "received": _("The file has arrived and is kept safely. It is being checked now."),
        "accepted": _("The file has arrived, was checked and is accepted."),
        "held": _("The file has arrived and was checked. What is unusual in it waits for headquarters."),
        "refused": _("The file has arrived and was checked. Nothing of it was kept."),
        "failed": _("The file has arrived and is kept, but we could not read it."),
        "withdrawn": _("The file had arrived and was taken back."),
    }
    return words[receipt.state]


def replay_words(receipt: Receipt, later: Sequence[int]) -> str:
    """Return the first line where the same file was sent once more, and what to do where it does not count any more."""
    known = _("It had arrived already. This is its receipt; nothing was counted twice.")
    if not later or receipt.state not in LIVE_STATES:
        return known
    advice = _(
        "A later file (receipt %(id)s) goes before it, and sending the same bytes again does not change that. If these "
        "numbers are the right ones, send them with a higher %(column)s, or withdraw the later file.",
        id=later[0],
        column="revision",
    )
    return f"{known} {advice}"


def _held_meaning(receipt: Receipt) -> str:
    rows = rows_words(receipt.rows_held)
    if receipt.rows_accepted:
        waits = _("Some rows wait (%(rows)s); the others count.", rows=rows)
    elif receipt.rows_rejected:
        waits = _("All rows without faults wait (%(rows)s); nothing counts yet.", rows=rows)
    else:
        waits = _("All rows wait (%(rows)s); nothing counts yet.", rows=rows)
    why = _(
        "What waits differs so much from what is usual that a person at headquarters looks at it first. "
        "If the numbers are right, there is nothing for you to do. If they are wrong, withdraw the file and send "
        "the right one."
    )
    return f"{waits} {why}"


def _held_discarded(rows: int) -> str:
    return _("Of its rows, headquarters threw away those that were held (%(rows)s).", rows=rows_words(rows))


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


def had_been_words(accepted: int, rejected: int, held: int) -> str:
    """Return the sum of a file that was taken back: none of it counts any more."""
    return _("Before it was taken back: %(sum)s. None of it counts now.", sum=sum_words(accepted, rejected, held))


def hidden_words(rows: int) -> str:
    """Return how many rows without faults are hidden; nothing where none is."""
    if not rows:
        return ""
    return _("Hidden, because so few devices were there: %(rows)s.", rows=rows_words(rows))


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
