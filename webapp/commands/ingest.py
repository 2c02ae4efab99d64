"""`oryn ingest`: take in a mobile operator's files, the same path as the API, processed before it returns."""

from __future__ import annotations

import json
from pathlib import Path

import click

from store.records import Receipt
from webapp.commands.installation import installation, progress_bar

REFUSED, OUR_FAULT = 2, 1
ROWS = ("rows_in", "rows_accepted", "rows_rejected", "rows_held", "rows_suppressed")


@click.command()
@click.argument("carrier")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON receipt a line.")
@click.option("--dry-run", is_flag=True, help="Run every check of the files and keep nothing.")
@click.pass_context
def command(ctx: click.Context, carrier: str, files: tuple[Path, ...], as_json: bool, dry_run: bool) -> None:
    """Take in FILES of CARRIER; print one receipt a file. Exit code 0: all accepted, 2: at least one refused."""
    if dry_run:
        from webapp.commands.dry_run_report import dry_run_files

        with installation() as here:
            ctx.exit(dry_run_files(here, carrier, files, as_json=as_json))
    from ingest.faults import FileRefused
    from ingest.intake import take_in
    from store import carriers
    from webapp.commands.refusals import explain, name_file

    with installation() as here:
        with here.database.read() as connection:
            known = carriers.get_carrier(connection, carrier)
        receipts, unreadable = [], []
        with progress_bar(here.language) as progress, here.own_worker(progress) as worker:
            for file in files:
                try:
                    receipts.append(take_in(worker.intake, known, file, here.now, progress))
                except FileRefused as refusal:  # it could not even be opened, so there is no receipt
                    name_file(refusal, file.name)
                    unreadable.append(refusal)
            worker.run_follow_ups()
        for receipt in receipts:
            show(receipt, here.language, as_json)
    for one in unreadable:
        click.echo(explain(one), err=True)
    if any(receipt.state == "failed" for receipt in receipts):
        ctx.exit(OUR_FAULT)
    if unreadable or any(receipt.state == "refused" for receipt in receipts):
        ctx.exit(REFUSED)


def show(receipt: Receipt, language: str, as_json: bool) -> None:
    """Print a receipt for a person, or as one line of JSON; a refusal's reason goes to stderr."""
    from ingest.faults import Fault, report, sentence

    if as_json:
        from webapp.receipt_json import receipt_json

        click.echo(json.dumps(receipt_json(receipt, language), ensure_ascii=False))
        return
    state = sentence(f"receipt-{receipt.state}", {}, language)
    if receipt.replayed:
        state = f"{state} ({sentence('receipt-replayed', {}, language)})"
    numbers = {name: getattr(receipt, name) for name in ROWS}
    facts = numbers | {"file": receipt.file_name, "state": state, "id": receipt.id, "sha256": receipt.sha256[:16]}
    click.echo(sentence("receipt-line", facts, language))
    for note in receipt.notes:
        click.echo(f"  {sentence(note.code, note.params, language)}")
    if receipt.faults:
        faults = tuple(Fault(one.code, one.line, one.column, one.params) for one in receipt.faults)
        click.echo(report(faults, language, receipt.file_name), err=True)
