"""What days that took no part in choosing the settings say of the map: counts predicted from the other operators'.

Promises: of the newest coverages only, of released bins of days that the fit has not seen; two hours a day of at most a
week; nothing is computed again while their counts are the same. What is kept holds no number of a source area and none
of a single operator; with two operators, where one could read the other's agreement from it, none (contract C3).
Does not: change an estimate; hexagons stay as wide as the fit has found (`Theta.interval_factor`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from geo.held_out import HeldOut, held_out
from ingest.bin_inputs import BinInputs, named
from ingest.estimating import Estimator
from ingest.fitted import InForce
from ingest.fitting import SAMPLE_SPAN
from ingest.memory import Memory
from ingest.priors import PriorLayer, read_layer
from ingest.revoking import not_frozen
from ingest.weights_cache import WeightsCache
from ingest.world import World
from rules.policy import Policy
from store import calibrations, fits, releases
from store.database import Connection, Database

METHOD = "held-out-1"
DAYS, HOURS = 7, (9, 21)  # a week has every day, and a morning is another city than an evening
LEAST_COUNTS = 200
LEAST_DAYS = 2
PROMISES = (0.5, 0.8, 0.9, 0.95)
DIGITS = 4
TOO_TELLING = 2  # operators: each could read the other's agreement


def check(database: Database, policy: Policy, cache: WeightsCache, now: datetime) -> bool:
    """Predict counts of held-out days and keep what came out; tell whether there were days enough for that."""
    if policy.estimation.method != "joint":
        return True
    with database.read() as connection:
        world = World(connection, cache)
        sets = world.in_force()
        estimator = Estimator(connection, world, policy)
        found = estimator.inputs(_bins(connection, policy, sets[-1]) if sets else [])
        inputs = [one for one in found if one is not None and not one.is_activity]
        layer, before = read_layer(connection), calibrations.newest_calibration(connection, calibrations.HEXAGONS)
    digest = named([METHOD, *(one.digest for one in inputs)])
    if before is not None and before.details["inputs"] == digest:
        return bool(before.details["days"] >= LEAST_DAYS)
    memory = Memory()
    checked = [_of_bin(estimator, memory, one, policy, layer) for one in inputs]
    details = _details(inputs, checked, policy) | {"inputs": digest}
    with database.begin() as connection:
        calibrations.save_calibration(
            connection, details["factor"], details["counts"], details, now, scope=calibrations.HEXAGONS
        )
    return bool(details["days"] >= LEAST_DAYS)


def _bins(connection: Connection, policy: Policy, there: InForce) -> list[datetime]:
    """Return the released bins to look at, ascending: the newest days that the fit has not seen."""
    row = next((one for one in fits.list_fits(connection) if one.digest == there.digest), None)
    sample = datetime.fromisoformat(row.evidence["sample"]["bins"][0]) if row is not None else None
    zone = ZoneInfo(policy.timezone)
    chosen = [
        one
        for one in releases.all_bins(connection)
        if one >= there.start
        and not (sample is not None and sample <= one < sample + SAMPLE_SPAN)
        and one.astimezone(zone).hour in HOURS
        and one.astimezone(zone).minute == 0
    ]
    base_bin = timedelta(minutes=policy.counts.base_bin_minutes)
    return not_frozen(connection, chosen, base_bin)[-DAYS * len(HOURS) :]


def _of_bin(
    estimator: Estimator, memory: Memory, inputs: BinInputs, policy: Policy, layer: PriorLayer | None
) -> HeldOut:
    ground = memory.layout(inputs.area, [one.weights for one in inputs.delivered.grounds])
    counts = estimator.counts_of(inputs.delivered)
    over = None if layer is None else layer.over(inputs.area.hexagons)
    return held_out(ground, [counts], inputs.model.theta, layer=over, k_min=policy.counts.k_min)


def _details(inputs: Sequence[BinInputs], found: Sequence[HeldOut], policy: Policy) -> dict[str, Any]:
    """Return what is kept; without enough days, counts or operators only how many there are."""
    zone = ZoneInfo(policy.timezone)
    days = sorted({one.start.astimezone(zone).date() for one in inputs})
    error = np.concatenate([one.error for one in found]) if found else np.zeros(0)
    share = np.concatenate([one.share for one in found]) if found else np.zeros(0)
    carriers = min((len(one.carrier_codes) for one in inputs), default=0)
    factor = inputs[-1].model.theta.interval_factor if inputs else 1.0
    told = len(days) >= LEAST_DAYS and len(error) >= LEAST_COUNTS and carriers != TOO_TELLING
    whole = HeldOut(error, share)
    return {
        "days": len(days),
        "first_day": days[0].isoformat() if days else None,
        "last_day": days[-1].isoformat() if days else None,
        "counts": len(error),
        "factor": round(factor, DIGITS),
        "held": [
            {"promised": one, "held": round(whole.held(NormalDist().inv_cdf((1 + one) / 2), factor), DIGITS)}
            for one in PROMISES
        ]
        if told
        else [],
        "error": round(float(np.median(share)), DIGITS) if told else None,
        "operators": carriers,
    }
