"""The pages and their addresses."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages import carriers, headquarters, map_page, my, second_factor, venue_page

blueprint = Blueprint("pages", __name__)
blueprint.add_url_rule("/", "map_page", map_page.show)
blueprint.add_url_rule("/venues/<string:venue_id>", "venue_page", venue_page.show)
blueprint.add_url_rule("/my", "my", my.show)
blueprint.add_url_rule("/carriers", "carriers", carriers.show)
blueprint.add_url_rule("/carriers/receipts/<int:receipt_id>", "receipt", carriers.show_receipt)
blueprint.add_url_rule("/hq", "headquarters", headquarters.show)
blueprint.add_url_rule("/account/second-factor", "second_factor", second_factor.show, methods=["GET", "POST"])
blueprint.add_url_rule(
    "/account/second-factor/confirm", "confirm_second_factor", second_factor.confirm, methods=["POST"]
)
