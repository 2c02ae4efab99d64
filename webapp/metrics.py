"""The numbers of the service in Prometheus' words, read from the database when they are asked for (docs/metrics.md).

Promises: every process tells the same, also after a restart; no number of people, no file name and no key is told.
Does not: say who may read them; the table of `access` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from store.outages import outages_named
from store.tallies import Tallies, tallies
from webapp.context import web

blueprint = Blueprint("metrics", __name__)


class _Read(Collector):
    """One reading, as Prometheus' families."""

    def __init__(self, found: Tallies) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return families(self._found)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Tell every number as it is now."""
    with outages_named(), web().database.read() as connection:
        found = tallies(connection)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read(found))
    response = Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def families(found: Tallies) -> Iterator[Metric]:
    """Yield every family; docs/metrics.md explains each, and a test keeps it so."""
    yield _by("oryn_uploads", "Deliveries by mobile operator and state.", ("carrier", "state"), found.uploads)
    yield _by("oryn_rows", "Rows of deliveries by mobile operator and outcome.", ("carrier", "outcome"), found.rows)
    yield _by("oryn_jobs", "Jobs by kind and state.", ("kind", "state"), found.jobs)
    waited = _age(found.now, found.oldest_waiting_at) or 0.0
    yield _one("oryn_oldest_waiting_job_age_seconds", "How long the oldest due job has been waiting.", waited)
    yield _one("oryn_dead_jobs", "Jobs that failed too often and wait for a person.", _in(found.jobs, "dead"))
    yield _one("oryn_held_uploads", "Deliveries that wait for headquarters.", _in(found.uploads, "held"))
    yield _one("oryn_dirty_bins", "Base bins that have to be estimated again.", found.dirty_bins)
    newest = _age(found.now, found.newest_release_at)
    if newest is not None:
        yield _one("oryn_newest_release_age_seconds", "Since the start of the newest released base bin.", newest)
    yield _one("oryn_head_counts", "Head counts that stand.", found.head_counts)
    yield _one("oryn_calibration_pairs", "Head counts beside a released estimate.", found.calibration_pairs)
    yield _one("oryn_calibrated", "Whether venues' intervals are calibrated.", float(found.calibrated))
    yield _one("oryn_audit_head_sequence", "Number of the last row of the audit log.", found.audit_sequence)


def _by(name: str, words: str, labels: tuple[str, str], numbers: Mapping[tuple[str, str], int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, number in sorted(numbers.items()):
        family.add_metric(values, number)
    return family


def _one(name: str, words: str, number: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=number)


def _in(numbers: Mapping[tuple[str, str], int], state: str) -> int:
    return sum(number for (_of, found), number in numbers.items() if found == state)


def _age(now: datetime, since: datetime | None) -> float | None:
    return None if since is None else max((now - since).total_seconds(), 0.0)
