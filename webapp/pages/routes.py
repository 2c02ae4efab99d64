"""The pages and their addresses."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages import (
    account_routes,
    carriers,
    delivery_routes,
    guide,
    headquarters,
    map_page,
    my,
    transparency_routes,
    venue_page,
)

blueprint = Blueprint("pages", __name__)
blueprint.add_url_rule("/", "map_page", map_page.show)
blueprint.add_url_rule("/venues/<string:venue_id>", "venue_page", venue_page.show)
blueprint.add_url_rule("/my", "my", my.show)
blueprint.add_url_rule("/carriers", "carriers", carriers.show)
blueprint.add_url_rule("/carriers/guide", "guide", guide.show)
blueprint.add_url_rule("/hq", "headquarters", headquarters.show)
account_routes.add_to(blueprint)
delivery_routes.add_to(blueprint)
transparency_routes.add_to(blueprint)
