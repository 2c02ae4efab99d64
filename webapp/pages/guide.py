"""The guide for machines: every step from the key to the withdrawal as lines to paste, with this address in them."""

from __future__ import annotations

from flask import request

from store import carriers
from store.uploads import source_area_codes
from webapp.context import web
from webapp.guide_lines import AREA_PLACE, guide_steps, hourly_script, sample_area
from webapp.pages.sections import carrier_page
from webapp.roles import CARRIER, actor, roles_of
from webapp.wording.guide import area_words, step_title, step_words


def show() -> str:
    """Show the guide; to a signed-in operator with one of its own areas in the sample."""
    parts = web()
    minutes = parts.policy(parts.clock()).delivery.token_minutes
    address, area = own_address(), _area()
    steps = [
        {"step": step, "title": step_title(step.code), "words": step_words(step.code, minutes)}
        for step in guide_steps(address, area)
    ]
    is_carrier = CARRIER in roles_of(actor())
    return carrier_page(
        "guide.html", steps=steps, area=area_words(area), script=hourly_script(address), is_carrier=is_carrier
    )


def own_address() -> str:
    """Return the address under which the reader reached this installation."""
    scheme = "https" if web().settings.https else request.scheme
    return f"{scheme}://{request.host}"


def _area() -> str:
    """Return an area that the reader may deliver: one of its own, or where to put one; a hexagon needs no coverage."""
    account = actor()
    if account is None or not account.carrier_code:
        return AREA_PLACE
    with web().database.read() as connection:
        carrier = carriers.get_carrier(connection, account.carrier_code)
        known = sorted(source_area_codes(connection, carrier.id))
        if carriers.list_coverages(connection, carrier.id):
            return sample_area(known, AREA_PLACE)
    return sample_area(known)
