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
DAY_BAR, DAY_GAP, HEADROOM = 16.0, 4.0, 1.1
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


def day_bars(values: Sequence[float | None], limit: float | None, bad_above: float | None) -> list[DayBar]:
    """Return a bar for each day, in order; those above `bad_above` are marked, `limit` has room in the picture."""
    top = _top(values, limit)
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


def height_of(limit: float, values: Sequence[float | None]) -> float:
    """Return where the line of a limit lies above bars of these values."""
    return round(HEIGHT - HEIGHT * limit / _top(values, limit), 1)


def _top(values: Sequence[float | None], limit: float | None) -> float:
    return max([one for one in (*values, limit) if one is not None and one > 0], default=1.0) * HEADROOM
