"""A dry run: a file is borrowed for as long as its checks run, and the report is a page that can be printed."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest.door_errors import BodyCutOff, BodyEmpty, UploadTooLarge
from ingest.dry_run_process import dry_run_apart
from ingest.spool import full_disk_named, make_folder
from store.records import Carrier
from webapp.context import web
from webapp.delivery_views import CheckView, DryRunView, FaultView
from webapp.incoming import IncomingFile
from webapp.pages.sections import carrier_page
from webapp.speech import number
from webapp.wording import checks, deliveries

FAULTS_SHOWN = 200
SENTENCES_SHOWN = 5
FEWEST_TOGETHER = 2
MEGABYTE = 1 << 20
BORROWED = "borrowed"
DEAD_SECONDS = 24 * 3600  # no check takes so long: whoever borrowed it was killed


def report(file: IncomingFile, carrier: Carrier) -> str:
    """Check a file and return the report; raise DoorError where it did not come whole, or nobody can check it now."""
    parts = web()
    now = parts.clock()
    with borrowed(file) as path:
        found = dry_run_apart(parts.settings, carrier.code, path, file.name, now)
    return carrier_page("dry_run.html", trial=trial_view(found, file.name))


@contextmanager
def borrowed(file: IncomingFile) -> Iterator[Path]:
    """Write a file into a folder of its own that is gone afterwards, whatever happens."""
    settings = web().settings
    place = settings.prepare_home() / BORROWED
    with full_disk_named():
        make_folder(place)
        _sweep(place)
        with tempfile.TemporaryDirectory(dir=place) as folder:
            path = Path(folder) / "delivery"
            _write(file, path, settings.max_upload_mb)
            yield path


def trial_view(found: Mapping[str, Any], file_name: str) -> DryRunView:
    """Return the report in words."""
    rows = (found["rows_accepted"], found["rows_rejected"], found["rows_held"])
    told = _checks(found["results"])
    said = {words for check in told for words in check.sentences}
    faults = [_fault(one) for one in found["faults"][:FAULTS_SHOWN]]
    return DryRunView(
        file_name=deliveries.file_words(file_name),
        sign=checks.SIGN_OF_STATE[found["would_be"]],
        would_be_words=checks.would_be_words(found["would_be"], rows[0]),
        meaning_words=checks.would_be_meaning(found["would_be"]),
        rows_in=number(found["rows_in"]),
        sum_words=deliveries.sum_words(*rows),
        parts=deliveries.row_parts(*rows),
        hidden_words=deliveries.hidden_words(found["rows_suppressed"]),
        checks=told,
        fault_count=found["fault_count"],
        faults=faults,
        more_faults_words=deliveries.more_faults_words(found["fault_count"] - len(faults)),
        notes=[words for words in _sentences(found["notes"]) if words not in said],
    )


def _checks(results: Sequence[Mapping[str, Any]]) -> list[CheckView]:
    """Return the checks in their order; several that could not run for the same reason are one line, the last."""
    idle = [one for one in results if one["outcome"] == "not-checked"]
    told = [_check(one) for one in idle]
    reasons = [one.sentences for one in told]
    if len(told) < FEWEST_TOGETHER or any(one != reasons[0] for one in reasons):
        return [_check(one) for one in results]
    together = CheckView(
        code="not-run",
        outcome="not-checked",
        words=checks.others_words(len(told), len(results)),
        outcome_words=checks.outcome_words("not-checked"),
        sentences=[*reasons[0], checks.names_words(one["check"] for one in idle)],
    )
    return [*(_check(one) for one in results if one["outcome"] != "not-checked"), together]


def _check(result: Mapping[str, Any]) -> CheckView:
    return CheckView(
        code=result["check"],
        outcome=result["outcome"],
        words=checks.check_words(result["check"]),
        outcome_words=checks.outcome_words(result["outcome"]),
        sentences=_sentences(result["findings"])[:SENTENCES_SHOWN],
    )


def _fault(one: Mapping[str, Any]) -> FaultView:
    return deliveries.fault_view(one["code"], one["line"], one["column"], one["params"])


def _sentences(found: Sequence[Mapping[str, Any]]) -> list[str]:
    return deliveries.reasons_of((one["code"], one["params"]) for one in found)


def _sweep(place: Path) -> None:
    for folder in place.iterdir():
        if time.time() - folder.stat().st_mtime > DEAD_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _write(file: IncomingFile, path: Path, max_mb: int) -> None:
    received = 0
    with path.open("wb") as target:
        try:
            for piece in file.pieces:
                received += len(piece)
                if received > max_mb * MEGABYTE:
                    raise UploadTooLarge(limit_mb=max_mb)
                target.write(piece)
        except ConnectionError as gone:
            raise BodyCutOff(received=received) from gone
    if file.size not in {None, received}:
        raise BodyCutOff(received=received)
    if not received:
        raise BodyEmpty
