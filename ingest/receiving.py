"""Receive a delivery: its bytes are safe on disk before anybody is told so, and it is there once.

Promises: a receipt is returned only when file, folder, upload and job have been synced; whatever fails before leaves at
most a file that no row names. The same key or the same living bytes give the same receipt; the unique indexes decide.
Does not: read what is in the file (a worker does, `ingest.intake`), so neither arrays nor data frames are loaded here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest.door_errors import (
    BodyCutOff,
    BodyEmpty,
    ContentEncodingMismatch,
    ContentEncodingUnknown,
    DiskFull,
    DoorBusy,
    DoorError,
    IdempotencyKeyReused,
    IdempotencyKeyUnfit,
    UploadInWork,
    UploadTooLarge,
    UploadWithdrawn,
)
from ingest.faults import quoted
from ingest.spool import Incoming, in_flight
from store import jobs, uploads
from store.database import Database
from store.errors import AlreadyThere
from store.outages import DatabaseAway, StorageFull, outages_named
from store.records import Carrier, Origin, Receipt

__all__ = [
    "BodyCutOff",
    "BodyEmpty",
    "ContentEncodingMismatch",
    "ContentEncodingUnknown",
    "DiskFull",
    "Door",
    "DoorBusy",
    "DoorError",
    "IdempotencyKeyReused",
    "IdempotencyKeyUnfit",
    "Sender",
    "UploadInWork",
    "UploadTooLarge",
    "UploadWithdrawn",
    "receive",
]

TAKE_IN = "take-in"
MEGABYTE = 1 << 20
LONGEST_NAME = 200
LONGEST_KEY = 200
RETRY_SECONDS = 5
TRIES = 5  # each loses only to another delivery of the same bytes that was refused or withdrawn meanwhile
MAGIC_BYTES = 4
KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}", re.ASCII)
FIRST_BYTES = {
    "identity": re.compile(rb""),
    "gzip": re.compile(rb"\x1f\x8b"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # a frame, or a skippable one before it
}
SPELLINGS = {"": "identity", "x-gzip": "gzip"}


@dataclass(frozen=True, slots=True)
class Door:
    """Where deliveries are received: database, folder of raw files, the most bytes of one."""

    database: Database
    folder: Path
    max_bytes: int

    @property
    def home(self) -> Path:
        """The data folder."""
        return self.folder.parent

    @staticmethod
    def at(database: Database, home: Path, max_upload_mb: int) -> Door:
        """Return the door whose raw files lie in the data folder `home`."""
        return Door(database, home / "uploads", max_upload_mb * MEGABYTE)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who delivers: the carrier, by which way, and as whom (a key's id, an account, `command`)."""

    carrier: Carrier
    origin: Origin
    name: str


@dataclass(frozen=True, slots=True)
class _Delivery:
    """What is known of a delivery besides its bytes."""

    sender: Sender
    file_name: str
    received_at: datetime
    idempotency_key: str | None


def receive(
    door: Door,
    sender: Sender,
    chunks: Iterable[bytes],
    *,
    file_name: str,
    now: datetime,
    idempotency_key: str | None = None,
    expected_size: int | None = None,
    encoding: str | None = None,
) -> Receipt:
    """Keep a body and queue it to be read; return its receipt, of the earlier delivery where it was one (`replayed`).

    `expected_size`: the announced number of bytes. `encoding`: the announced Content-Encoding; the bytes are kept as
    they come. The body may stay unread where its key was withdrawn. Raises DoorError; then nothing was kept.
    """
    if idempotency_key is not None and KEY.fullmatch(idempotency_key) is None:
        raise IdempotencyKeyUnfit(longest=LONGEST_KEY)
    sized = _sized(chunks, door.max_bytes, expected_size)
    body = _whole(_encoded(sized, encoding), expected_size, sender.origin)
    delivery = _Delivery(sender, _plain_name(file_name), now, idempotency_key)
    before = _find_by_key(door, delivery)
    if before is not None:
        return _same_again(before, _hash_of(body))
    with _alone(door, delivery), Incoming(door.folder) as incoming:
        for chunk in body:
            incoming.write(chunk)
        return _keep(door, delivery, incoming)


def _alone(door: Door, delivery: _Delivery) -> AbstractContextManager[None]:
    """Hold the delivery's key, if it has one, against a second request that sends under it."""
    if delivery.idempotency_key is None:
        return nullcontext()
    return in_flight(door.folder, f"{delivery.sender.carrier.id}:{delivery.idempotency_key}")


