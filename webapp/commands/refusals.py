"""Every expected refusal of every package, and its sentence in the language of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from geo.errors import GeoError
from ingest.door_errors import DoorError
from ingest.faults import Fault, FileRefused, describe
from rules.errors import PolicyRefused, RulesError
from store.errors import StoreError

FAULTS_SHOWN = 20
REFUSALS = (FileRefused, DoorError, GeoError, RulesError, StoreError)


def explain(refusal: Exception) -> str:
    """Return what is wrong, where, and what to do."""
    from config.settings import Settings

    language = Settings().speech()
    if isinstance(refusal, FileRefused):
        return _lines(refusal.faults, language, refusal.file)
    if isinstance(refusal, GeoError):
        faults = [_fault(one) for one in (refusal, *refusal.others)]
        return _lines(faults, language, file_of(refusal))
    if isinstance(refusal, PolicyRefused):
        faults = [Fault(one.code, one.line, one.column, one.params) for one in refusal.faults]
        return "\n".join(describe(fault, language, refusal.name) for fault in faults)
    if isinstance(refusal, (DoorError, RulesError, StoreError)):
        return describe(_fault(refusal), language)
    raise refusal


def _lines(faults: Sequence[Fault], language: str, file: str | None) -> str:
    return "\n".join(describe(fault, language, file) for fault in faults[:FAULTS_SHOWN])


def name_file(refusal: GeoError | FileRefused, name: str) -> None:
    """Attach the name of the file in which the refusal arose."""
    refusal.file = name  # type: ignore[union-attr]


def file_of(refusal: Exception) -> str | None:
    """Return the name attached by `name_file`, or None."""
    found = getattr(refusal, "file", None)
    return None if found is None else str(found)


def _fault(refusal: DoorError | GeoError | RulesError | StoreError) -> Fault:
    return Fault(refusal.code, refusal.line, refusal.column, refusal.params)
