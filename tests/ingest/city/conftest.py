"""One city, built once for all tests of the package."""

import pytest

from ingest.city import City, build_city


@pytest.fixture(scope="session")
def city() -> City:
    return build_city(seed=7, people=1_000_000)
