"""Every method on every moment of a scenario: numbers for the table, and what the plots are drawn from.

A row is (world, network, seed, moment, method, measure, value); of venues, the moment is before or after head counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.accuracy import measures, multimno, ours, venue_scores, voronoi
from benchmarks.accuracy.measures import MapOnCity
from benchmarks.accuracy.scenario import K_MIN, Moment, Scenario
from benchmarks.accuracy.venue_scores import VenueRows, venue_rows
from geo import hexagons
from geo.hexagons import Floats
from geo.spreading import combine, union_of_hexagons
from geo.weights import compute_weights
from rules.policy import Policy

OURS, LINEAR, VORONOI = "Oryn", "linear spreading", "Voronoi (tobler)"
MULTIMNO, CONVERGED = "multimno", "multimno, converged"
METHODS = (OURS, LINEAR, VORONOI, MULTIMNO, CONVERGED)
BOUND = "(true places, claimed shares)"  # no method: what the shares' errors alone cost
FAR_MOMENT = "evening"  # the moment for which people are moved on the graph, and iterations run to their end
NOMINAL = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
NORMAL_HALF_WIDTHS = (0.6745, 0.8416, 1.0364, 1.2816, 1.6449, 1.9600, 2.5758)

LEAST_VENUES = 50
DRAWS = 20  # of 200 head counts each

Row = tuple[str, str, int, str, str, str, float]


@dataclass(slots=True)
class Scored:
    """What came out of one scenario. `reliability`: share held at each of NOMINAL; `maps` of FAR_MOMENT by method."""

    title: str
    world: str
    network: str
    seed: int
    chosen: str = ""
    rows: list[Row] = field(default_factory=list)
    reliability: Floats | None = None
    maps: dict[str, Floats] = field(default_factory=dict)
    hexagons: np.ndarray | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def score(scenario: Scenario, rules: Policy) -> Scored:
    """Estimate a scenario by every method and measure all of them."""
    scored = Scored(scenario.title, scenario.world, scenario.name, scenario.seed)
    mine = ours.estimate_all(scenario, rules)
    scored.chosen = mine.chosen
    others = {**_linear(scenario, rules), **_published(scenario)}
    held = []
    for number, moment in enumerate(scenario.moments):
        estimate = mine.estimates[number]
        maps = {OURS: measures.on_city(mine.hexagons, estimate.hexagons.present_population, scenario.hexagons)}
        maps |= {name: found[number] for name, found in others.items() if number in found}
        for name, found in maps.items():
            scored.rows += [_row(scenario, moment, name, *one) for one in _map_measures(scenario, moment, found)]
        scored.rows += [_row(scenario, moment, OURS, *one) for one in _intervals(scenario, moment, mine, number)]
        held.append(_reliability(scenario, moment, mine, number))
        if moment.share_bound is not None:
            known = MapOnCity(moment.share_bound, 0.0)
            scored.rows += [_row(scenario, moment, BOUND, *one) for one in _map_measures(scenario, moment, known)]
        for name, found in maps.items():
            rows = _event_measures(scenario, moment, found, mine)
            scored.rows += [_row(scenario, moment, name, *one) for one in rows]
        if moment.label == FAR_MOMENT:
            scored.maps = {"truth": moment.people, **{name: found.people for name, found in maps.items()}}
    if scenario.unhidden is not None:
        scored.rows += _hiding_measures(scenario, ours.estimate_all(scenario.unhidden, rules), mine)
    scored.hexagons = scenario.hexagons
    scored.reliability = np.mean(held, axis=0)
    scored.rows += _venue_measures(scenario, venue_rows(scenario, mine), rules)
    return scored


def _hiding_measures(scenario: Scenario, bare: ours.Ours, mine: ours.Ours) -> list[Row]:
    """Compare totals with those of the same counts unhidden: what hiding alone does."""
    rows = []
    for moment, with_k, without in zip(scenario.moments, mine.estimates, bare.estimates, strict=True):
        hidden, whole = (float(np.nansum(one.hexagons.present_population)) for one in (with_k, without))
        rows.append(_row(scenario, moment, OURS, "total, by hiding alone", hidden / whole - 1.0))
    return rows


def _venue_measures(scenario: Scenario, rows: VenueRows, rules: Policy) -> list[Row]:
    """Measure venues before and after 200 head counts, both on venues that no inspector counted.

    200 counts fix a share to about two points, so that one draw of them would say more of its luck than of the method:
    all are the means over DRAWS of them.
    """
    draws = [venue_scores.split(rows, DRAWS * scenario.seed + number) for number in range(DRAWS)]
    if len(draws[0][1].truth) < LEAST_VENUES:
        return []
    others = venue_scores.joined([left for _counted, left in draws])
    raw = ("90 % interval of venues holds, as estimated", venue_scores.held_by(others, np.ones(len(others.truth))))
    found: list[Row] = [(scenario.world, scenario.name, scenario.seed, "all", OURS, *raw)]
    learnt = [venue_scores.learn(counted, rules) for counted, _left in draws]
    for name, taught in (("before head counts", [None] * DRAWS), ("after head counts", learnt)):
        parts = [venue_scores.factors_of(one, left, rules) for one, (_, left) in zip(taught, draws, strict=True)]
        measured = [("90 % interval of venues holds", venue_scores.held_by(others, np.concatenate(parts)))]
        parts = [venue_scores.level_factors_of(one, left, rules) for one, (_, left) in zip(taught, draws, strict=True)]
        factors = np.concatenate(parts)
        said = venue_scores.say(others, factors, rules)
        measured += venue_scores.level_measures(others, said, factors, rules, DRAWS)
        found += [(scenario.world, scenario.name, scenario.seed, name, OURS, *one) for one in measured]
    return found


def _row(scenario: Scenario, moment: Moment, method: str, measure: str, value: float) -> Row:
    return (scenario.world, scenario.name, scenario.seed, moment.label, method, measure, float(value))


def _map_measures(scenario: Scenario, moment: Moment, found: MapOnCity) -> list[tuple[str, float]]:
    coarse, truth = measures.coarser(scenario.hexagons, found, moment.people)
    rows = [
        ("misplaced, res 9", measures.misplaced(found, moment.people)),
        ("r, res 9", measures.correlation(found, moment.people)),
        ("misplaced, res 8", measures.misplaced(coarse, truth)),
        ("r, res 8", measures.correlation(coarse, truth)),
        ("total", measures.bias(found, moment.people)),
    ]
    if moment.label == FAR_MOMENT:
        rows.append(("Wasserstein, m", measures.wasserstein_m(scenario.hexagons, found, moment.people)))
    return rows


def _event_measures(scenario: Scenario, moment: Moment, found: MapOnCity, mine: ours.Ours) -> list[tuple[str, float]]:
    rows = []
    if len(moment.events):
        inside = mine.membership[moment.events].tocoo()
        ids = np.unique(mine.hexagons[inside.col[inside.data >= measures.EVENT_SHARE]])
        at = np.searchsorted(scenario.hexagons, ids[np.isin(ids, scenario.hexagons)])
        rows.append(("event error", float(np.median(measures.relative_errors(found, moment.people, at)))))
    if len(moment.gatherings):
        errors = measures.relative_errors(found, moment.people, moment.gatherings)
        rows.append(("gathering error", float(np.median(errors))))
    return rows


def _aligned(scenario: Scenario, mine: ours.Ours, values: Floats) -> Floats:
    """Take values over our hexagons in the order of the city's, NaN where we have none."""
    at = np.minimum(np.searchsorted(mine.hexagons, scenario.hexagons), len(mine.hexagons) - 1)
    return np.where(mine.hexagons[at] == scenario.hexagons, values[at], np.nan)


