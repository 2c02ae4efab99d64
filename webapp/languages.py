"""The reader's language: asked for by ?lang=, remembered in a cookie, else what the browser prefers.

The catalogues are the committed .po files; what Flask-Babel reads is compiled from them into the data folder, so that
an installation whose code cannot be written to works as well, and no compiled file can be older than its source.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, Response, g, request, url_for
from flask_babel import Babel

from webapp.speech import ngettext, number

CATALOGUES = Path(__file__).parent / "translations"
LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
COOKIE = "oryn-language"
ONE_YEAR_SECONDS = 365 * 24 * 3600
DEFAULT = "en"


def install(app: Flask, compiled: Path, secure: bool) -> None:
    """Speak three languages; compile the catalogues into `compiled` where they are newer."""
    compile_catalogues(compiled)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(compiled)
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT
    Babel(app, locale_selector=language)
    app.jinja_env.globals.update(language_choices=language_choices, ngettext=ngettext, number=number)
    app.context_processor(lambda: {"language": language()})

    @app.after_request
    def _remember(response: Response) -> Response:
        if request.args.get("lang") in LANGUAGES and request.method == "GET":
            response.set_cookie(
                COOKIE, language(), max_age=ONE_YEAR_SECONDS, samesite="Lax", secure=secure, httponly=True
            )
        return response


def language() -> str:
    """Return the language of this request: kk, ru or en."""
    if "language" not in g:
        g.language = _chosen()
    return str(g.language)


def language_choices() -> list[dict[str, Any]]:
    """Return the three languages, each with the address of this very page in it."""
    return [
        {"code": code, "words": words, "url": _here_in(code), "current": code == language()}
        for code, words in LANGUAGES.items()
    ]


def compile_catalogues(target: Path) -> None:
    """Write a .mo for each .po that is newer than it."""
    for source in sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")):
        compiled = target / source.relative_to(CATALOGUES).with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns:
            _compile(source, compiled)


def _chosen() -> str:
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT


def _here_in(code: str) -> str:
    if request.endpoint is None or request.method != "GET":
        return f"{url_for('pages.map_page')}?{urlencode({'lang': code})}"
    # Joined by hand: url_for would take ?_scheme= and its like from the address as orders.
    return f"{quote(request.path)}?{urlencode(request.args.to_dict(flat=True) | {'lang': code})}"


def _compile(source: Path, compiled: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled.parent.mkdir(parents=True, exist_ok=True)
    partial = compiled.with_name(f"{compiled.name}.{os.getpid()}")
    with source.open("rb") as po, partial.open("wb") as mo:
        write_mo(mo, read_po(po))
    partial.replace(compiled)
