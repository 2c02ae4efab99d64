"""Answers that are bytes: compressed once, kept by the reader as long as their address is true."""

from __future__ import annotations

import hashlib

from flask import Response, request

from store.records import MapLayer
from webapp.compression import accepted_encoding, packed_frame, packed_window

ONE_YEAR_SECONDS = 365 * 24 * 3600
OCTETS = "application/octet-stream"
LARGE_BYTES = 50_000


def immutable(data: bytes, digest: str, layer: MapLayer) -> Response:
    """Return bytes that never change under their address; those of the group layer stay with the one reader."""
    scope = "public" if layer == "public" else "private"
    return _answer(data, digest, f"{scope}, max-age={ONE_YEAR_SECONDS}, immutable")


def revalidated(data: bytes, layer: MapLayer) -> Response:
    """Return bytes that may be replaced by a revision: kept, but asked about each time."""
    scope = "public" if layer == "public" else "private"
    return _answer(data, hashlib.sha256(data).hexdigest(), f"{scope}, no-cache")


def _answer(data: bytes, digest: str, cache_control: str) -> Response:
    encoding = accepted_encoding()
    packed = packed_window if len(data) > LARGE_BYTES else packed_frame
    response = Response(packed(data, encoding) if encoding else data, mimetype=OCTETS)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = cache_control
    response.set_etag(digest, weak=True)
    return response.make_conditional(request)  # type: ignore[return-value,unused-ignore]
