"""What is run: networks, seeds, moments. Fixed before any result was seen; `quick` is one small scenario a world.

Scenarios of one group share world, seed and network, so that the product chooses its parameters once for them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

from benchmarks.accuracy import world_canyon, world_demo
from benchmarks.accuracy.scenario import Scenario

Moments = tuple[tuple[str, datetime], ...]

WORLDS = ("simulator", "second world")
NO_HISTORY, QUIET, ABSENT = "no history", "no gatherings", "one operator missing"
DENSE, SPARSE, ONE = "dense", "sparse", "one operator"
MIXED, SQUARES, GEOHASHES = "dense, as the demo delivers", "500 m squares", "CAMARA geohashes"
TOWNS = (30_000, 10_000, 4_000)
LEAST_TOWN = 30_000


@dataclass(frozen=True, slots=True)
class Job:
    """Scenarios to be run one after the other in one process."""

    name: str
    builders: tuple[_Build, ...]


@dataclass(frozen=True, slots=True)
class _Build:
    """A scenario that is built when it is called, in whatever process."""

    network: world_demo.Network | world_canyon.Network
    seed: int
    labels: tuple[str, ...]

    def __call__(self) -> Scenario:
        if isinstance(self.network, world_demo.Network):
            return world_demo.build(self.network, self.seed, self._labelled(world_demo.MOMENTS))
        return world_canyon.build(self.network, self.seed, self._labelled(world_canyon.MOMENTS))

    def _labelled(self, moments: Moments) -> Moments:
        return tuple(one for one in moments if one[0] in self.labels)


ALL = ("night", "noon", "evening", "event")
SHORT = ("night", "evening")
TOWN = ("night", "noon")


def full() -> list[Job]:
    """Return all jobs, what matters most first, the worlds in turn."""
    return [job for pair in zip_longest(*map(_of_world, WORLDS)) for job in pair if job is not None]


def quick() -> list[Job]:
    """Return one seed of one dense network a world, a night and an evening, with history."""
    return [Job(f"{world}: quick", (_Build(_networks(world)[DENSE], 1, SHORT),)) for world in WORLDS]


def tiny() -> list[Job]:
    """Return the evening of the second world alone, without history: for tests."""
    network = replace(_networks("second world")[DENSE], weeks=0, to_the_end=True)
    return [Job("second world: tiny", (_Build(network, 1, ("evening",)),))]


def _of_world(world: str) -> list[Job]:
    networks = _networks(world)
    dense = networks[DENSE]
    variants = (
        _Build(replace(dense, to_the_end=True, compare_hiding=True), 1, ALL),
        _Build(replace(dense, name=f"{DENSE}, {NO_HISTORY}", weeks=0), 1, ALL),
        _Build(replace(dense, name=f"{DENSE}, {QUIET}", gatherings=False), 1, SHORT),
        _Build(replace(dense, name=f"{DENSE}, {ABSENT}", absent=(dense.plans[0].code,)), 1, SHORT),
    )
    sparse = networks[SPARSE]
    jobs = [
        Job(f"{world}: {DENSE}", variants),
        Job(f"{world}: {DENSE}, seed 2", (_Build(dense, 2, ALL),)),
        Job(
            f"{world}: {SPARSE}",
            (
                _Build(replace(sparse, to_the_end=True), 1, SHORT),
                _Build(replace(sparse, name=f"{SPARSE}, {NO_HISTORY}", weeks=0), 1, SHORT),
            ),
        ),
    ]
    others = (name for name in networks if name not in (DENSE, SPARSE) and not name.startswith("town"))
    jobs += [Job(f"{world}: {name}", (_Build(networks[name], 1, SHORT),)) for name in others]
    towns = tuple(_Build(networks[name], 1, TOWN) for name in networks if name.startswith("town"))
    return [*jobs, Job(f"{world}: towns", towns)]


def _networks(world: str) -> dict[str, world_demo.Network | world_canyon.Network]:
    return _demo_networks() if world == "simulator" else _canyon_networks()


def _demo_networks() -> dict[str, world_demo.Network | world_canyon.Network]:
    many, few, small = (200, 160, 120), (50, 40, 30), (60, 50, 40)
    shapes = {
        DENSE: world_demo.plans(("multimno",) * 3, many),
        MIXED: world_demo.plans(("multimno", "squares", "opencellid"), many),
        SQUARES: world_demo.plans(("squares",) * 3, many),
        GEOHASHES: world_demo.plans(("geohashes",) * 3, many),
        SPARSE: world_demo.plans(("multimno",) * 3, few),
        ONE: world_demo.plans(("multimno",) * 3, many)[:1],
    }
    found: dict[str, world_demo.Network | world_canyon.Network] = {
        name: world_demo.Network(name, plans) for name, plans in shapes.items()
    }
    town = world_demo.plans(("multimno",) * 3, small)
    whole = world_demo.Network("", town, 0, False, compare_hiding=True)
    return found | {town_name(n): replace(whole, name=town_name(n), residents=n) for n in TOWNS}


def _canyon_networks() -> dict[str, world_demo.Network | world_canyon.Network]:
    many, few, small = (75, 60, 50), (20, 15, 12), (30, 25, 20)
    shapes = {
        DENSE: world_canyon.plans(("sectors",) * 3, many),
        SQUARES: world_canyon.plans(("squares",) * 3, many),
        GEOHASHES: world_canyon.plans(("geohashes",) * 3, many),
        SPARSE: world_canyon.plans(("sectors",) * 3, few),
        ONE: world_canyon.plans(("sectors",) * 3, many)[:1],
    }
    found: dict[str, world_demo.Network | world_canyon.Network] = {
        name: world_canyon.Network(name, plans) for name, plans in shapes.items()
    }
    town = world_canyon.plans(("sectors",) * 3, small)
    whole = world_canyon.Network("", town, 0, False, compare_hiding=True)
    return found | {town_name(n): replace(whole, name=town_name(n), residents=n) for n in TOWNS}


def town_name(residents: int) -> str:
    """Name the network of a small town."""
    return f"town of {residents:,}"
