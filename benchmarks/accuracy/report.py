"""Write what came out: results.csv (every number), results.md (goals, tables, failures), and the plots.

All numbers in docs/accuracy come from here; README.md there is prose without results.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.accuracy import maps, plots
from benchmarks.accuracy.goals import Goal, goals
from benchmarks.accuracy.plan import DENSE, TOWNS, town_name
from benchmarks.accuracy.scoring import BOUND, CONVERGED, LINEAR, METHODS, MULTIMNO, OURS, VORONOI, Scored
from benchmarks.accuracy.table import Table, number

MAP_MEASURES = (
    ("misplaced, res 9", ".3f"),
    ("r, res 9", ".3f"),
    ("misplaced, res 8", ".3f"),
    ("r, res 8", ".3f"),
    ("Wasserstein, m", ".0f"),
    ("event error", ".2f"),
    ("gathering error", ".2f"),
)
INTERVAL_MEASURES = (
    "90 % interval holds",
    "90 % interval holds, thinnest third",
    "90 % interval holds, middle third",
    "90 % interval holds, densest third",
)
VENUE_MEASURES = (
    ("90 % interval of venues holds", ".2f"),
    ("resolvable, 200-500", ".2f"),
    ("resolvable, 500-1500", ".2f"),
    ("resolvable, 1500-8000", ".2f"),
    ("median error of capacity, resolvable", ".2f"),
    ("level true, of shown", ".2f"),
    ("over half full: precision", ".2f"),
    ("over half full: recall of resolvable", ".2f"),
    ("over half full: recall of all", ".2f"),
    ("levels shown", ".1f"),
    ("levels shown where not resolvable", ".2f"),
)
WORLDS = ("simulator", "second world")


def in_one_line(scored: Scored) -> str:
    """Say the main numbers of a scenario."""
    table = Table(scored.rows)
    said = [
        f"{name} {number(table.mean(method=method, measure='misplaced, res 9'), '.3f')}"
        f"/{number(table.mean(method=method, measure='r, res 9'), '.3f')}"
        for name, method in (("Oryn", OURS), ("Voronoi", VORONOI), ("multimno", MULTIMNO))
    ]
    held = number(table.mean(method=OURS, measure="90 % interval holds"), ".2f")
    return f"{scored.title}: misplaced/r {', '.join(said)}; intervals hold {held}"


def write(scored: Sequence[Scored], folder: Path) -> None:
    """Write everything into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for one in scored for row in one.rows]
    with (folder / "results.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("world", "network", "seed", "moment", "method", "measure", "value"))
        lines.writerows((*row[:-1], f"{row[-1]:.6g}") for row in rows)
    table = Table(rows)
    (folder / "results.md").write_text(_markdown(scored, table), encoding="utf-8")
    plots.write(scored, table, folder)
    maps.write(scored, folder)


def _markdown(scored: Sequence[Scored], table: Table) -> str:
    parts = [
        "# Results",
        "Written by `make bench-accuracy`; do not edit. What is assumed, and what the worlds are: [README](README.md). "
        "Every single number: [results.csv](results.csv). Means over moments and seeds unless said otherwise.",
        _goals(goals(table)),
        _maps(table),
        _intervals(table),
        _venues(table),
        _towns(table),
        _failures(table),
        _chosen(scored),
    ]
    return "\n\n".join(parts) + "\n"


def _goals(found: Sequence[Goal]) -> str:
    lines = ["## Goals", "", "| goal | asked | measured | |", "|---|---|---|---|"]
    lines += [f"| {one.name} | {one.asked} | {one.measured} | {one.verdict} |" for one in found]
    reached = sum(one.reached is True for one in found)
    missed = sum(one.reached is False for one in found)
    return "\n".join([*lines, "", f"{reached} reached, {missed} missed."])


def _maps(table: Table) -> str:
    lines = ["## People by hexagon", "", "![Maps](maps.svg)", "", "![Misplaced mass](misplaced.svg)"]
    for world in WORLDS:
        heading = " | ".join(name for name, _ in MAP_MEASURES)
        lines += [
            "",
            f"### {world.capitalize()}",
            "",
            f"| network | method | {heading} |",
            "|---" * (len(MAP_MEASURES) + 2) + "|",
        ]
        for network in table.networks(world):
            run = [one for one in (*METHODS, BOUND) if table.has(world=world, network=network, method=one)]
            lines += [_map_line(table, world, network, method) for method in run]
    return "\n".join(lines)


def _map_line(table: Table, world: str, network: str, method: str) -> str:
    values = []
    for measure, form in MAP_MEASURES:
        value = table.mean(world=world, network=network, method=method, measure=measure)
        values.append(number(value, form))
    name = f"**{method}**" if method == OURS else method
    return f"| {network} | {name} | {' | '.join(values)} |"


def _intervals(table: Table) -> str:
    lines = ["## Intervals of hexagons", "", "![Reliability](reliability.svg)", ""]
    lines += ["Share of true values within Oryn's 90 % interval; thirds by true density.", ""]
    lines += ["| world | network | all | thinnest | middle | densest |", "|---|---|---|---|---|---|"]
    for world in WORLDS:
        for network in table.networks(world):
            values = [table.mean(world=world, network=network, method=OURS, measure=one) for one in INTERVAL_MEASURES]
            lines.append(f"| {world} | {network} | {' | '.join(number(one, '.2f') for one in values)} |")
    return "\n".join(lines)


def _venues(table: Table) -> str:
    lines = ["## Venues", "", "![Resolvable](resolvable.svg)", ""]
    lines += [
        "Open venues for 200 people or more that no inspector counted, before and after 200 head counts elsewhere.",
        "",
    ]
    lines += [f"| world | network | head counts | {' | '.join(name for name, _ in VENUE_MEASURES)} |"]
    lines += ["|---" * (len(VENUE_MEASURES) + 3) + "|"]
    for world in WORLDS:
        for network in table.networks(world):
            for moment in ("before head counts", "after head counts"):
                chosen = {"world": world, "network": network, "moment": moment}
                values = [number(table.mean(**chosen, measure=name), form) for name, form in VENUE_MEASURES]
                if table.has(**chosen):
                    lines.append(f"| {world} | {network} | {moment.split()[0]} | {' | '.join(values)} |")
    return "\n".join(lines)


def _towns(table: Table) -> str:
    lines = [
        "## Totals where counts below 20 are hidden",
        "",
        "Error of the total, per cent, by moment (night, noon): what hiding alone does to Oryn (against the same",
        "counts unhidden), and against the truth, where claimed shares that differ from the true ones count too.",
        "",
        "| world | people | method | night | noon |",
        "|---|---|---|---|---|",
    ]
    kinds = [("Oryn, hiding alone", OURS, "total, by hiding alone")]
    kinds += [(method, method, "total") for method in (OURS, LINEAR, VORONOI, MULTIMNO, BOUND)]
    for world in WORLDS:
        for network, people in (*((town_name(n), f"{n:,}") for n in TOWNS), (DENSE, DENSE)):
            for name, method, measure in kinds:
                chosen = {"world": world, "network": network, "method": method, "measure": measure}
                if table.has(**chosen):
                    values = [table.mean(**chosen, moment=moment) for moment in ("night", "noon")]
                    told = " | ".join(number(100.0 * one, "+.1f") for one in values)
                    lines.append(f"| {world} | {people} | {name} | {told} |")
    return "\n".join(lines)


def _failures(table: Table) -> str:
    """List every network and measure in which a published method was better."""
    lines = ["## Where Oryn is not the best", ""]
    found = []
    for world in WORLDS:
        for network in table.networks(world):
            for measure, form in MAP_MEASURES:
                chosen = {"world": world, "network": network, "measure": measure}
                mine = table.mean(**chosen, method=OURS)
                for method in (LINEAR, VORONOI, MULTIMNO, CONVERGED):
                    other = table.mean(**chosen, method=method)
                    if other > mine if measure.startswith("r,") else other < mine:
                        found.append(
                            f"- {world}, {network}: {measure} {number(mine, form)}, {method} {number(other, form)}"
                        )
    return "\n".join([*lines, *(found or ["Nowhere in these scenarios."])])


def _chosen(scored: Sequence[Scored]) -> str:
    lines = ["## What the product chose by itself", ""]
    return "\n".join([*lines, *(f"- {one.title}: {one.chosen}" for one in scored)])
