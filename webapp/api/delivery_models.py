"""What the interface gives to operators' machines, and how its lists are asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from store.uploads import LARGEST_ID
from webapp.api.models import Asked, Given

State = Literal["received", "accepted", "held", "refused", "withdrawn", "failed"]
Outcome = Literal["ok", "note", "hold", "refuse", "not-checked"]


class UploadsQuery(Asked):
    """Which of the own deliveries: those before an id, in one state."""

    before: int | None = Field(None, ge=1, le=LARGEST_ID, description="Only receipts with a smaller id")
    state: State | None = None
    limit: int = Field(50, ge=1, le=200)


class FaultLine(Given):
    """One fault or note: its stable code, the line (from 1) and column in the file, what is wrong and what to do."""

    code: str
    line: int | None
    column: str | None
    sentence: str


class ReceiptLine(Given):
    """A receipt as it stands in a list. `rows_in = rows_accepted + rows_rejected + rows_held`, always."""

    id: int
    carrier: str
    file: str
    sha256: str = Field(description="Of the bytes as they were sent, hexadecimal")
    size_bytes: int
    state: State
    replayed: bool = Field(description="This answer repeats the receipt of an earlier delivery")
    idempotency_key: str | None
    received_at: datetime
    settled_at: datetime | None
    withdrawn_at: datetime | None
    rows_in: int
    rows_accepted: int
    rows_rejected: int
    rows_held: int
    rows_suppressed: int = Field(description="Accepted rows whose number is known to be small and is not kept")
    first_bin_at: datetime | None
    last_bin_end_at: datetime | None
    fault_count: int


class ReceiptAnswer(ReceiptLine):
    """What became of one delivery, with its faults (at most 1,000 are listed) and remarks."""

    faults: list[FaultLine]
    notes: list[FaultLine]


class UploadList(Given):
    """Deliveries, newest first; `next` is the address of older ones, null where there are none."""

    uploads: list[ReceiptLine]
    next: str | None


class TokenAnswer(Given):
    """A token as RFC 6750 wants it. `expires_in`: seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    expires_at: datetime


class CheckAnswer(Given):
    """One check of a dry run, how it ended and what it found."""

    check: str
    outcome: Outcome
    findings: list[FaultLine]


class DryRunAnswer(Given):
    """What would become of a file if it were sent now."""

    file: str
    would_be: Literal["accepted", "held", "refused"]
    rows_in: int
    rows_accepted: int
    rows_rejected: int
    rows_held: int
    rows_suppressed: int
    checks: list[CheckAnswer]
    fault_count: int
    faults: list[FaultLine]
    notes: list[FaultLine]
