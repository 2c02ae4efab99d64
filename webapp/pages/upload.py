"""A person at a mobile operator sends a file: it is received, or only checked.

The page's script sends the raw body and is answered in JSON; without a script the same form is a multipart one and is
answered by a page. Either way the bytes go piece by piece to where they are kept.
"""

from __future__ import annotations

from flask import Flask, Response, abort, json, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ingest.door_errors import BodyEmpty, DoorError
from ingest.faults import quoted
from ingest.receiving import Door, Sender, receive
from store import carriers
from store.account_acts import account_actor
from store.records import Carrier, Receipt
from webapp import problems
from webapp.context import web
from webapp.incoming import IncomingFile, incoming_file, read_by
from webapp.pages import trial
from webapp.pages.carriers import overview, own_code
from webapp.roles import actor
from webapp.speech import gettext as _
from webapp.upload_slots import upload_slot
from webapp.wording.deliveries import words_of

JSON = "application/json"
KEY_HEADER = "Idempotency-Key"


def install(app: Flask) -> None:
    """Let the two views that take files read their bodies themselves."""
    read_by(app, send, check)


def send() -> AnyResponse | tuple[str, int]:
    """Receive a file; answer where its receipt is."""
    file, carrier = incoming_file(), _own_carrier()
    try:
        with upload_slot(carrier.id):
            receipt = _received(file, carrier)
    except DoorError as refusal:
        return _refused(refusal, file)
    return _arrived(receipt)


def check() -> AnyResponse | str | tuple[str, int]:
    """Run every check over a file and keep nothing of it; answer with the report as a page."""
    file, carrier = incoming_file(), _own_carrier()
    try:
        with upload_slot(carrier.id):
            return trial.report(file, carrier)
    except DoorError as refusal:
        return _refused(refusal, file)


def _received(file: IncomingFile, carrier: Carrier) -> Receipt:
    parts = web()
    account = actor() or abort(403)
    door = Door.at(parts.database, parts.settings.prepare_home(), parts.settings.max_upload_mb)
    return receive(
        door,
        Sender(carrier, "page", account_actor(account.id, account.name).label),
        file.pieces,
        file_name=file.name,
        now=parts.clock(),
        idempotency_key=request.headers.get(KEY_HEADER),
        expected_size=file.size,
    )


def _own_carrier() -> Carrier:
    with web().database.read() as connection:
        return carriers.get_carrier(connection, own_code())


def _arrived(receipt: Receipt) -> AnyResponse:
    url = url_for("pages.receipt", receipt_id=receipt.id, arrived="before" if receipt.replayed else "now")
    if not _asked_by_script():
        return redirect(url, 303)
    body = {"id": receipt.id, "url": url, "replayed": receipt.replayed}
    return Response(json.dumps(body), status=200 if receipt.replayed else 202, mimetype=JSON)


def _refused(refusal: DoorError, file: IncomingFile) -> AnyResponse | tuple[str, int]:
    status = problems.STATUSES[refusal.code]
    words = _empty_words(file) if refusal.code == BodyEmpty.code else words_of(refusal.code, refusal.params)
    if not _asked_by_script():
        return overview(words), status
    answer = problems.problem(status, refusal.code, detail=words)
    if "retry_after" in refusal.params:
        answer.headers["Retry-After"] = str(refusal.params["retry_after"])
    return answer


def _empty_words(file: IncomingFile) -> str:
    if not file.name:
        return _("Choose a file first.")
    return _(
        "The file %(name)s is empty (0 bytes). Look at the program that wrote it, then choose a file that "
        "holds counts.",
        name=quoted(file.name),
    )


def _asked_by_script() -> bool:
    return request.accept_mimetypes.best == JSON
