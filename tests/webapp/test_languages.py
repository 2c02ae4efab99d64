"""The catalogues: every text of code and templates, in Kazakh and Russian, with the right plural forms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

WEBAPP = Path(__file__).parents[2] / "webapp"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def texts() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(WEBAPP, METHODS, keywords=KEYWORDS)
    return {tuple(text) if isinstance(text, tuple) else text for _file, _line, text, _comments, _context in found}


def catalogue(language: str, domain: str = "messages") -> Catalog:
    path = WEBAPP / "translations" / language / "LC_MESSAGES" / f"{domain}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_text_is_translated(language: str) -> None:
    known = catalogue(language)
    missing = []
    for text in texts():
        message = known.get(text if isinstance(text, str) else text[0])
        if message is None or not all(forms(message)):
            missing.append(text)
    assert missing == []


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("domain", ["messages", "flask_security"])
def test_no_translation_is_a_guess_or_left_over(language: str, domain: str) -> None:
    known = catalogue(language, domain)
    wanted = {text if isinstance(text, str) else text[0] for text in texts()}
    for message in known:
        if message.id:
            assert not message.fuzzy
            assert all(forms(message)), message.id
            key = message.id if isinstance(message.id, str) else message.id[0]
            assert domain != "messages" or key in wanted, f"nothing says this any more: {key}"


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_form_keeps_its_placeholders(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        wanted = message.id if isinstance(message.id, str) else message.id[1]
        for form in forms(message):
            assert set(PLACEHOLDER.findall(form)) == set(PLACEHOLDER.findall(wanted)), message.id


@pytest.mark.parametrize(("language", "count"), [("kk", 2), ("ru", 3)])
def test_counted_texts_have_the_plural_forms_of_the_language(language: str, count: int) -> None:
    known = catalogue(language)
    assert known.num_plurals == count
    assert all(len(forms(message)) == count for message in known if isinstance(message.id, tuple))


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_nothing_was_left_in_english(language: str) -> None:
    kept = {"Oryn", "Enter", "counts", "source", "area", "start", "device", "count"}  # names, keys, columns of a file
    left = []
    for message in catalogue(language):
        spoken = (PLACEHOLDER.sub("", form) for form in forms(message)) if message.id else ()
        left += [form for form in spoken if set(re.findall(r"[A-Za-z]{4,}", form)) - kept]
    assert left == []
