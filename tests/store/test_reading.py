"""Looking up what cannot be there: an answer, never an error of the database."""

from __future__ import annotations

import pytest

from store.database import Database
from store.errors import NotFound
from store.map_frames import geometry_pack
from store.uploads import get_receipt

BEYOND_EVERY_INTEGER = 10**30


def test_a_receipt_or_a_resolution_beyond_every_integer_is_not_found(database: Database) -> None:
    with database.read() as connection:
        with pytest.raises(NotFound):
            get_receipt(connection, BEYOND_EVERY_INTEGER)
        with pytest.raises(NotFound):
            geometry_pack(connection, "0" * 64, BEYOND_EVERY_INTEGER)
