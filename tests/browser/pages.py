"""Renders the real templates with made-up rows, in all languages, without the web application around them."""

from __future__ import annotations

import gettext as gettext_module
import io
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader

from store.records import MapLayer
from tests.browser.city import BIN, CENTRE, City
from webapp.client_strings import client_strings
from webapp.views import (
    CrowdingCode,
    CrowdingView,
    DayStep,
    LegendStep,
    MapPage,
    NearbyView,
    NeighbourView,
    Pager,
    SortChoice,
    StatusView,
    UsualDay,
    UsualHour,
    UsualView,
    VenuePage,
    VenueRow,
)

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "webapp" / "templates"
CATALOGUES = ROOT / "webapp" / "translations"
LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
LEVELS: tuple[CrowdingCode, ...] = ("level-1", "level-2", "level-3", "level-4")
CODES: tuple[CrowdingCode, ...] = (
    "no-data",
    "area-only",
    "closed",
    *LEVELS,
    "between-1-2",
    "between-2-3",
    "between-3-4",
)


@cache
def catalogue(language: str) -> gettext_module.NullTranslations:
    """Return the committed catalogue of a language, compiled in memory; English where there is none."""
    source = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not source.is_file():
        return gettext_module.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as po:
        write_mo(compiled, read_po(po, locale=language))
    compiled.seek(0)
    return gettext_module.GNUTranslations(compiled)


def built(name: str) -> str:
    """Return the address of a built source, from the build's manifest."""
    manifest = json.loads((ROOT / "static" / "dist" / ".vite" / "manifest.json").read_text(encoding="utf-8"))
    return f"/static/{manifest[name]['file']}"


def environment(language: str) -> Environment:
    """Return Jinja with the globals that base.html asks for."""
    jinja = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, extensions=["jinja2.ext.i18n"])
    jinja.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    pages = [
        {"url": "/", "words": "Map", "current": True},
        {"url": "/venues/v0007", "words": "Venue", "current": False},
    ]
    jinja.globals.update(
        language=language,
        url_for=lambda endpoint, **_: "/" if endpoint.startswith("pages.map") else "/sign-in",
        asset=built,
        asset_styles=lambda name: [built(name)],
        has_asset=lambda _: True,
        csp_nonce=lambda: "test",
        csrf_token=lambda: "test",
        navigation=lambda: pages,
        language_choices=lambda: [
            {"code": code, "words": words, "url": f"/?lang={code}", "current": code == language}
            for code, words in LANGUAGES.items()
        ],
        signed_in=lambda: False,
        account_name=lambda: "",
        get_flashed_messages=lambda **_: [],
    )
    return jinja


def map_html(city: City, language: str, layer: MapLayer = "group") -> str:
    """Return the map page."""
    return environment(language).get_template("map.html").render(page=_map_page(city, language, layer))


def venue_html(city: City, number: int, language: str) -> str:
    """Return the page of one venue."""
    codes = [CODES[byte] for byte in (city.venue_bytes(start)[number] for start in city.starts)]
    day = [_step(start, crowding(code)) for start, code in zip(city.starts, codes, strict=True)]
    page = VenuePage(
        row=row(city, number, language),
        day=day,
        neighbours=[row(city, other, language) for other in (number + 5, number + 10)],
        limit_lines=["120 seats, of which half are permitted in a yellow zone."],
        status_lines=[],
        opening_words="Open today until 23:00.",
        place_words=None,
        read_notice=None,
        usual=usual(language),
        nearby=NearbyView([row(city, number + 15, language)], None),
    )
    return environment(language).get_template("venue.html").render(page=page)


def _step(start: datetime, view: CrowdingView) -> DayStep:
    began, ended = (moment.strftime("%H:%M") for moment in (start, start + BIN))
    return DayStep(began, ended, f"{began}–{ended}", view)


