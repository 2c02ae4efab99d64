"""A venue's crowding in words: its level against the number now permitted, never a breach (contract D).

Crowding is an interval with a stated meaning; where the data cannot tell, the answer is "cannot tell" with its reason
and what would help. Who may not see numbers gets words only. How sure an answer is, is said by `certainty`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ingest.faults import sentence
from rules.crowding_policy import CrowdingPolicy
from store.records import VenueCrowding
from webapp.context import web
from webapp.languages import language
from webapp.speech import gettext as _
from webapp.speech import lazy_gettext, ngettext, number
from webapp.views import CrowdingCode, CrowdingView, LegendStep
from webapp.wording.certainty import (
    after_hours_words,
    how_sure,
    interval_meaning,
    sure_words,
    unusual_of,
    unusual_words,
    whose_words,
)
from webapp.wording.moments import age_class, age_words, clock, seen_clock

BYTE_CODES: tuple[CrowdingCode, ...] = (
    "no-data",
    "area-only",
    "closed",
    "level-1",
    "level-2",
    "level-3",
    "level-4",
    "between-1-2",
    "between-2-3",
    "between-3-4",
)
WORDS: dict[CrowdingCode, object] = {
    "level-1": lazy_gettext("Mostly empty"),
    "level-2": lazy_gettext("Room to spare"),
    "level-3": lazy_gettext("Busy"),
    "level-4": lazy_gettext("Full or nearly full"),
    "between-1-2": lazy_gettext("Mostly empty, or room to spare"),
    "between-2-3": lazy_gettext("Room to spare, or busy"),
    "between-3-4": lazy_gettext("Busy, or nearly full"),
    "area-only": lazy_gettext("Cannot tell"),
    "no-data": lazy_gettext("No data"),
    "closed": lazy_gettext("Closed"),
}
CROWDED_FIRST: tuple[CrowdingCode, ...] = (
    "level-4",
    "between-3-4",
    "level-3",
    "between-2-3",
    "level-2",
    "between-1-2",
    "level-1",
    "area-only",
    "no-data",
    "closed",
)
HELP = {
    "source-areas-too-large": lazy_gettext("A head count at the door, or a second mobile operator, would help."),
    "neighbours-cannot-be-told-apart": lazy_gettext("A head count at the door would help."),
    "homes-unknown": lazy_gettext("Four weeks of counts, or a table of residents, would help."),
    "interval-too-wide": lazy_gettext("A head count at the door, or a second mobile operator, would help."),
    "no-location": lazy_gettext("The owner can state the address in the registry."),
    "no-counts": lazy_gettext("The operators' next delivery will fill it."),
    "too-old": lazy_gettext("The operators' next delivery will fill it."),
    "opened-since": lazy_gettext("The operators' next delivery will fill it."),
    "too-few-delivered": lazy_gettext("The deliveries that are still missing will fill it."),
    "capacity-impossible": lazy_gettext("The owner can correct the number of places in the registry."),
    "released-without-venues": lazy_gettext("Times from now on will tell."),
    "no-limit": lazy_gettext("Only the rules can change that; the people on the ground around are on the map."),
    "hidden-for-privacy": lazy_gettext("Nothing: where few people are, their number stays hidden."),
    "limit-unknown": lazy_gettext("The owner can state kind, seats and floor area in the registry."),
}
PREFIX = "crowding-reason-"
CLOSED_NOW = PREFIX + "closed-now"
CLOSED = (CLOSED_NOW, PREFIX + "closed-by-rule")
PUBLIC_PARAMS = frozenset({"resolved_pct", "reach_pct", "neighbours"})  # of reasons; people are not among them
SAYS_PEOPLE = frozenset({PREFIX + "interval-too-wide"})


def code_of(crowding: VenueCrowding | None) -> CrowdingCode:
    """Return the code of a venue's crowding."""
    if crowding is None:
        return "no-data"
    if crowding.is_open is False or crowding.reason in CLOSED:
        return "closed"
    if crowding.state == "level" and crowding.level is not None:
        return _level_code(crowding.level, crowding.level_high or crowding.level)
    return "area-only" if crowding.state == "area_only" else "no-data"


