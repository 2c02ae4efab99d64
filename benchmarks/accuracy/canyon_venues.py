"""Venues of the second city: 160, mostly near the centres, some at its edge; a few great ones for events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from benchmarks.accuracy.canyon_city import CELL_M, Form, cell_of, raster_metres, to_degrees
from benchmarks.accuracy.scenario import Bools
from geo.hexagons import Floats
from store.records import VenueDraft

COUNT = 160
GREAT = 14
INDOOR_FROM = 2200
KINDS = ("restaurant_cafe", "cinema", "mall_market", "food_retail_large", "theatre_concert", "exhibition")
GREAT_KINDS = ("sport_event", "mall_market", "exhibition")
HOURS = ("Mo-Su 09:00-23:00", "Mo-Su 10:00-22:00", "24/7")
OPEN_AT_NIGHT = "24/7"
USUAL_SHARE = {"night": 0.0, "noon": 0.22, "evening": 0.30, "event": 0.33}
ROUND_THE_CLOCK_NIGHT = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class Venues:
    """V venues: `drafts` as registered, `capacity`, middles and corners in metres, `usual` share of the evening."""

    drafts: tuple[VenueDraft, ...]
    capacity: Floats
    middle_m: Floats
    size_m: Floats
    popularity: Floats

    def open_at(self, label: str) -> Bools:
        """Tell which are open at a moment."""
        return np.array([label != "night" or one.opening_hours == OPEN_AT_NIGHT for one in self.drafts])

    def usual(self, rng: np.random.Generator, label: str) -> Floats:
        """Draw the people of an ordinary bin: good and bad days around a venue's own popularity."""
        share = np.where(self.open_at(label), max(USUAL_SHARE[label], ROUND_THE_CLOCK_NIGHT), 0.0)
        mood = rng.gamma(12.0, 1 / 12.0, len(self.capacity))
        return rng.poisson(self.capacity * np.minimum(share * self.popularity * mood, 0.98)).astype(float)

    def points(self, rng: np.random.Generator, each: int) -> Floats:
        """Draw places inside each venue in metres, (V, each, 2)."""
        inside = rng.uniform(-0.5, 0.5, (len(self.capacity), each, 2)) * self.size_m[:, None, :]
        points: Floats = self.middle_m[:, None, :] + inside
        return points


def draw_venues(seed: int, form: Form) -> Venues:
    """Draw the venues of a seed."""
    rng = np.random.default_rng([seed, 73])
    ordinary = np.exp(rng.uniform(np.log(60), np.log(5000), COUNT - GREAT))
    great = np.exp(rng.uniform(np.log(1800), np.log(12000), GREAT))
    capacity: Floats = np.round(np.concatenate([ordinary, great]), -1)
    middle = _places(rng, form)
    area = capacity * rng.uniform(1.6, 5.0, COUNT) / np.where(capacity > 3000, 2.0, 1.0)
    shape = rng.uniform(1.0, 2.2, COUNT)
    size = np.stack([np.sqrt(area * shape), np.sqrt(area / shape)], axis=1)
    kinds = [KINDS[n % len(KINDS)] for n in range(COUNT - GREAT)] + [GREAT_KINDS[n % 3] for n in range(GREAT)]
    hours = rng.choice(len(HOURS), COUNT, p=(0.5, 0.35, 0.15))
    drafts = tuple(_draft(n, kinds[n], capacity[n], middle[n], size[n], HOURS[hours[n]]) for n in range(COUNT))
    return Venues(drafts, capacity, middle, size, np.clip(rng.gamma(5.0, 0.2, COUNT), 0.2, 2.4))


def _places(rng: np.random.Generator, form: Form) -> Floats:
    """Take places where people trade; the great ones where few live; none nearer than 60 m to another."""
    metres = raster_metres().reshape(-1, 2)
    lively = (form.fields[3] + 0.3 * form.fields[0]).ravel()
    wide = ((form.fields[0] < np.quantile(form.fields[0], 0.6)) & ~form.wet & (form.hexagon >= 0)).ravel()
    near = np.hypot(metres[:, 0], metres[:, 1]) < 4800.0
    chosen: list[Floats] = []
    for weight, many in ((lively, COUNT - GREAT), (wide * near * 1.0, GREAT)):
        order = rng.choice(len(metres), 4000, p=weight / weight.sum())
        wanted = len(chosen) + many
        for cell in order:
            if len(chosen) == wanted:
                break
            place = metres[cell] + rng.uniform(-CELL_M / 2, CELL_M / 2, 2)
            if form.hexagon.ravel()[cell] >= 0 and all(np.hypot(*(place - one)) > 60.0 for one in chosen):
                chosen.append(place)
    return np.array(chosen)


def _draft(number: int, kind: str, capacity: float, middle: Floats, size: Floats, hours: str) -> VenueDraft:
    corners = middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size / 2
    lon, lat = to_degrees(middle[None])[0]
    return VenueDraft(
        source="canyon",
        source_id=f"canyon-{number:03d}",
        name=f"Venue {number}",
        category=kind,
        region="PAV",
        longitude=float(lon),
        latitude=float(lat),
        outline_wkb=shapely.to_wkb(shapely.Polygon(to_degrees(corners))),
        area_m2=float(size[0] * size[1]),
        licensed_capacity=int(capacity),
        opening_hours=hours,
        participation="member",
    )


def hexagon_shares(form: Form, venues: Venues) -> Floats:
    """Give the share of each venue's people by hexagon, (V, H), by a grid of 25 points inside it."""
    steps = (np.arange(5) + 0.5) / 5 - 0.5
    grid = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    points = venues.middle_m[:, None, :] + grid * venues.size_m[:, None, :]
    ids = form.hexagon[cell_of(points)]
    shares = np.zeros((len(venues.capacity), len(form.hexagons)))
    for venue, row in enumerate(ids):
        np.add.at(shares[venue], row[row >= 0], 1.0)
    of_all: Floats = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
    return of_all
