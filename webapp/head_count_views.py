"""What the pages of head counts are given: ready to be shown, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeadCountForm:
    """What stands in the fields of the form: what was typed is never lost."""

    people: str
    counted_at: str
    note: str


@dataclass(frozen=True, slots=True)
class HeadCountView:
    """One head count in words; `withdrawn_words` is None while it stands."""

    id: int
    people_words: str
    clock: str
    age_words: str
    who: str
    note: str
    withdrawn_words: str | None
    may_withdraw: bool