def public_view(
    code: CrowdingCode, base: VenueCrowding | None, observed_at: datetime | None, now: datetime
) -> CrowdingView:
    """Return what everybody may see: the level in words, why there is none, how old it is; no numbers.

    `base` is the last base bin of the hour: it lends its reason where the hour's answer is "cannot tell", and says
    whose the crowd is.
    """
    view = _view(code, None, _public_reason(code, base), base.reason if base else None, observed_at, now)
    told = _told(base) if base is not None and code != "closed" else None
    return replace(
        view,
        observed_clock=seen_clock(observed_at, now, "public") if observed_at else "",
        age_class=age_class(observed_at, now, "public") if observed_at else "old",
        sure_words=_public_sure_words(code, base, now),
        uncalibrated=view.uncalibrated and not (base and base.calibrated),
        uncalibrated_words=_uncalibrated_words(code, base),
        attribution=told.attribution if told else None,
        whose_words=whose_words(told, "public"),
        unusual=unusual_of(told.unusual_z, told.unusual_most, _policy(now)) if told else None,
        unusual_words=unusual_words(told, _policy(now)),
    )


def numbers_view(crowding: VenueCrowding | None, observed_at: datetime | None, now: datetime) -> CrowdingView:
    """Return what the owner sees: the interval and the permitted number, how sure, whose crowd, what is unusual."""
    code = code_of(crowding)
    reason = _reason_words(crowding) if crowding else sentence(PREFIX + "no-counts", {}, language())
    view = _view(code, crowding, reason, crowding.reason if crowding else None, observed_at, now)
    told = _told(crowding) if crowding is not None and code != "closed" else None
    has_interval = view.meaning_words is not None
    return replace(
        view,
        sure_words=sure_words(crowding, "numbers"),
        uncalibrated=(view.uncalibrated or has_interval) and not (crowding and crowding.calibrated),
        uncalibrated_words=None if has_interval and told else _uncalibrated_words(code, crowding),
        probability=crowding.probability if crowding else None,
        attribution=told.attribution if told else None,
        attribution_probability=told.attribution_probability if told else None,
        whose_words=whose_words(told, "numbers"),
        unusual=unusual_of(told.unusual_z, told.unusual_most, _policy(now)) if told else None,
        unusual_words=unusual_words(told, _policy(now)),
    )


def group_view(crowding: VenueCrowding | None, observed_at: datetime | None, now: datetime) -> CrowdingView:
    """Return what monitoring groups and headquarters see: the owner's view, and people after hours."""
    view = numbers_view(crowding, observed_at, now)
    return replace(view, after_hours_words=after_hours_words(crowding, _policy(now)))


def venue_legend(policy: CrowdingPolicy) -> list[LegendStep]:
    """Return the legend of venues: levels against the number now permitted, and the other answers."""
    edges = [f"{edge * 100:g}" for edge in policy.level_edges]
    levels: tuple[CrowdingCode, ...] = ("level-1", "level-2", "level-3", "level-4")
    steps = [
        LegendStep(
            code,
            str(WORDS[code]),
            sentence(f"crowding-{code}-meaning", {"from_pct": least, "edge_pct": most}, language()),
        )
        for code, least, most in zip(levels, ["0", *edges], [*edges, ""], strict=True)
    ]
    return [
        *steps,
        LegendStep(
            "between-2-3", _("One of two"), _("Two neighbouring levels are possible; the low block is the higher one.")
        ),
        LegendStep("area-only", str(WORDS["area-only"]), _("The data do not reach this place; its card says why.")),
        LegendStep("no-data", str(WORDS["no-data"]), _("No mobile operator has delivered counts.")),
        LegendStep("closed", str(WORDS["closed"]), _("By its opening hours, or by the rules now in force.")),
    ]


def _level_code(low: int, high: int) -> CrowdingCode:
    levels: dict[tuple[int, int], CrowdingCode] = {
        (1, 1): "level-1",
        (2, 2): "level-2",
        (3, 3): "level-3",
        (4, 4): "level-4",
        (1, 2): "between-1-2",
        (2, 3): "between-2-3",
        (3, 4): "between-3-4",
    }
    return levels[low, high]


def _reason_words(crowding: VenueCrowding) -> str | None:
    """Return the reason with the released, rounded ends of the interval, whatever finer ones its record holds (C4)."""
    if crowding.reason is None:
        return None
    released = {"low": _whole(crowding.low), "high": _whole(crowding.high)}
    rounded = {key: value for key, value in released.items() if value is not None}
    return sentence(crowding.reason, {**crowding.params, **rounded}, language())


