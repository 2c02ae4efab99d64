"""`oryn uploads`: what became of delivered files, and what a person decides about them."""

from __future__ import annotations

import json

import click

from store.records import Receipt
from webapp.commands.held import decide, held
from webapp.commands.ingest import show as show_receipt
from webapp.commands.installation import installation, progress_bar

LISTED = 100
ROWS = ("rows_in", "rows_accepted", "rows_rejected", "rows_held")


@click.group()
def command() -> None:
    """See, decide and take back what operators delivered."""


command.add_command(held)
command.add_command(decide)


@command.command("list")
@click.option("--carrier", help="Of this mobile operator only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON receipt a line.")
def list_(carrier: str | None, as_json: bool) -> None:
    """List the newest uploads, newest first."""
    from ingest.faults import sentence
    from store import carriers, uploads

    with installation() as here, here.database.read() as connection:
        if carrier is not None:
            carriers.get_carrier(connection, carrier)
        receipts = uploads.receipts_of(connection, carrier, LISTED)
        for receipt in receipts:
            click.echo(_json(receipt, here.language) if as_json else _line(receipt, here.language))
        if not receipts and not as_json:
            click.echo(sentence("uploads-none", {}, here.language))


@command.command()
@click.argument("upload_id", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print the receipt as one line of JSON.")
def show(upload_id: int, as_json: bool) -> None:
    """Show the receipt of UPLOAD_ID."""
    from store import uploads

    with installation() as here, here.database.read() as connection:
        show_receipt(uploads.get_receipt(connection, upload_id), here.language, as_json)


@command.command()
@click.argument("upload_id", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
def withdraw(upload_id: int, reason: str) -> None:
    """Take UPLOAD_ID back: what followed from it is worked out again as if it had never come."""
    from ingest.withdrawal import withdraw as take_back

    with installation() as here:
        with progress_bar(here.language) as progress, here.own_worker(progress) as worker:
            receipt = take_back(here.database, upload_id, None, "command", reason, here.now, here.policy)
            worker.run_follow_ups()
        show_receipt(receipt, here.language, as_json=False)


def _line(receipt: Receipt, language: str) -> str:
    from ingest.faults import sentence

    facts: dict[str, str | int | float] = {name: getattr(receipt, name) for name in ROWS}
    facts |= {"id": receipt.id, "carrier": receipt.carrier_code, "file": receipt.file_name or "-"}
    facts["received"] = receipt.received_at.isoformat(timespec="seconds")
    facts["state"] = sentence(f"receipt-{receipt.state}", {}, language)
    return sentence("uploads-line", facts, language)


def _json(receipt: Receipt, language: str) -> str:
    from webapp.receipt_json import receipt_json

    return json.dumps(receipt_json(receipt, language), ensure_ascii=False)
