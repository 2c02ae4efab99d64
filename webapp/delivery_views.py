"""What the pages of mobile operators and of headquarters are given: words and numbers, ready to be shown.

Promises: as in `views`: a template only places these values. Shapes are given in the units of their own drawing, so
that no style has to be computed in a page (the content policy forbids inline ones).
Does not: know HTTP, the database or who is reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from webapp.views import AgeClass

RowKind = Literal["accepted", "rejected", "held"]
Sign = Literal["ok", "note", "hold", "refuse", "not-checked"]


@dataclass(frozen=True, slots=True)
class FaultView:
    """One fault of a delivered file: where, its stable code, what is wrong and what to do about it."""

    line: int | None
    column: str | None
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class RowPart:
    """One part of the rows of a file, and where it lies on a bar that is 100 wide."""

    kind: RowKind
    words: str
    rows: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class HeldView:
    """Counts of one interval that wait for headquarters: which, why and how many rows."""

    interval_words: str
    reason_words: str
    rows_words: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What a person decided about a delivery, why, when and who (for headquarters alone)."""

    words: str
    reason: str
    clock: str
    actor: str


@dataclass(frozen=True, slots=True)
class Banner:
    """The line above a receipt, right after sending."""

    kind: Literal["success", "warning"]
    words: str


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """One receipt of a delivered file. `pending`: it is still being read, so the page asks again by itself.

    `hash_command` prints the file's SHA-256 where it came from; `parts` is empty where nothing counts any more;
    `hidden_words` where nothing is hidden; `later_id`: the receipt of the newest later file that wins over it.
    """

    id: int
    carrier_name: str
    file_name: str
    hash_command: str
    size_words: str
    sha256: str
    state: str
    state_words: str
    meaning_words: str
    later_id: int | None
    received_clock: str
    age_words: str
    settled_words: str | None
    sent_by: str
    interval_words: str | None
    rows_in: str
    sum_words: str
    parts: list[RowPart]
    hidden_words: str
    fault_count: int
    faults: list[FaultView]
    more_faults_words: str | None
    notes: list[str]
    held: list[HeldView] = field(default_factory=list)
    pending: bool = False
    can_be_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """Up to when the data of an operator is in."""

    clock: str
    age_words: str
    age_class: AgeClass


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check of a dry run: its sign, what it looks at, how it ended, and what it found."""

    code: str
    outcome: Sign
    words: str
    outcome_words: str
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class DryRunView:
    """What would become of a file. `sign` as a check's."""

    file_name: str
    sign: Sign
    would_be_words: str
    meaning_words: str
    rows_in: str
    sum_words: str
    parts: list[RowPart]
    hidden_words: str
    checks: list[CheckView]
    fault_count: int
    faults: list[FaultView]
    more_faults_words: str | None
    notes: list[str]


@dataclass(frozen=True, slots=True)
class CarrierView:
    """One mobile operator as headquarters sees it: is it delivering, and how late."""

    code: str
    name: str
    last_bin_clock: str | None
    lateness_words: str
    lateness_class: AgeClass
    upload_count: str
    refused_count: str
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key of an operator's machine. `ends_words`: when it ends, or ended; `end_words`: how an ended one did."""

    key_id: str
    made_words: str
    made_by: str
    ends_words: str
    ends_soon: bool
    end_words: str
    used_words: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that needs a person tonight: how grave, what it is, what to do; a page or a button that does it.

    `count`: so many decisions or mendings it stands for.
    """

    sign: Literal["refuse", "hold", "note"]
    words: str
    advice: str
    details: str | None = None
    url: str | None = None
    url_words: str | None = None
    again_job_id: int | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class PastHour:
    """One bar beside held counts: which hour, how many devices (rounded, None: not delivered), its drawing."""

    words: str
    count_words: str
    x: float
    y: float
    width: float
    height: float
    is_held: bool


@dataclass(frozen=True, slots=True)
class HeldAreaView:
    """One area that is held: delivered and usual devices, rounded, and how many times the usual that is."""

    area_id: str
    delivered: str
    usual: str
    times: str


@dataclass(frozen=True, slots=True)
class HeldSliceView:
    """Held counts of one interval, with the same hour of past weeks beside them; `areas` where single ones wait."""

    interval_words: str
    reason_words: str
    rows_words: str
    areas_words: str
    areas: list[HeldAreaView]
    left_words: str
    bars: list[PastHour]


@dataclass(frozen=True, slots=True)
class HeldUploadView:
    """A delivery of which something waits for a decision."""

    receipt_id: int
    carrier_name: str
    file_name: str
    received_words: str
    rows_words: str
    interval_words: str
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the log in words. `subject` is the text that the log is filtered by; `receipt_url` for an upload."""

    sequence: int
    clock: str
    actor: str
    action_words: str
    subject: str
    subject_words: str
    receipt_url: str | None
    details: list[str]
    hash: str


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day of a plot, in the picture's own units. A day without a number has no bar: `height` None."""

    x: float
    y: float
    width: float
    height: float | None
    is_bad: bool


@dataclass(frozen=True, slots=True)
class QualityMetric:
    """One side of the quality of deliveries: a sentence, a plot and a table of the same numbers, what to do.

    `limit_y`: where the line lies that days are measured by, None without one. `missing_words`: what is not there.
    `scale_words`: up to where the picture goes, and what the highest bar stands for.
    """

    code: str
    sign: Sign
    title: str
    whole_words: str
    good_words: str
    advice_words: str
    missing_words: str | None
    bars: list[DayBar]
    limit_y: float | None
    plot_words: str
    scale_words: str | None
    headings: list[str]
    rows: list[list[str]]