def _public_reason(code: CrowdingCode, base: VenueCrowding | None) -> str | None:
    if code.startswith(("level", "between")):
        return None
    if base and base.reason and code_of(base) == code and base.reason not in SAYS_PEOPLE:
        known = {key: value for key, value in base.params.items() if key in PUBLIC_PARAMS}
        return sentence(base.reason, known, language())
    if code == "no-data":
        return sentence(PREFIX + "no-counts", {}, language())
    return _("The estimate is too uncertain to name a level.") if code == "area-only" else None


def _view(
    code: CrowdingCode,
    numbers: VenueCrowding | None,
    reason_words: str | None,
    reason: str | None,
    observed_at: datetime | None,
    now: datetime,
) -> CrowdingView:
    low, best, high = (_whole(value) for value in _interval(numbers))
    return CrowdingView(
        code=code,
        words=str(WORDS[code]),
        interval_words=_interval_words(low, high),
        meaning_words=_meaning_words(low, high, numbers, now),
        reason_words=reason_words,
        helps_words=_help_words(code, reason),
        low=low,
        best=best,
        high=high,
        limit=numbers.occupancy_limit if numbers else None,
        age_words=age_words(observed_at, now) if observed_at else _("never"),
        observed_clock=clock(observed_at, now) if observed_at else "",
        age_class=age_class(observed_at, now) if observed_at else "old",
        uncalibrated=code not in {"no-data", "closed"},
        neighbours_words=_neighbours_words(numbers),
        scale_words=_scale_words(best, numbers.occupancy_limit if numbers else None),
    )


def _interval(numbers: VenueCrowding | None) -> tuple[float | None, float | None, float | None]:
    return (numbers.low, numbers.best, numbers.high) if numbers else (None, None, None)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _interval_words(low: int | None, high: int | None) -> str | None:
    if low is None or high is None:
        return None
    if low == high:
        return ngettext("about %(num)d person", "about %(num)d people", high)
    return ngettext("between %(low)d and %(num)d person", "between %(low)d and %(num)d people", high, low=low)


def _scale_words(best: int | None, limit: int | None) -> str | None:
    """Return what the two marks of the drawn interval are."""
    if best is None:
        return None
    likely = _("The thick line: most likely %(best)s.", best=number(best))
    if limit is None:
        return likely
    return f"{likely} " + _("The dashed line: %(limit)s permitted now.", limit=number(limit))


def _meaning_words(low: int | None, high: int | None, numbers: VenueCrowding | None, now: datetime) -> str | None:
    if low is None or high is None or numbers is None:
        return None
    if _told(numbers) is not None:
        return interval_meaning(numbers, web().policy(now).estimation.interval_z)
    return _(
        "Bounds, not a measurement: the low number if every neighbouring place is full and everybody who "
        "lives here is at home, the high number if everybody around is inside. The estimate of how many are "
        "around is itself uncertain."
    )


def _neighbours_words(numbers: VenueCrowding | None) -> str | None:
    if numbers is None or numbers.state == "no_data" or not numbers.neighbour_count or _told(numbers) is not None:
        return None
    return ngettext(
        "%(num)d other place shares this spot; its guests are counted along.",
        "%(num)d other places share this spot; their guests are counted along.",
        numbers.neighbour_count,
    )


def _help_words(code: CrowdingCode, reason: str | None) -> str | None:
    if code not in {"area-only", "no-data"}:
        return None
    short = (reason or "no-counts").removeprefix(PREFIX)
    known = next((one for one in HELP if short.startswith(one)), None)
    return str(HELP[known]) if known else None


def _told(crowding: VenueCrowding) -> VenueCrowding | None:
    """Return a row of the joint estimate; None for an older one, which knew bounds only."""
    return crowding if crowding.kernel is not None else None


def _public_sure_words(code: CrowdingCode, base: VenueCrowding | None, now: datetime) -> str | None:
    """Return how sure the hour's level is: as its last base bin where that says the same, else what policy asks for."""
    if not code.startswith(("level", "between")):
        return None
    if base is not None and code_of(base) == code:
        return sure_words(base, "public")
    how = how_sure(_policy(now).level_probability, "public")
    if code.startswith("between"):
        return _("How sure that it is one of these two: %(how)s.", how=how)
    return _("How sure: %(how)s.", how=how)


def _uncalibrated_words(code: CrowdingCode, crowding: VenueCrowding | None) -> str | None:
    if code in {"no-data", "closed"} or (crowding is not None and crowding.calibrated):
        return None
    return _("Uncalibrated: nobody has counted here yet, so this has not been checked.")


def _policy(now: datetime) -> CrowdingPolicy:
    return web().policy(now).crowding
