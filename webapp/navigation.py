"""The way between the pages: what the signed-in person can use, and nothing else."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, request, url_for

from webapp.access import PUBLIC, TABLE
from webapp.roles import actor, roles_of
from webapp.speech import gettext as _

OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]*", re.ASCII)


def install(app: Flask) -> None:
    """Let templates ask for the navigation and for who is signed in."""
    app.jinja_env.globals.update(
        navigation=navigation, own_page=own_page, signed_in=signed_in, account_name=account_name
    )


def navigation() -> list[dict[str, Any]]:
    """Return the pages that this person may open."""
    pages = {
        "pages.map_page": _("Map"),
        "pages.my": _("My venues"),
        "pages.carriers": _("My deliveries"),
        "pages.headquarters": _("Headquarters"),
        "pages.hq_accounts": _("People"),
        "pages.transparency": _("Transparency"),
    }
    mine = roles_of(actor()) | PUBLIC
    return [
        {"url": url_for(endpoint), "words": words, "current": request.endpoint == endpoint}
        for endpoint, words in pages.items()
        if TABLE[endpoint, "GET"] & mine
    ]


def own_page(asked: str | None) -> str | None:
    """Return where to go after signing in, if that is a path here; an address elsewhere is left out of the form."""
    return asked if asked and OWN_PATH.fullmatch(asked) else None


def head_count_url(venue_id: str) -> str | None:
    """Return where this person enters head counts of a venue; None for who may not, and for the own venue."""
    account = actor()
    allowed = TABLE["pages.head_counts", "POST"] & roles_of(account)
    if account is None or not allowed or venue_id in account.venue_ids:
        return None
    return url_for("pages.head_counts", venue_id=venue_id)


def signed_in() -> bool:
    """Tell whether somebody is signed in."""
    return actor() is not None


def account_name() -> str:
    """Return the name of who is signed in."""
    account = actor()
    return account.name if account else ""