def _keep(door: Door, delivery: _Delivery, incoming: Incoming) -> Receipt:
    for _try in range(TRIES):
        with _outages_at_the_door(), door.database.read() as connection:
            living = uploads.find_live(connection, delivery.sender.carrier.id, incoming.sha256)
        if living is not None:
            return replace(living, replayed=True)
        incoming.keep()
        try:
            with _outages_at_the_door():
                return _record(door, delivery, incoming)
        except AlreadyThere:
            before = _find_by_key(door, delivery)
            if before is not None:
                return _same_again(before, incoming.sha256)
        except DiskFull:
            incoming.take_back()  # a full database keeps nothing, certainly
            raise
    raise DoorBusy(retry_after=RETRY_SECONDS)


def _record(door: Door, delivery: _Delivery, incoming: Incoming) -> Receipt:
    facts: dict[str, Any] = {
        "file_name": delivery.file_name,
        "sha256": incoming.sha256,
        "size_bytes": incoming.size_bytes,
        "received_at": delivery.received_at,
        "origin": delivery.sender.origin,
        "sent_by": delivery.sender.name,
        "idempotency_key": delivery.idempotency_key,
        "raw_name": incoming.keep(),
    }
    with door.database.begin() as connection:
        upload_id = uploads.record_received(connection, delivery.sender.carrier.id, facts)
        jobs.enqueue(connection, TAKE_IN, str(upload_id))
        receipt = uploads.get_receipt(connection, upload_id)
        incoming.let_go()  # the commit comes next: from here on a row may name the file
    return receipt


def _find_by_key(door: Door, delivery: _Delivery) -> Receipt | None:
    if delivery.idempotency_key is None:
        return None
    with _outages_at_the_door(), door.database.read() as connection:
        before = uploads.find_by_key(connection, delivery.sender.carrier.id, delivery.idempotency_key)
    if before is not None and before.state == "withdrawn":
        raise UploadWithdrawn(id=before.id)
    return before


def _same_again(before: Receipt, sha256: str) -> Receipt:
    if before.sha256 != sha256:
        raise IdempotencyKeyReused(id=before.id)
    return replace(before, replayed=True)


def _hash_of(body: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in body:
        digest.update(chunk)
    return digest.hexdigest()


def _sized(chunks: Iterable[bytes], max_bytes: int, expected_size: int | None) -> Iterator[bytes]:
    """Yield the chunks, and refuse as soon as it is clear that they are too many; a broken connection is a cut body."""
    too_large = UploadTooLarge(limit_mb=max_bytes // MEGABYTE)
    if expected_size is not None and expected_size > max_bytes:
        raise too_large
    received = 0
    rest = iter(chunks)
    while True:
        try:
            chunk = next(rest, None)
        except OSError as problem:
            raise BodyCutOff(received=received) from problem
        if chunk is None:
            return
        received += len(chunk)
        if received > max_bytes:
            raise too_large
        yield chunk


def _encoded(chunks: Iterable[bytes], encoding: str | None) -> Iterator[bytes]:
    """Yield the chunks, and refuse them where their first bytes are not what the Content-Encoding says."""
    spelled = (encoding or "").strip().lower()
    pattern = FIRST_BYTES.get(SPELLINGS.get(spelled, spelled))
    if pattern is None:
        raise ContentEncodingUnknown(encoding=quoted(spelled))
    mismatch = ContentEncodingMismatch(encoding=quoted(spelled))
    start: bytes | None = b""
    for chunk in chunks:
        if start is None:
            yield chunk
            continue
        start += chunk
        if len(start) >= MAGIC_BYTES:
            if pattern.match(start) is None:
                raise mismatch
            yield start
            start = None
    if start:
        if pattern.match(start) is None:
            raise mismatch
        yield start


def _whole(chunks: Iterable[bytes], expected_size: int | None, origin: Origin) -> Iterator[bytes]:
    """Yield the chunks, and refuse them in the end where there were not as many bytes as announced.

    No bytes at all are a mistake in a request; a file on this machine that is empty gets a receipt that says so.
    """
    received = 0
    for chunk in chunks:
        received += len(chunk)
        yield chunk
    if expected_size not in {None, received}:
        raise BodyCutOff(received=received)
    if not received and origin != "command":
        raise BodyEmpty


def _plain_name(file_name: str) -> str:
    """Return a file's name as it may stand in a row and on a page: its last part, printable, of sensible length."""
    name = re.split(r"[/\\]", file_name)[-1]
    printable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in name)
    return printable[:LONGEST_NAME]


@contextmanager
def _outages_at_the_door() -> Iterator[None]:
    """Say of a full or absent database what the sender can do about it."""
    try:
        with outages_named():
            yield
    except StorageFull as problem:
        raise DiskFull from problem
    except DatabaseAway as problem:
        raise DoorBusy(retry_after=RETRY_SECONDS) from problem
