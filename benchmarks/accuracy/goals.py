"""The goals, each with what was measured: reached or missed. Nothing is rounded in our favour."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from benchmarks.accuracy.plan import DENSE, LEAST_TOWN, MIXED, NO_HISTORY, QUIET, town_name
from benchmarks.accuracy.scoring import BOUND, CONVERGED, MULTIMNO, OURS, VORONOI
from benchmarks.accuracy.table import Table, number

DENSE_NETWORKS = (DENSE, f"{DENSE}, {NO_HISTORY}", f"{DENSE}, {QUIET}", MIXED)
BASELINES = (VORONOI, MULTIMNO, CONVERGED)
AFTER = "after head counts"


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the list; `reached` is None where nothing was measured."""

    name: str
    asked: str
    measured: str
    reached: bool | None

    @property
    def verdict(self) -> str:
        """Return the word that stands in the table."""
        return {True: "reached", False: "**missed**", None: "not measured"}[self.reached]


def goals(table: Table) -> list[Goal]:
    """Compare the results with the goals."""
    found = [*_dense(table), *_venues(table)]
    for world in ("simulator", "second world"):
        found += [_beaten(table, world, network) for network in table.networks(world) if not network.startswith("town")]
    return [*found, _silent(table), *_totals(table)]


def _dense(table: Table) -> list[Goal]:
    """Judge each dense three-carrier network of the simulator by itself."""
    asked = (
        ("misplaced, res 9", "<= .25", 0.25, -1),
        ("r, res 9", ">= .78", 0.78, 1),
        ("misplaced, res 8", "<= .13", 0.13, -1),
        ("r, res 8", ">= .93", 0.93, 1),
        ("Wasserstein, m", "<= 210", 210.0, -1),
    )
    found = []
    for network in DENSE_NETWORKS:
        chosen = {"world": "simulator", "network": network, "method": OURS}
        for measure, words, bound, sign in asked:
            value = table.mean(**chosen, measure=measure)
            goal = _goal(f"simulator, {network}: {measure}", words, value, sign * (value - bound) >= 0)
            found.append(replace(goal, measured=goal.measured + _at_best(table, chosen, measure)))
        held = table.mean(**chosen, measure="90 % interval holds")
        found.append(_goal(f"simulator, {network}: 90 % interval holds", ".87 to .93", held, 0.87 <= held <= 0.93))
    return found


def _at_best(table: Table, chosen: dict[str, str], measure: str) -> str:
    """Say what claimed shares leave to somebody who knows every phone's place, where it comes near to the goal."""
    least = table.mean(**{**chosen, "method": BOUND}, measure=measure)
    said = measure.startswith("Wasserstein") and not math.isnan(least)
    return f" (true places, claimed shares: {least:.0f})" if said else ""


def _venues(table: Table) -> list[Goal]:
    found = []
    for network in DENSE_NETWORKS:
        chosen = {"world": "simulator", "network": network, "moment": AFTER}
        name = f"simulator, {network}, after 200 head counts"
        held = table.mean(**chosen, measure="90 % interval of venues holds")
        found.append(_goal(f"{name}: 90 % interval of venues holds", ".87 to .93", held, 0.87 <= held <= 0.93))
        error = table.mean(**chosen, measure="median error of capacity, resolvable")
        found.append(_goal(f"{name}: median error, resolvable venues", "<= .15 of capacity", error, error <= 0.15))
        precision = table.mean(**chosen, measure="over half full: precision")
        found.append(_goal(f"{name}: precision of over half full", ">= .9", precision, precision >= 0.9))
    return found


def _goal(name: str, asked: str, value: float, reached: bool) -> Goal:
    known = not math.isnan(value)
    return Goal(name, asked, number(value, ".0f" if value > 10 else ".3f"), reached if known else None)


def _beaten(table: Table, world: str, network: str) -> Goal:
    """Compare with every baseline, each on the moments for which it was run."""
    told, reached = [], True
    for method in BASELINES:
        for measure, sign in (("misplaced, res 9", -1), ("r, res 9", 1)):
            chosen = {"world": world, "network": network, "measure": measure}
            if not table.has(**chosen, method=method):
                continue
            moments = [one for one in _MOMENTS if table.has(**chosen, method=method, moment=one)]
            theirs = _mean(table, chosen, method, moments)
            mine = _mean(table, chosen, OURS, moments)
            reached &= sign * (mine - theirs) > 0
            told.append(f"{method} {measure.split(',')[0]} {number(mine, '.3f')} : {number(theirs, '.3f')}")
    name = f"{world}, {network}: misplaced and r at res 9"
    return Goal(name, "better than each baseline", "; ".join(told), reached if told else None)


_MOMENTS = ("night", "noon", "evening", "event")


def _mean(table: Table, chosen: dict[str, str], method: str, moments: list[str]) -> float:
    values = [table.mean(**chosen, method=method, moment=one) for one in moments]
    return sum(values) / len(values) if values else math.nan


def _silent(table: Table) -> Goal:
    shown = table.values(measure="levels shown")
    wrong = sum(table.values(measure="levels shown where not resolvable"))
    measured = f"{wrong:g} of {sum(shown):,.0f} levels"
    return Goal("unresolvable venues with a level, everywhere", "0", measured, wrong == 0 if shown else None)


def _totals(table: Table) -> list[Goal]:
    """Judge what hiding does to a total; shares that are claimed wrongly are none of its fault."""
    found = []
    for world in ("simulator", "second world"):
        for network in (town_name(LEAST_TOWN), DENSE):
            values = table.values(world=world, network=network, method=OURS, measure="total, by hiding alone")
            worst = max(map(abs, values), default=math.nan)
            name = f"{world}, {network}: bias of the total by hiding below 20, worst moment"
            found.append(_goal(name, "<= .02", worst, worst <= 0.02))
    return found
