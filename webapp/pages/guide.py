"""The guide for machines: every step from the key to the withdrawal as lines to paste, with this address in them."""

from __future__ import annotations

from flask import request

from store import carriers
from store.uploads import source_area_codes
from webapp.context import web
from webapp.guide_lines import guide_steps, hourly_script, sample_area
from webapp.pages.sections import carrier_page
from webapp.roles import CARRIER, actor, roles_of
from webapp.wording.guide import step_title, step_words


def show() -> str:
    """Show the guide; to a signed-in operator with one of its own areas in the sample."""
    parts = web()
    now = parts.clock()
    minutes = parts.policy(now).delivery.token_minutes
    address = own_address()
    steps = [
        {"step": step, "title": step_title(step.code), "words": step_words(step.code, minutes)}
        for step in guide_steps(address, sample_area(_known_areas()), parts.local(now))
    ]
    is_carrier = CARRIER in roles_of(actor())
    return carrier_page("guide.html", steps=steps, script=hourly_script(address), is_carrier=is_carrier)


def own_address() -> str:
    """Return the address under which the reader reached this installation."""
    scheme = "https" if web().settings.https else request.scheme
    return f"{scheme}://{request.host}"


def _known_areas() -> list[str]:
    account = actor()
    if account is None or not account.carrier_code:
        return []
    with web().database.read() as connection:
        carrier = carriers.get_carrier(connection, account.carrier_code)
        return sorted(source_area_codes(connection, carrier.id))
