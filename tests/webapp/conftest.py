"""Furniture of the web tests: the application over the small world, browsers of each kind, counted queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from config.settings import Settings
from store.database import Database
from tests.webapp.browser import Browser
from tests.webapp.world import SECRET_KEY, World, build_world
from webapp.app import create_app


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture(scope="session")
def translations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Catalogues compiled once for all tests."""
    from webapp.languages import compile_catalogues

    folder = tmp_path_factory.mktemp("translations")
    compile_catalogues(folder)
    return folder


@pytest.fixture
def world(sqlite_database: Database, now: datetime) -> World:
    return build_world(sqlite_database, now)


@pytest.fixture
def app(world: World, clock: Clock, tmp_path: Path, translations: Path) -> Flask:
    return make_app(world.database, clock, tmp_path, translations)


@pytest.fixture
def both_worlds(database: Database, now: datetime) -> World:
    """The small world, once on SQLite and once on PostgreSQL."""
    return build_world(database, now)


@pytest.fixture
def both_apps(both_worlds: World, clock: Clock, tmp_path: Path, translations: Path) -> Flask:
    return make_app(both_worlds.database, clock, tmp_path, translations)


def make_app(database: Database, clock: Clock, home: Path, translations: Path, **settings: Any) -> Flask:
    """Put the application together over a database that is there already."""
    if not (home / "translations").exists():
        (home / "translations").symlink_to(translations)
    given: dict[str, Any] = {"home": home, "secret_key": SECRET_KEY} | settings
    app = create_app(Settings(**given), clock, database)
    app.testing = False  # errors are answered as in production, not raised
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def browser(app: Flask) -> Callable[[str], Browser]:
    """Make a signed-in browser for a person of the world, or a stranger's ("anonymous")."""

    def make(name: str = "anonymous") -> Browser:
        one = Browser(app)
        if name != "anonymous":
            one.sign_in(name)
        return one

    return make


class Queries(list[str]):
    """The statements that were sent."""


@pytest.fixture
def at_most(app: Flask) -> Callable[[int], Any]:
    """Fail where a block sends more statements than allowed."""

    @contextmanager
    def allow(count: int) -> Iterator[Queries]:
        engine, sent = app.extensions["oryn"].database.engine, Queries()

        def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            sent.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        assert len(sent) <= count, "\n".join(sent)

    return allow
