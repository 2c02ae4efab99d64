"""Looking at the pages of a real installation as somebody: each visit its own browser, each complaint a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import PHONE
from tests.browser.installation import Installation

Open = Callable[..., Page]

TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll("main :is(button, a.button, input, select, summary, textarea)")]
  .concat([...document.querySelectorAll(".tabs__link, .table__link")])
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(".drop__input"))
  .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
  .filter(([, box]) => Math.round(box.width) < 44 || Math.round(box.height) < 44)
  .map(([html]) => html)"""


@contextmanager
def visiting(chromium: Browser, installation: Installation, spoken: str) -> Iterator[Open]:
    """Give `open_page(person, path)`: a phone, in the language `spoken` unless told otherwise; None is a stranger.

    `{name}` in a path is one of the installation's ids.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(person: str | None, path: str, language: str = spoken, **options: Any) -> Page:
        context = installation.context(chromium, person, **{"viewport": PHONE, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda told: complaints.append(told.text) if told.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        there = path.format(**installation.ids)
        page.goto(f"{there}{'&' if '?' in there else '?'}lang={language}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
