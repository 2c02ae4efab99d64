"""The schema: migrations make what the tables say, up and down, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import store.account_acts
import store.audit
import store.carrier_keys
import store.estimation_tables
import store.guesses
import store.held
import store.jobs
import store.schema
import store.usual_weeks
import store.venue_reads
from store.database import Database, schema_is_current, wal_is_safe
from store.migrate import current_revision, downgrade, head_revision, upgrade


def test_a_migrated_database_has_exactly_the_tables_of_the_code(database: Database) -> None:
    assert store.account_acts.__name__ in {"store.account_acts"}  # its models stand in the same metadata
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), store.schema.metadata) == []


def test_migrations_go_down_to_nothing_and_up_again(database: Database) -> None:
    downgrade(database, "base")
    assert current_revision(database) is None
    assert not schema_is_current(database)
    upgrade(database)
    assert current_revision(database) == head_revision()


def test_wal_is_used_only_with_a_sqlite_that_has_the_wal_reset_fault_mended() -> None:
    mended, faulty = [(3, 51, 3), (3, 53, 4), (3, 44, 6), (3, 50, 7)], [(3, 40, 1), (3, 44, 5), (3, 50, 6), (3, 51, 2)]
    expected = dict.fromkeys(mended, True) | dict.fromkeys(faulty, False)
    assert expected == {version: wal_is_safe(version) for version in expected}
