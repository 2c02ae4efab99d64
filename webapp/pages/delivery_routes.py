"""The addresses of the pages about deliveries: a mobile operator's, and what headquarters decides about them."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages import alerts, audit_log, held, keys, quality, receipts, upload, withdrawing

RECEIPT = "/carriers/receipts/<int:receipt_id>"


def add_to(blueprint: Blueprint) -> None:
    """Add the routes of deliveries to the pages."""
    add = blueprint.add_url_rule
    add("/carriers/uploads", "send_file", upload.send, methods=["POST"])
    add("/carriers/dry-run", "check_file", upload.check, methods=["POST"])
    add(RECEIPT, "receipt", receipts.show)
    add(f"{RECEIPT}/faults.csv", "receipt_faults", receipts.faults_csv)
    add(f"{RECEIPT}/withdraw", "withdraw", withdrawing.show, methods=["GET", "POST"])
    add("/carriers/quality", "quality", quality.show)
    add("/carriers/keys", "keys", keys.show, methods=["GET", "POST"])
    add("/carriers/keys/<string:key_id>/revoke", "revoke_key", keys.revoke, methods=["GET", "POST"])
    add("/hq/held", "held", held.show)
    add("/hq/held/<int:receipt_id>", "held_one", held.show_one, methods=["GET", "POST"])
    add("/hq/jobs/<int:job_id>/again", "try_again", alerts.try_again, methods=["POST"])
    add("/hq/audit", "audit", audit_log.show)
