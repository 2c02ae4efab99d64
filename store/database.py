"""Open the database: SQLite in the data folder by default, PostgreSQL by address.

SQLite before 3.51.3 can corrupt a database in WAL mode when two connections write at once (the WAL-reset fault), so
WAL is used only with a mended SQLite; otherwise the rollback journal with full synchronisation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa

from store.errors import DatabaseTooOld

MENDED_LINES = ((3, 44, 6), (3, 50, 7))
MENDED_FROM = (3, 51, 3)
BUSY_TIMEOUT_MS = 30_000
WRITE = {"oryn_write": True}

Connection = sa.Connection  # what the other packages call it: only the store speaks SQLAlchemy


class Database:
    """A database and the two ways to use it: `read()` (deferred) and `begin()` (one write transaction)."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Yield a connection for reading; nothing is kept."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Yield a connection inside one write transaction: all of it happens, or none."""
        with self.engine.connect().execution_options(**WRITE) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str | None, home: Path) -> Database:
    """Open the database at `url`, or the embedded one in `home`."""
    address = sa.make_url(url or f"sqlite:///{home / 'oryn.sqlite3'}")
    if address.get_backend_name() == "sqlite":
        return Database(_sqlite_engine(address))
    if address.drivername in {"postgres", "postgresql"}:
        address = address.set(drivername="postgresql+psycopg")
    return Database(sa.create_engine(address, pool_pre_ping=True))


def sqlite_module() -> ModuleType:
    """Return the SQLite driver: the wheel with a mended library where there is one, else Python's own."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        import sqlite3 as dbapi2  # type: ignore[no-redef,unused-ignore]
    return dbapi2  # type: ignore[no-any-return,unused-ignore]


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Tell whether this SQLite has the WAL-reset fault mended (3.51.3, back-ported to 3.44.6 and 3.50.7)."""
    return version >= MENDED_FROM or any(version[:2] == line[:2] and version >= line for line in MENDED_LINES)


def schema_is_current(database: Database) -> bool:
    """Tell whether every migration has been applied."""
    from store.migrate import current_revision, head_revision

    return current_revision(database) == head_revision()


def require_current_schema(database: Database) -> None:
    """Raise DatabaseTooOld unless every migration has been applied."""
    if not schema_is_current(database):
        raise DatabaseTooOld(database=database.engine.url.render_as_string(hide_password=True))


def _sqlite_engine(address: sa.URL) -> sa.Engine:
    driver = sqlite_module()
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(address.set(drivername="sqlite+pysqlite"), module=driver)
    journal = "WAL" if wal_is_safe(driver.sqlite_version_info) else "DELETE"

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below decides, not the driver's guess
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute(f"PRAGMA journal_mode={journal}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA secure_delete=ON")  # what retention deletes is overwritten, and so is every moved row
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("oryn_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
