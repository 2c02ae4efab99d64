"""Examples of the OpenAPI document: what a real exchange with an operator's machine looks like."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

COUNTS_CSV = (
    "source_area_id,start,end,device_count\n8920e60a12fffff,2026-11-20T10:00:00+05:00,2026-11-20T10:15:00+05:00,120\n"
)
DIGEST = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
FAULT: Json = {
    "code": "count-negative",
    "line": 7,
    "column": "device_count",
    "sentence": "The count -4 is negative. Send the number of devices, 0 or more.",
}
RECEIPT: Json = {
    "id": 17,
    "carrier": "alpha",
    "file": "counts.csv",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size_bytes": 2048,
    "state": "accepted",
    "replayed": False,
    "idempotency_key": "counts-20261120-1000.csv",
    "received_at": "2026-11-20T05:16:02+00:00",
    "settled_at": "2026-11-20T05:16:04+00:00",
    "withdrawn_at": None,
    "rows_in": 40,
    "rows_accepted": 40,
    "rows_rejected": 0,
    "rows_held": 0,
    "rows_suppressed": 3,
    "first_bin_at": "2026-11-20T05:00:00+00:00",
    "last_bin_end_at": "2026-11-20T05:15:00+00:00",
    "fault_count": 0,
    "faults": [],
    "notes": [],
}
_NOTHING: Json = {"rows_in": 0, "rows_accepted": 0, "rows_suppressed": 0, "first_bin_at": None, "last_bin_end_at": None}
RECEIVED: Json = RECEIPT | _NOTHING | {"state": "received", "settled_at": None}
REFUSED: Json = RECEIPT | {
    "state": "refused",
    "rows_accepted": 0,
    "rows_rejected": 40,
    "rows_suppressed": 0,
    "fault_count": 1,
    "faults": [FAULT],
}
WITHDRAWN: Json = RECEIPT | {"state": "withdrawn", "withdrawn_at": "2026-11-20T06:00:00+00:00"}
LIST: Json = {
    "uploads": [{key: value for key, value in RECEIPT.items() if key not in {"faults", "notes"}}],
    "next": "/api/v1/uploads?before=17&limit=1",
}
TOKEN: Json = {
    "access_token": "t_4nBZ0mF1o3yq0cJ7d6uVb1x0l2XcYh8wQkq9rS5tUvw",
    "token_type": "Bearer",
    "expires_in": 900,
    "expires_at": "2026-11-20T05:31:02+00:00",
}
DRY_RUN: Json = {
    "file": "counts.csv",
    "would_be": "refused",
    "rows_in": 40,
    "rows_accepted": 0,
    "rows_rejected": 40,
    "rows_held": 0,
    "rows_suppressed": 0,
    "checks": [{"check": "schema", "outcome": "refuse", "findings": [FAULT]}],
    "fault_count": 1,
    "faults": [FAULT],
    "notes": [],
}
FAULTS_CSV = f'"line","column","code","sentence"\r\n"7","device_count","count-negative","{FAULT["sentence"]}"\r\n'
LANG: Json = {
    "name": "lang",
    "in": "query",
    "description": "Language of the sentences; else that of Accept-Language",
    "schema": {"type": "string", "enum": ["kk", "ru", "en"]},
}
