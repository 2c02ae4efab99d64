"""A dry run for machines: every check over a file, a report in JSON, and nothing kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, jsonify

from ingest.dry_run import dry_run_apart
from webapp.api.delivery_body import delivery_body
from webapp.bearer import carrier
from webapp.context import web
from webapp.incoming import IncomingFile
from webapp.languages import language
from webapp.pages.trial import borrowed
from webapp.receipt_json import fault_json
from webapp.upload_slots import upload_slot

ROWS = ("rows_in", "rows_accepted", "rows_rejected", "rows_held", "rows_suppressed")


def dry_run() -> Response:
    """Check a file as if it were sent now."""
    body, parts = delivery_body(), web()
    file = IncomingFile(body.name, body.pieces, body.size)
    with upload_slot(carrier().id), borrowed(file) as path:
        found = dry_run_apart(parts.settings, carrier().code, path, body.name, parts.clock())
    response = jsonify(report_json(found, body.name, language()))
    response.headers["Cache-Control"] = "no-store"
    return response


def report_json(found: Mapping[str, Any], file_name: str, language: str) -> dict[str, Any]:
    """Return a dry run with a sentence for each finding."""
    return {
        "file": file_name,
        "would_be": found["would_be"],
        **{name: found[name] for name in ROWS},
        "checks": [
            {"check": one["check"], "outcome": one["outcome"], "findings": _faults(one["findings"], language)}
            for one in found["results"]
        ],
        "fault_count": found["fault_count"],
        "faults": _faults(found["faults"], language),
        "notes": _faults(found["notes"], language),
    }


def _faults(faults: Iterable[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    return [fault_json(one, language) for one in faults]
