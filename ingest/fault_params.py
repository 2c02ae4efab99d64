"""How the parameters of a fault read in a language: large counts in groups, plain moments, spans in days.

Promises: what is kept stays data (`hours: 528.7`, `end: 2026-10-30 18:00+05:00`); only its words differ. A value that
is quoted from a file is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Param = str | int | float

GROUPED = frozenset(  # never an id or a line
    {"count", "rows", "known", "present", "wanted", "received", "low", "high"}
)
MOMENTS = frozenset({"start", "end", "now", "first_start", "first_end", "second_start", "second_end"})
SPANS = {"hours": "age", "usual": "usual_age"}  # hours as a number: how a sentence names the span
HOURS_OF_DAY = 24
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d)[+-]\d\d:\d\d", re.ASCII)


def spoken(code: str, params: Mapping[str, Param], language: str) -> dict[str, Param]:
    """Return the parameters of a sentence as its reader writes them, with the spans that follow from hours."""
    ours = code.startswith(("check-", "held-"))
    said = {name: _said(name, value, language, ours=ours) for name, value in params.items()}
    spans = {span: params.get(name) for name, span in SPANS.items()} if ours else {}
    return said | {span: span_words(one, language) for span, one in spans.items() if isinstance(one, int | float)}


def span_words(hours: float, language: str) -> str:
    """Return a span in days and hours: "22 days 1 h"; abbreviated in Russian, so that nothing has to agree."""
    days, rest = divmod(round(hours), HOURS_OF_DAY)
    unit = {"ru": "дн.", "kk": "күн"}.get(language, "day" if days == 1 else "days")
    hour = {"ru": "ч", "kk": "сағ"}.get(language, "h")
    parts = ([f"{days} {unit}"] if days else []) + ([f"{rest} {hour}"] if rest or not days else [])
    return " ".join(parts)


def _said(name: str, value: Param, language: str, *, ours: bool) -> Param:
    if isinstance(value, int) and name in GROUPED:
        return f"{value:,}" if language == "en" else f"{value:,}".replace(",", "\N{NO-BREAK SPACE}")
    if ours and name in MOMENTS and isinstance(value, str) and (found := _MOMENT.fullmatch(value)):
        year, month, day, clock = found.groups()
        return f"{year}-{month}-{day} {clock}" if language == "en" else f"{day}.{month}.{year} {clock}"
    return value
