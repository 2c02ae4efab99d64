"""The map's hexagons in words: people per km² in the policy's steps. Nothing here speaks of venues."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rules.policy import MapPolicy
from webapp.speech import gettext as _
from webapp.speech import lazy_gettext, ngettext, number
from webapp.views import LegendStep

MISSING, SUPPRESSED, FIRST_STEP, LAST_CODE = 0, 1, 2, 65
STEPS = LAST_CODE - FIRST_STEP
STEP_WORDS = (
    lazy_gettext("Few people"),
    lazy_gettext("Some people"),
    lazy_gettext("Many people"),
    lazy_gettext("Crowded"),
)


def code_densities(largest_per_km2: float) -> list[float]:
    """Return people per km² of the 64 frame codes 2..65 (contract D: logarithmic steps up to the largest)."""
    return [round(math.expm1(step / STEPS * math.log1p(largest_per_km2)), 1) for step in range(STEPS + 1)]


def legend(policy: MapPolicy) -> list[LegendStep]:
    """Return the legend of hexagons: four steps, hidden, no data."""
    first, second, third = (number(edge) for edge in policy.density_steps_per_km2)
    ranges = (
        _("fewer than %(most)s people per km²", most=first),
        _("%(least)s to %(most)s people per km²", least=first, most=second),
        _("%(least)s to %(most)s people per km²", least=second, most=third),
        _("%(least)s people per km² and more", least=third),
    )
    steps = [
        LegendStep(f"density-step-{number}", str(words), span)
        for number, (words, span) in enumerate(zip(STEP_WORDS, ranges, strict=True), start=1)
    ]
    return [
        *steps,
        LegendStep("suppressed", _("Hidden"), _("so few people that the number is not shown")),
        LegendStep("missing", _("No data"), _("no mobile operator has delivered counts")),
    ]


def step_counts(frame: bytes, policy: MapPolicy) -> list[int]:
    """Return how many hexagons of a frame are in each of the four density steps."""
    densities = code_densities(policy.frame_density_max_per_km2)
    counts = [0] * len(STEP_WORDS)
    for code in range(FIRST_STEP, LAST_CODE + 1):
        density = densities[code - FIRST_STEP]
        counts[sum(density >= edge for edge in policy.density_steps_per_km2)] += frame.count(code)
    return counts


def summary(frame: bytes | None, policy: MapPolicy) -> str:
    """Return in one line what the hexagons say for the whole area."""
    if not frame:
        return _("There is no map yet: no mobile operator has delivered counts.")
    counts = step_counts(frame, policy)
    hidden, missing = frame.count(SUPPRESSED), frame.count(MISSING)
    told = _told(counts)
    if missing == len(frame):
        return _("There are no data for this hour.")
    rest = _rest(hidden, missing)
    return f"{told} {rest}".strip()


def _told(counts: Sequence[int]) -> str:
    crowded, many = counts[3], counts[2]
    if crowded:
        return ngettext("%(num)d part of the map is crowded.", "%(num)d parts of the map are crowded.", crowded)
    if many:
        return ngettext(
            "Nowhere is crowded; %(num)d part of the map holds many people.",
            "Nowhere is crowded; %(num)d parts of the map hold many people.",
            many,
        )
    return _("Nowhere is crowded.")


def _rest(hidden: int, missing: int) -> str:
    words = []
    if hidden:
        words.append(ngettext("%(num)d part is hidden.", "%(num)d parts are hidden.", hidden))
    if missing:
        words.append(ngettext("%(num)d part has no data.", "%(num)d parts have no data.", missing))
    return " ".join(words)
