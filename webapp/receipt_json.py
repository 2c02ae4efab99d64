"""A receipt as JSON values: the interface and the command line print the same ones.

Promises: every fault has its stable code and a sentence in the language asked for; moments are RFC 3339, UTC.
Does not: know who may read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ingest.faults import sentence
from store.records import FaultRecord, Receipt


def receipt_json(receipt: Receipt, language: str) -> dict[str, Any]:
    """Return a receipt with all its listed faults, each with its sentence."""
    faults = [fault_json(one, language) for one in receipt.faults]
    return receipt_line_json(receipt) | {
        "faults": faults,
        "notes": [fault_json(one, language) for one in receipt.notes],
    }


def receipt_line_json(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as it stands in a list: everything but the faults and notes themselves."""
    return {
        "id": receipt.id,
        "carrier": receipt.carrier_code,
        "file": receipt.file_name,
        "sha256": receipt.sha256,
        "size_bytes": receipt.size_bytes,
        "state": receipt.state,
        "replayed": receipt.replayed,
        "idempotency_key": receipt.idempotency_key,
        "received_at": receipt.received_at.isoformat(),
        "settled_at": _moment(receipt.settled_at),
        "withdrawn_at": _moment(receipt.withdrawn_at),
        "rows_in": receipt.rows_in,
        "rows_accepted": receipt.rows_accepted,
        "rows_rejected": receipt.rows_rejected,
        "rows_held": receipt.rows_held,
        "rows_suppressed": receipt.rows_suppressed,
        "first_bin_at": _moment(receipt.first_bin_at),
        "last_bin_end_at": _moment(receipt.last_bin_end_at),
        "fault_count": receipt.fault_count,
    }


def fault_json(fault: FaultRecord | Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a fault or a note: code, line, column, sentence."""
    code, line, column, params = _parts(fault)
    return {"code": code, "line": line, "column": column, "sentence": sentence(code, params, language)}


def _parts(fault: FaultRecord | Mapping[str, Any]) -> tuple[str, int | None, str | None, Mapping[str, Any]]:
    if isinstance(fault, FaultRecord):
        return fault.code, fault.line, fault.column, fault.params
    return fault["code"], fault.get("line"), fault.get("column"), fault.get("params", {})


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
