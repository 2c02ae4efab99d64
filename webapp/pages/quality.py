"""The operator's own quality page: lateness, gaps, rejected and held rows, hidden counts, agreement with the others."""

from __future__ import annotations

from ingest.quality import quality_of
from store import carriers
from webapp.context import web
from webapp.pages.carriers import own_code
from webapp.pages.sections import carrier_page
from webapp.wording.quality import lead_words, metrics_of
from webapp.wording.reasons import refused_words

DAYS = 14


def show() -> str:
    """Show the last two weeks of the signed-in person's operator, and of no other."""
    now = web().clock()
    policy = web().policy(now)
    with web().database.read() as connection:
        quality = quality_of(connection, carriers.get_carrier(connection, own_code()), policy, now, DAYS)
    metrics = metrics_of(quality, policy.delivery)
    refused = refused_words(quality.whole.refused)
    return carrier_page(
        "quality.html", lead=lead_words(quality, metrics), metrics=metrics, refused=refused, days=len(quality.days)
    )