def crowding(code: CrowdingCode) -> CrowdingView:
    """Return a crowding view with a code and its words."""
    words = client_strings(lambda text: text, lambda one, many, n: one if n == 1 else many)[f"crowding.{code}"]
    told = code.startswith(("level", "between"))
    return CrowdingView(
        code=code,
        words=words,
        interval_words="Between 40 and 75 guests, most likely 55." if told else None,
        meaning_words="Nine times out of ten the true number lies in this range." if told else None,
        reason_words=None if told else "The operators count over an area that is larger than this venue.",
        helps_words=None if told else "A head count at the door would help.",
        low=40 if told else None,
        best=55 if told else None,
        high=75 if told else None,
        limit=90 if told else None,
        age_words="12 minutes ago",
        observed_clock="20:45",
        age_class="fresh",
        uncalibrated=False,
        neighbours_words="The same people may be guests of these places as well:" if told else None,
        scale_words="The thick line: most likely 55. The dashed line: 90 permitted now." if told else None,
        sure_words="How sure: in at least 9 of 10 such cases." if told else None,
        whose_words="Most of the people counted here are inside this place." if told else None,
        unusual="busier" if told else None,
        unusual_words=("Busier than usual for this hour (Friday, 20:45).",) if told else (),
        neighbours=(NeighbourView("v0012", "Кафе «Асем» № 12", "/venues/v0012"),) if told else (),
    )


def usual(language: str) -> UsualView:
    """Return a usual week: full in the evening, closed at night."""
    names = catalogue(language).info().get("language", language)
    days = []
    for weekday in range(7):
        hours = [
            UsualHour(hour, None if hour < 7 else 3 if 18 <= hour < 22 else 1, "busy", 60, 75.0 if hour > 17 else 25.0)
            for hour in range(24)
        ]
        words = f"Day {weekday + 1}: most people from 18:00 to 22:00 (about 60 people, {names})."
        days.append(UsualDay(weekday, f"Day {weekday + 1}", weekday == 4, words, hours))
    now = "Now about 55 people; at this hour usually about 60 people."
    return UsualView("venue", "people", 4, "The middle of four weeks.", None, 20, now, 69.0, days)


def row(city: City, number: int, language: str) -> VenueRow:
    """Return one row of the list."""
    venue = city.venues[number]
    status = venue["status"]
    return VenueRow(
        id=venue["id"],
        name=venue["name"]["kk" if language == "kk" else "ru"],
        category_label=venue["category_label"],
        district=venue["district"],
        address=None,
        status=StatusView(status["colour"], status["word"], "S6", "It has not joined.", ["Joining and an inspection."]),
        crowding=crowding(CODES[city.venue_bytes(city.starts[-1])[number]]),
        longitude=venue["longitude"],
        latitude=venue["latitude"],
        url=venue["url"],
    )


def card_json(city: City, number: int, language: str) -> dict[str, Any]:
    """Return what /api/v1/venues/{id} answers."""
    from dataclasses import asdict

    near = {"id": "v0012", "name": "Кафе «Асем» № 12", "url": "/venues/v0012", "distance_words": "350 m"}
    level = {"code": "level-1", "words": "Mostly empty", "sure_words": "How sure: very likely."}
    nearby = {"rows": [near | {"crowding": level}], "none_words": None}
    return asdict(row(city, number, language)) | {"nearby": nearby}


def _map_page(city: City, language: str, layer: MapLayer) -> MapPage:
    translations = catalogue(language)
    strings = client_strings(translations.gettext, translations.ngettext)
    steps = [LegendStep(f"density-step-{n}", strings[f"density.step-{n}"], "people per km²") for n in range(1, 5)]
    unknown = [LegendStep(code, strings[f"density.{code}"], "") for code in ("suppressed", "missing")]
    levels = [LegendStep(code, strings[f"crowding.{code}"], "") for code in CODES]
    return MapPage(
        rows=[row(city, number, language) for number in range(50)],
        venue_count_words=f"{city.venue_count} venues",
        pager=Pager(None, "/?page=2", 1, 40),
        sort="crowding",
        sort_urls=[
            SortChoice("crowding", "Fullest", "/?sort=crowding", True),
            SortChoice("distance", "Nearest", "/?sort=distance", False),
            SortChoice("name", "Name", "/?sort=name", False),
        ],
        search="",
        near=None,
        observed_words="12 minutes ago",
        observed_clock="20:45",
        age_class="fresh",
        delay_words=None,
        layer=layer,
        legend=steps + unknown,
        venue_legend=levels,
        hex_summary_words="21 parts of the map are crowded.",
        client={
            "manifest_url": "/api/v1/map/manifest",
            "base_map_url": "/api/v1/map/base",
            "language": language,
            "layer": layer,
            "centre": CENTRE,
            "strings": strings,
        },
    )
