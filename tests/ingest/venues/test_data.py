"""The lists of synonyms and kinds agree with the policy and with the records of the store."""

from __future__ import annotations

import sqlalchemy as sa

from ingest.venues.columns import known_categories, longest, synonyms, tidy_key
from store.schema import venue
from tests.rules.builders import draft_policy


def test_a_registry_may_name_exactly_the_kinds_of_the_policy() -> None:
    assert known_categories() == set(draft_policy().categories)


def test_no_column_name_means_two_things_and_all_are_written_tidily() -> None:
    names = [name for words in synonyms().values() for name in words]
    assert len(set(names)) == len(names)
    assert all(tidy_key(name) == name for name in names)


def test_no_text_is_longer_than_the_store_keeps() -> None:
    for word, most in longest().items():
        kind = venue.c[word].type
        assert isinstance(kind, sa.String)
        assert kind.length == most
