"""The body of a machine's delivery: what kind it is, what it is called, and its bytes, piece by piece.

Promises: never more than a few pieces in memory; a digest that was sent is compared with the bytes that came; a body
that may have been cut off unnoticed (no announced length, no digest) is refused before it is read.
Does not: bound the size or look into the bytes; `ingest.receiving` does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from flask import request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import parse_options_header

from ingest.faults import quoted
from webapp.interface_errors import (
    BodyTooSlow,
    DigestMismatch,
    DigestUnreadable,
    LengthOrDigestNeeded,
    MediaTypeUnknown,
)
from webapp.pacing import PIECE_BYTES, UNBOUNDED

ANY_TYPE = "application/octet-stream"
MEDIA_TYPES = frozenset({"text/csv", "application/json", "application/vnd.apache.parquet", ANY_TYPE})
ALGORITHMS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
DIGEST_HEADERS = ("Content-Digest", "Repr-Digest")  # the same here: the bytes are taken as they are coded (RFC 9530)
DIGEST = re.compile(r"([a-z0-9*_.-]+)=:([A-Za-z0-9+/]*={0,2}):(?:;.*)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DeliveryBody:
    """A body that is coming in. `name`: empty where the sender gave it none; `size`: its announced length in bytes."""

    name: str
    pieces: Iterator[bytes]
    size: int | None


def delivery_body() -> DeliveryBody:
    """Return the body of this request, unread; raise InterfaceError where it cannot be taken."""
    if (request.mimetype or ANY_TYPE) not in MEDIA_TYPES:
        raise MediaTypeUnknown
    digests = _digests()
    size = _announced_size()
    if size is None and not digests and not request.environ.get("oryn.breaks_are_seen"):
        raise LengthOrDigestNeeded  # the server may show a broken connection as an end
    request.max_content_length = UNBOUNDED  # the door has a bound of its own, with words
    return DeliveryBody(_file_name(), _checked(_pieces(), digests), size)


def _announced_size() -> int | None:
    plain = request.environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1") and not _is_chunked()
    return 0 if request.content_length is None and plain else request.content_length


def _is_chunked() -> bool:
    return bool(request.headers.get("Transfer-Encoding"))


def _file_name() -> str:
    name = unquote(_as_utf8(request.headers.get("X-File-Name", "")))
    if not name:
        _kind, options = parse_options_header(request.headers.get("Content-Disposition"))
        name = _as_utf8(options.get("filename", ""))
    last = re.split(r"[/\\]", name)[-1].strip()
    return quoted(last)


def _as_utf8(header: str) -> str:
    """Return a header's text: the server reads it as Latin-1, senders write UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _digests() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for header in DIGEST_HEADERS:
        for part in filter(None, (one.strip() for one in request.headers.get(header, "").split(","))):
            name, digest = _digest(part)
            if found.setdefault(name, digest) != digest:
                raise DigestMismatch
    return {name: digest for name, digest in found.items() if name in ALGORITHMS}


def _digest(part: str) -> tuple[str, bytes]:
    match = DIGEST.fullmatch(part)
    if match is None:
        raise DigestUnreadable
    try:
        return match[1].lower(), base64.b64decode(match[2], validate=True)
    except binascii.Error as broken:
        raise DigestUnreadable from broken


def _pieces() -> Iterator[bytes]:
    while True:
        try:
            piece = request.stream.read(PIECE_BYTES)
        except ClientDisconnected as gone:
            if isinstance(gone.__context__, TimeoutError):
                raise BodyTooSlow from gone
            raise ConnectionError("the sender is gone") from gone
        if not piece:
            return
        yield piece


def _checked(pieces: Iterator[bytes], wanted: Mapping[str, bytes]) -> Iterator[bytes]:
    hashes = {name: ALGORITHMS[name]() for name in wanted}
    for piece in pieces:
        for one in hashes.values():
            one.update(piece)
        yield piece
    if any(one.digest() != wanted[name] for name, one in hashes.items()):
        raise DigestMismatch
