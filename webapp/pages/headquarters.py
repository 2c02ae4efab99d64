"""The headquarters' page: what needs a person tonight; then who delivers, what came in, and how the venues stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from ingest.faults import sentence
from store import audit, jobs, priors
from store.assess import status_of
from store.carriers import list_carriers
from store.held import held_uploads
from store.priors import PriorLayerRef
from store.records import Carrier, Venue
from store.tallies import states_since
from store.uploads import last_interval_end_by_carrier, receipts_of
from store.venues import list_venues
from webapp.context import web
from webapp.delivery_views import CarrierView
from webapp.languages import language
from webapp.pages.alerts import alerts_of, is_late
from webapp.pages.receipts import ReceiptFacts, receipt_view
from webapp.pages.sections import headquarters_page
from webapp.roles import actor
from webapp.scene import scene_now
from webapp.speech import gettext as _
from webapp.speech import ngettext, number
from webapp.views import StatusCount
from webapp.wording.deliveries_hq import rule_words
from webapp.wording.moments import age_class, age_words, clock
from webapp.wording.venues import status_view

RECEIPTS_SHOWN = 20
RECEIPTS_LOOKED_AT = 500  # for alerts
FILES_DAYS = 14


def show() -> str:
    """Show alerts, carriers with their last time bin, receipts, venues by status, and the head of the log."""
    now = web().clock()
    with web().database.read() as connection:
        scene = scene_now(connection, actor(), web().policy(now), now, [])
        carriers = list_carriers(connection)
        last_ends = last_interval_end_by_carrier(connection)
        receipts = receipts_of(connection, None, RECEIPTS_LOOKED_AT)
        states = states_since(connection, now - timedelta(days=FILES_DAYS))
        venues = list_venues(connection)
        dead, held = jobs.jobs_in(connection, ["dead"]), held_uploads(connection)
        head, prior = audit.head(connection), priors.newest_layer(connection)
    facts = ReceiptFacts(names={one.code: one.name for one in carriers})
    statuses = _status_counts(venues, now)
    return headquarters_page(
        "hq.html",
        alerts=alerts_of(dead, receipts, held, carriers, last_ends, now),
        carriers=[_carrier_view(one, last_ends.get(one.id), states.get(one.code, {}), now) for one in carriers],
        receipts=[receipt_view(receipt, now, facts=facts) for receipt in receipts[:RECEIPTS_SHOWN]],
        files_heading=ngettext("Files of the last %(num)d day", "Files of the last %(num)d days", FILES_DAYS),
        statuses=statuses,
        rule_words={one.status.rule: rule_words(one.status.rule) for one in statuses},
        venue_count=len(venues),
        observed_words=age_words(scene.observed_at, now) if scene.observed_at else _("no data yet"),
        observed_clock=clock(scene.observed_at, now) if scene.observed_at else "",
        prior_words=_prior_words(prior, now) if prior else None,
        head=head,
        row_count=number(head.sequence),
    )


def _carrier_view(carrier: Carrier, last_end: datetime | None, states: Mapping[str, int], now: datetime) -> CarrierView:
    return CarrierView(
        code=carrier.code,
        name=carrier.name,
        last_bin_clock=clock(last_end, now) if last_end else None,
        lateness_words=age_words(last_end, now) if last_end else _("has not delivered yet"),
        lateness_class=age_class(last_end, now) if last_end else "old",
        upload_count=number(sum(states.values())),
        refused_count=number(states.get("refused", 0)),
        is_late=is_late(last_end, now),
    )


def _prior_words(layer: PriorLayerRef, now: datetime) -> str:
    return _(
        "Loaded: %(kind)s from %(file)s, %(clock)s. How far it is believed is learnt from the counts.",
        kind=sentence(f"prior-kind-{layer.kind.replace('_', '-')}", {}, language()),
        file=layer.source,
        clock=clock(layer.loaded_at, now),
    )


def _status_counts(venues: list[Venue], now: datetime) -> list[StatusCount]:
    statuses = {venue.id: status_of(venue, web().policies, now) for venue in venues}
    counts = Counter((status.colour, status.rule, status.word) for status in statuses.values())
    examples = {(status.colour, status.rule, status.word): status for status in statuses.values()}
    return [StatusCount(status_view(examples[key]), count) for key, count in counts.most_common()]
