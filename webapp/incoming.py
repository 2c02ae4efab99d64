"""A file as a browser sends it: the raw body of a script's request, or one part of a form; read piece by piece.

Promises: the token against forgery is looked at before the first byte of the file; neither way holds more than one
piece in memory, and nothing is written to a temporary file. A body that ends too early is a ConnectionError, so that
nobody takes a part for the whole.
Does not: bound the size or look into the bytes; `ingest.receiving` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from flask import Flask, abort, request
from flask_wtf.csrf import CSRFError, same_origin, validate_csrf
from werkzeug.exceptions import ClientDisconnected
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData
from wtforms import ValidationError

from webapp.interface_errors import LengthOrDigestNeeded
from webapp.pacing import UNBOUNDED

PIECE_BYTES = 64 * 1024
MOST_PARTS = 20
LONGEST_FIELD = 1_000  # tokens and keys; more is no form of ours
FORM_BUFFER_BYTES = 2 * PIECE_BYTES  # one piece, and what is left of the one before
TOKEN_FIELD, FILE_FIELD = "csrf_token", "file"
TOKEN_HEADER, NAME_HEADER = "X-CSRFToken", "X-File-Name"


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that is coming in. `size`: its length in bytes, where the request says it."""

    name: str
    pieces: Iterator[bytes]
    size: int | None


def read_by(app: Flask, *views: Callable[..., Any]) -> None:
    """Let these views read their body themselves: they look at the token before, by `incoming_file`."""
    for view in views:
        app.extensions["csrf"].exempt(view)


def incoming_file() -> IncomingFile:
    """Return the file that this request brings; raise CSRFError where its form is not ours."""
    request.max_content_length = UNBOUNDED  # the door has a bound of its own, with words
    if request.mimetype == "multipart/form-data":
        try:
            return _from_form()
        except ConnectionError:
            abort(400)
    _require_token(request.headers.get(TOKEN_HEADER))
    if request.content_length is None:  # the server shows a body that was cut off as one that ended
        raise LengthOrDigestNeeded
    name = unquote(request.headers.get(NAME_HEADER, ""))
    return IncomingFile(name, _pieces(), request.content_length)


def _from_form() -> IncomingFile:
    events = _events()
    token = None
    for event in events:
        if isinstance(event, File) and event.name == FILE_FIELD:
            _require_token(token)
            return IncomingFile(event.filename or "", _part(events), None)
        if isinstance(event, Field) and event.name == TOKEN_FIELD:
            token = _value(events)
    _require_token(token)
    raise ConnectionError("the form brings no file")


def _require_token(token: str | None) -> None:
    try:
        validate_csrf(token)
    except ValidationError as wrong:
        raise CSRFError(str(wrong)) from wrong
    if request.is_secure and not same_origin(request.referrer or "", f"https://{request.host}/"):
        raise CSRFError("The referrer does not match the host.")


def _value(events: Iterator[Event]) -> str:
    value = b""
    for piece in _part(events):
        value += piece
        if len(value) > LONGEST_FIELD:
            abort(400)
    return value.decode("utf-8", "replace")


def _part(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if not isinstance(event, Data):
            break
        if event.data:
            yield event.data
        if not event.more_data:
            return
    raise ConnectionError("the form ended inside a part")


def _events() -> Iterator[Event]:
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1", "replace")
    decoder = MultipartDecoder(boundary, FORM_BUFFER_BYTES, max_parts=MOST_PARTS)
    pieces = _pieces()
    while True:
        event = _next(decoder)
        if isinstance(event, NeedData):
            decoder.receive_data(next(pieces, None))
            continue
        yield event
        if isinstance(event, Epilogue):
            return


def _next(decoder: MultipartDecoder) -> Event:
    try:
        return decoder.next_event()
    except ValueError as broken:
        raise ConnectionError("the form is broken off") from broken


def _pieces() -> Iterator[bytes]:
    while True:
        try:
            piece = request.stream.read(PIECE_BYTES)
        except (ClientDisconnected, TimeoutError) as gone:
            raise ConnectionError("the sender is gone, or as good as gone") from gone
        if not piece:
            return
        yield piece
