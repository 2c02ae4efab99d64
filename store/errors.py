"""What the store refuses.

StoreError
├── NotFound           nothing is kept under that name
├── AlreadyThere       a unique index refused a second one
├── Fenced             (jobs) the job belongs to another worker now
├── StorageFull        (outages) the disk of the database has no room
├── DatabaseAway       (outages) the database does not answer now
├── TooManyKeys        (carrier_keys) as many keys as may live at a time live already
├── CarrierExists      (carriers) the code is taken
├── DatabaseTooOld     the schema is behind the code
└── UnsafeDatabase     this SQLite can lose data in the mode that was asked for
"""

from __future__ import annotations


class StoreError(Exception):
    """A failure of the store; `code` is stable, `params` fill the sentence shown to a person."""

    code = "store-error"

    def __init__(self, **params: str | int | float) -> None:
        super().__init__(f"{self.code}: {params}")
        self.params = params
        self.line: int | None = None
        self.column: str | None = None


class NotFound(StoreError):
    code = "not-found"


class AlreadyThere(StoreError):
    code = "already-there"


class DatabaseTooOld(StoreError):
    code = "database-too-old"


class UnsafeDatabase(StoreError):
    code = "database-unsafe"
