"""Answers in fewer bytes: brotli or gzip, as the reader accepts.

A page with a token against forgery is never compressed: its length would tell the token (BREACH).
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Flask, Response, g, request

WORTH_BYTES = 300
FRAMES_KEPT = 400  # of some 5 kB
WINDOWS_KEPT = 12  # of some 500 kB
TYPES = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg+xml")
QUALITY = {"br": 5, "gzip": 6}


def install(app: Flask) -> None:
    """Compress what is text and long enough."""

    @app.after_request
    def _compress(response: Response) -> Response:
        if _worth_it(response):
            encoding = accepted_encoding()
            if encoding:
                response.direct_passthrough = False
                response.set_data(_packed(response.get_data(), encoding))
                response.headers["Content-Encoding"] = encoding
                _weaken_etag(response)
            response.vary.add("Accept-Encoding")
        return response


def accepted_encoding() -> str | None:
    """Return br or gzip where the reader accepts it, brotli first."""
    return next((one for one in QUALITY if request.accept_encodings[one] > 0), None)


@lru_cache(maxsize=FRAMES_KEPT)
def packed_frame(data: bytes, encoding: str) -> bytes:
    """Return a frame compressed; frames are asked for again and again, so the work is done once."""
    return _packed(data, encoding)


@lru_cache(maxsize=WINDOWS_KEPT)
def packed_window(data: bytes, encoding: str) -> bytes:
    """Return a day of frames compressed; the work is done once."""
    return _packed(data, encoding)


def _packed(data: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(data, QUALITY["gzip"])
    import brotli

    return bytes(brotli.compress(data, quality=QUALITY["br"]))


def _worth_it(response: Response) -> bool:
    return (
        response.status_code == 200
        and "Content-Encoding" not in response.headers
        and (response.mimetype or "").startswith(TYPES)
        and (response.content_length or WORTH_BYTES) >= WORTH_BYTES
        and not (response.mimetype == "text/html" and (g.get("credentials") or request.path.startswith("/sign-")))
    )


def _weaken_etag(response: Response) -> None:
    etag, weak = response.get_etag()
    if etag and not weak:
        response.set_etag(etag, weak=True)
