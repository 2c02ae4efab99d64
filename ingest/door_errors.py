"""Why a delivery could not be received. Nothing of it is kept, and every reason has words in three languages.

DoorError
├── UploadTooLarge            more bytes than this installation takes
├── DiskFull                  no room for it, or for the row about it
├── DoorBusy                  the database does not answer now; `retry_after` seconds
├── BodyCutOff                fewer bytes came than were announced
├── BodyEmpty                 no bytes at all
├── ContentEncodingUnknown    packed in a way that nobody here unpacks
├── ContentEncodingMismatch   said to be packed, but the first bytes say no
├── IdempotencyKeyUnfit       the key is empty, too long or not plain text
├── IdempotencyKeyReused      the key stands for other bytes already
├── UploadInWork              another request with the same key is still sending
└── UploadWithdrawn           the key stands for a delivery that was taken back

Does not: know HTTP; which status code each one is stands in one table of `webapp`.
"""

from __future__ import annotations


class DoorError(Exception):
    """A delivery that was not received; `code` is stable, `params` fill the sentence shown to a person."""

    code = "door-error"

    def __init__(self, **params: str | int | float) -> None:
        super().__init__(f"{self.code}: {params}")
        self.params = params
        self.line: int | None = None
        self.column: str | None = None


class UploadTooLarge(DoorError):
    code = "upload-too-large"


class DiskFull(DoorError):
    code = "disk-full"


class DoorBusy(DoorError):
    code = "door-busy"


class BodyCutOff(DoorError):
    code = "body-cut-off"


class BodyEmpty(DoorError):
    code = "body-empty"


class ContentEncodingUnknown(DoorError):
    code = "content-encoding-unknown"


class ContentEncodingMismatch(DoorError):
    code = "content-encoding-mismatch"


class IdempotencyKeyUnfit(DoorError):
    code = "idempotency-key-unfit"


class IdempotencyKeyReused(DoorError):
    code = "idempotency-key-reused"


class UploadInWork(DoorError):
    code = "upload-in-work"


class UploadWithdrawn(DoorError):
    code = "upload-withdrawn"
