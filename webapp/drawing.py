"""Small drawings as numbers: where a bar or a point lies in its picture; a template only places them.

Numbers of devices are rounded here, so that neither a drawing nor its table is more exact than it has to be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from webapp.delivery_views import DayBar, PastHour
from webapp.speech import gettext as _
from webapp.speech import number

BAR, GAP, HEIGHT = 30.0, 10.0, 100.0
DAY_BAR, DAY_GAP = 16.0, 4.0
LEAST_HEIGHT = 1.0
DIGITS_SHOWN = 2


def past_hours(totals: Sequence[tuple[str, float | None]]) -> list[PastHour]:
    """Return bars for totals in their order, the last one held; None leaves a gap in its place."""
    largest = max((total for _words, total in totals if total), default=1.0)
    return [
        PastHour(
            words=words,
            count_words=_("not delivered") if total is None else number(rounded(total)),
            x=at * (BAR + GAP),
            y=round(HEIGHT - _height(total, largest), 1),
            width=BAR,
            height=round(_height(total, largest), 1),
            is_held=at == len(totals) - 1,
        )
        for at, (words, total) in enumerate(totals)
    ]


def rounded(count: float) -> int:
    """Return a number of devices with two digits that say something, never finer than ten."""
    if count <= 0:
        return 0
    step = 10 ** max(1, math.floor(math.log10(count)) + 1 - DIGITS_SHOWN)
    return int(round(count / step) * step)


def _height(total: float | None, largest: float) -> float:
    return 0.0 if total is None else max(HEIGHT * total / largest, LEAST_HEIGHT)


def day_bars(values: Sequence[float | None], top: float, bad_above: float | None) -> list[DayBar]:
    """Return a bar for each day, in order, in a picture from 0 to `top`; those above `bad_above` are marked."""
    return [
        DayBar(
            x=at * (DAY_BAR + DAY_GAP),
            y=round(HEIGHT - _height(value, top), 1),
            width=DAY_BAR,
            height=None if value is None else round(_height(value, top), 1),
            is_bad=value is not None and bad_above is not None and value > bad_above,
        )
        for at, value in enumerate(values)
    ]


def height_of(limit: float, top: float) -> float:
    """Return where the line of a limit lies in a picture from 0 to `top`."""
    return round(HEIGHT - HEIGHT * limit / top, 1)


def scale_top(values: Sequence[float | None], steps: Sequence[float]) -> float:
    """Return the first of the rising `steps` that no value is above; beyond the last, the highest value."""
    highest = max((one for one in values if one is not None), default=0.0)
    return next((one for one in steps if highest <= one), highest)