def _intervals(scenario: Scenario, moment: Moment, mine: ours.Ours, number: int) -> list[tuple[str, float]]:
    found = mine.estimates[number].hexagons
    low, high = (_aligned(scenario, mine, one) for one in (found.low, found.high))
    known = np.isfinite(low)
    held = measures.held(low[known], high[known], moment.people[known])
    third = measures.thirds(moment.people / hexagons.area_km2(scenario.hexagons))[known]
    rows = [("90 % interval holds", float(held.mean())), ("hexagons with an interval", float(known.mean()))]
    rows += [(f"90 % interval holds, {name}", float(held[third == n].mean())) for n, name in enumerate(measures.THIRDS)]
    return rows


def _reliability(scenario: Scenario, moment: Moment, mine: ours.Ours, number: int) -> Floats:
    """Give the share of truths held when the interval is narrowed or widened as a normal one would be."""
    found = mine.estimates[number].hexagons
    low, mean, high = (_aligned(scenario, mine, one) for one in (found.low, found.present_population, found.high))
    factors = np.array(NORMAL_HALF_WIDTHS) / NORMAL_HALF_WIDTHS[4]
    known = np.isfinite(low)
    shares = []
    for factor in factors:
        lower, upper = mean - factor * (mean - low), mean + factor * (high - mean)
        shares.append(measures.held(lower[known], upper[known], moment.people[known]).mean())
    return np.array(shares)


