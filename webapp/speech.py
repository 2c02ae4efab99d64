"""The reader's language, with types: what Flask-Babel says, as texts."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import flask_babel
from babel.dates import get_day_names

COUNTED = re.compile(r"%\((\w+)\)d", re.ASCII)


def gettext(text: str, **values: Any) -> str:
    """Return `text` in the reader's language, its %(name)s filled in; %(name)d is written as it writes numbers."""
    return _filled(str(flask_babel.gettext(text)), values)


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Return the form for `num` by the plural rules of the reader's language, filled in as by `gettext`."""
    form = flask_babel.get_domain().get_translations().ungettext(one, many, num)
    return _filled(str(form), {"num": num} | values)


def lazy_gettext(text: str) -> object:
    """Return what becomes `text` in the reader's language when it is shown."""
    return flask_babel.lazy_gettext(text)


def number(value: float) -> str:
    """Return a number as the reader's language writes it."""
    return str(flask_babel.format_decimal(value))


def day(value: date, pattern: str) -> str:
    """Return a date as the reader's language writes it: "20 қараша"."""
    return str(flask_babel.format_date(value, pattern, rebase=False))


def day_names() -> list[str]:
    """Return the short names of the days of the week, Monday first."""
    names = get_day_names("abbreviated", "stand-alone", locale=flask_babel.get_locale())
    return [str(names[number]) for number in range(7)]


def day_names_in_full() -> list[str]:
    """Return the names of the days of the week, Monday first."""
    names = get_day_names("wide", "stand-alone", locale=flask_babel.get_locale())
    return [str(names[number]) for number in range(7)]


def _filled(form: str, values: dict[str, Any]) -> str:
    """Fill a text in; without values it is left as it is, per cent signs and all."""
    numbers = {name: number(values[name]) for name in COUNTED.findall(form) if name in values}
    return COUNTED.sub(r"%(\1)s", form) % (values | numbers) if values else form
