"""The report of a dry run on the terminal: one line a check with a sign and its sentences, then the faults."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ingest.dry_run import DryRun
    from webapp.commands.installation import Installation

REFUSED = 2
FAULTS_SHOWN = 20
SENTENCES_SHOWN = 5
SIGNS = {"ok": "+", "note": "!", "hold": "?", "refuse": "x", "not-checked": "-"}


def dry_run_files(here: Installation, carrier_code: str, files: Sequence[Path], *, as_json: bool) -> int:
    """Check files, keep nothing, print what would become of each; return 2 if one would be refused, else 0."""
    from ingest.dry_run import dry_run
    from store import carriers
    from webapp.commands.installation import progress_bar

    with here.database.read() as connection:
        carrier = carriers.get_carrier(connection, carrier_code)
    code = 0
    for file in files:
        with progress_bar(here.language) as progress:
            run = dry_run(here.database, carrier, file, file.name, here.policy, here.now, progress)
        if as_json:
            click.echo(json.dumps(_json(run, file.name, here.language), ensure_ascii=False))
        else:
            _show(run, file.name, here.language)
        code = REFUSED if run.would_be == "refused" else code
    return code


def _show(run: DryRun, file_name: str, language: str) -> None:
    from ingest.faults import describe, sentence

    facts: dict[str, str | int | float] = {
        "file": file_name,
        "state": sentence(f"dry-run-{run.would_be}", {}, language),
        "rows_in": run.rows_in,
        "rows_accepted": run.rows_accepted,
        "rows_rejected": run.rows_rejected,
        "rows_held": run.rows_held,
    }
    click.echo(sentence("dry-run-line", facts, language))
    for one in run.results:
        name = sentence(f"dry-run-check-{one.check}", {}, language)
        outcome = sentence(f"dry-run-outcome-{one.outcome}", {}, language)
        click.echo(f"{SIGNS[one.outcome]} {name}: {outcome}")
        if run.would_be != "refused":  # else the faults follow, with their places
            for fault in one.findings[:SENTENCES_SHOWN]:
                click.echo(f"    {sentence(fault.code, fault.params, language)}")
    for fault in run.faults[:FAULTS_SHOWN]:
        click.echo(describe(fault, language, file_name), err=True)
    if run.fault_count > FAULTS_SHOWN:
        click.echo(sentence("more-faults", {"count": run.fault_count - FAULTS_SHOWN}, language), err=True)


def _json(run: DryRun, file_name: str, language: str) -> dict[str, Any]:
    from ingest.dry_run import as_json

    found = as_json(run)
    for fault in (*found["faults"], *found["notes"], *(one for res in found["results"] for one in res["findings"])):
        fault["sentence"] = _sentence(fault, language)
    return {"file": file_name, "dry_run": True, **found}


def _sentence(fault: dict[str, Any], language: str) -> str:
    from ingest.faults import sentence

    return sentence(fault["code"], fault["params"], language)