def _linear(scenario: Scenario, rules: Policy) -> dict[str, dict[int, MapOnCity]]:
    weights = tuple(compute_weights(one.coverage) for one in scenario.registrations)
    ids = union_of_hexagons(weights)
    found = {}
    for number, moment in enumerate(scenario.moments):
        counts = [one for one in ours.carrier_counts(scenario.registrations, weights, moment) if one is not None]
        people = combine(
            counts,
            ids,
            k_min=K_MIN,
            spread_relative_error=rules.estimation.spread_relative_error,
            share_relative_error=rules.estimation.share_relative_error,
            z=rules.estimation.interval_z,
        ).present_population
        found[number] = measures.on_city(ids, people, scenario.hexagons)
    return {LINEAR: found}


def _published(scenario: Scenario) -> dict[str, dict[int, MapOnCity]]:
    """Run the published methods a carrier at a time; carriers are added up and divided by the sum of their shares."""
    tiles = multimno.tiles_of(scenario.boundary, scenario.hexagons)
    far = [n for n, one in enumerate(scenario.moments) if one.label == FAR_MOMENT and scenario.to_the_end]
    sums = {name: np.zeros((len(scenario.hexagons), len(scenario.moments))) for name in (VORONOI, MULTIMNO, CONVERGED)}
    shares = np.zeros(len(scenario.moments))
    for number, registered in enumerate(scenario.registrations):
        counts, delivered = _devices(scenario, number)
        shares += registered.share * delivered
        by_area = voronoi.estimate_bins(scenario, registered, counts)
        sums[VORONOI] += by_area
        if (
            registered.kind != "sectors"
        ):  # without sectors there is no radio model: what is left of it is area weighting
            sums[MULTIMNO] += by_area
            sums[CONVERGED] += by_area
            continue
        seen = multimno.footprint(registered, tiles, scenario.hexagons)
        sums[MULTIMNO] += multimno.as_published(seen, counts)
        sums[CONVERGED][:, far] += multimno.converged(seen, counts[:, far])
    moments = {VORONOI: range(len(shares)), MULTIMNO: range(len(shares)), CONVERGED: far}
    return {
        name: {n: MapOnCity(found[:, n] / max(shares[n], 1e-9), 0.0) for n in moments[name]}
        for name, found in sums.items()
    }


def _devices(scenario: Scenario, number: int) -> tuple[Floats, Floats]:
    """Give a carrier's devices by area and moment, (A, T), 0 where hidden or missing, and when it delivered."""
    registered = scenario.registrations[number]
    found, delivered = [], []
    for moment in scenario.moments:
        counted = moment.counted[number]
        delivered.append(float(counted is not None))
        empty = np.zeros(len(registered.coverage.source_area_ids))
        found.append(empty if counted is None else np.nan_to_num(counted.counts))
    devices = np.array(found).T
    return (devices * registered.share if registered.counts_people else devices), np.array(delivered)
