"""What the commands share: the opened installation, moments as people type them, progress on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.settings import Settings, system_clock
from ingest.faults import Fault, FileRefused, quoted
from ingest.progress import Progress, silent
from ingest.receiving import Door
from rules.policy import Policy, parse_policy, policy_at
from store.database import Database, open_database, require_current_schema, schema_is_current

if TYPE_CHECKING:
    from ingest.pipeline import Workplace
    from ingest.worker import Worker

KNOWN_YEARS = range(1971, 2200)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

WORK = {
    "en": {
        "weights": "computing weights",
        "reading": "reading",
        "fitting": "choosing parameters",
        "estimating": "estimating",
        "publishing": "publishing",
    },
    "ru": {
        "weights": "вычисляются веса",
        "reading": "чтение",
        "fitting": "выбор параметров",
        "estimating": "оценка",
        "publishing": "публикация",
    },
    "kk": {
        "weights": "салмақтар есептелуде",
        "reading": "оқылуда",
        "fitting": "параметрлер таңдалуда",
        "estimating": "бағалау",
        "publishing": "жариялау",
    },
}


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings, database and policies of this machine, and the present moment."""

    settings: Settings
    database: Database
    policies: tuple[Policy, ...]
    now: datetime

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return policy_at(self.policies, self.now)

    @property
    def language(self) -> str:
        """The language of the command line."""
        return self.settings.speech()

    def workplace(self) -> Workplace:
        """Where the pipeline runs."""
        from ingest.pipeline import Workplace

        return Workplace.at(self.database, self.policy, self.settings.home)

    def door(self) -> Door:
        """Where deliveries are received."""
        return Door.at(self.database, self.settings.prepare_home(), self.settings.max_upload_mb)

    @contextmanager
    def worker(self, progress: Progress = silent, name: str = "") -> Iterator[Worker]:
        """Yield a worker of this process; it reads files in a child that is ended with the block."""
        with self._worker(progress, name, {}) as worker:
            yield worker

    @contextmanager
    def own_worker(self, progress: Progress = silent) -> Iterator[Worker]:
        """Yield a worker for what this command brings: older bins that were waiting before are left waiting."""
        with self._worker(progress, "", self.waiting()) as worker:
            yield worker

    def waiting(self) -> dict[datetime, str]:
        """Return the base bins that wait for a worker, with their marks."""
        from store import uploads

        with self.database.read() as connection:
            return uploads.dirty_bins(connection)

    @contextmanager
    def _worker(self, progress: Progress, name: str, leave: Mapping[datetime, str]) -> Iterator[Worker]:
        from ingest.housekeeping import SCRATCH
        from ingest.reading.capped import CappedReader, ReaderLimits
        from ingest.worker import Worker

        with CappedReader(ReaderLimits(), self.settings.prepare_home() / SCRATCH) as reader:
            yield Worker(self.workplace(), self.door(), reader, system_clock, name, progress=progress, leave=leave)


@contextmanager
def installation(*, migrated: bool = True) -> Iterator[Installation]:
    """Open the installation; an embedded database that is not there yet is created, an older one is refused."""
    settings = Settings()
    settings.prepare_home()
    database = open_database(settings.database_url, settings.home)
    try:
        if migrated:
            _prepare(database)
        yield Installation(settings, database, policies_of(settings), system_clock())
    finally:
        database.close()


def policies_of(settings: Settings) -> tuple[Policy, ...]:
    """Read every policy file, oldest first."""
    return tuple(parse_policy(text, name) for name, text in settings.policy_texts())


def moment(text: str) -> datetime:
    """Read `--at`: RFC 3339 with an offset, or `now`."""
    if text == "now":
        return system_clock()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in KNOWN_YEARS:
        raise FileRefused([Fault("moment-unreadable", params={"text": quoted(text)})])
    if found.tzinfo is None:
        raise FileRefused([Fault("moment-without-offset", params={"text": quoted(text)})])
    return found.astimezone(UTC)


@contextmanager
def progress_bar(language: str = "en") -> Iterator[Progress]:
    """Show how far long work is; nothing where nobody looks (stderr is no terminal)."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, what: bar.update(task, completed=share, description=WORK[language].get(what, what))


def _prepare(database: Database) -> None:
    from store.migrate import current_revision, upgrade

    if schema_is_current(database):
        return
    if current_revision(database) is None and database.engine.dialect.name == "sqlite":
        upgrade(database)
    require_current_schema(database)
