"""The web application, put together: who is there, may they, then the view; headers and errors around it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apiflask import APIFlask
from werkzeug.datastructures import ImmutableDict

from config.settings import Settings
from store.database import Database, open_database
from webapp import (
    access,
    assets,
    bearer,
    compression,
    headers,
    health,
    languages,
    metrics,
    navigation,
    problems,
    sessions,
    signing_in,
)
from webapp.api import machine_routes, openapi, routes
from webapp.context import KEY, Web
from webapp.pages import routes as pages
from webapp.pages import upload

MAX_BODY_BYTES = 64 * 1024  # forms only: deliveries of counts have their own way in


class _Oryn(APIFlask):
    """No method answers that the table of access does not name: not OPTIONS either, for static files too."""

    default_config = ImmutableDict({**APIFlask.default_config, "PROVIDE_AUTOMATIC_OPTIONS": False})


def create_app(settings: Settings, clock: Callable[[], datetime], database: Database | None = None) -> APIFlask:
    """Return the application for `settings`; `database` stands in for the one that the settings name."""
    app = _Oryn(
        __name__,
        title="Oryn",
        version=openapi.VERSION,
        spec_path=openapi.PATH,
        docs_path=None,
        json_errors=False,
        static_url_path=assets.URL_PATH,
        static_folder=str(assets.FOLDER),
    )
    home = settings.prepare_home()
    parts = Web(settings, clock, database or open_database(settings.database_url, home))
    app.extensions[KEY] = parts
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES)
    compiled = home / "translations"
    # The order is the order of the questions: what may be sent back, who is there, may they, is the form ours.
    compression.install(app)
    headers.install(app, settings.https)
    languages.install(app, compiled, settings.https)
    problems.install(app)
    sessions.install(app)
    bearer.install(app)
    access.install(app)
    signing_in.install(app, parts, str(compiled))
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # only now: signing in has put its own in place
    upload.install(app)
    assets.install(app)
    navigation.install(app)
    openapi.install(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(routes.blueprint)
    machine_routes.install(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    return app
