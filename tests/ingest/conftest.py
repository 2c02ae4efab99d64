"""Furniture of the tests of the middle: a town on SQLite, one on both databases, and an empty database to copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.policy import Policy
from store.database import Database, open_database
from store.migrate import upgrade
from tests.ingest.town import Town


@pytest.fixture
def town(sqlite_database: Database, policy: Policy, tmp_path: Path) -> Town:
    """A town without carriers, on SQLite."""
    return Town(sqlite_database, policy, tmp_path)


@pytest.fixture
def any_town(database: Database, policy: Policy, tmp_path: Path) -> Town:
    """A town without carriers, on each kind of database."""
    return Town(database, policy, tmp_path)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty, migrated SQLite database, to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    database = open_database(None, folder)
    upgrade(database)
    database.close()
    return folder
