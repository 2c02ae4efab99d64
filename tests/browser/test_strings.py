"""Every word that the script asks for is given by the server, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

from webapp.client_strings import client_strings
from webapp.wording.crowding import WORDS

SOURCES = Path(__file__).parents[2] / "static" / "src"
OTHER_PAGES = "upload"  # its words are given by webapp.wording.uploading: tests/browser/test_upload.py
PREFIXES = ("crowding.", "density.", "unusual.")  # followed by a code


def _plural(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


def _given() -> dict[str, str]:
    return client_strings(lambda text: text, _plural)


def _sources() -> list[Path]:
    return [path for path in sorted(SOURCES.rglob("*.ts")) if OTHER_PAGES not in path.relative_to(SOURCES).parts]


def _asked() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in _sources())
    return set(re.findall(r'\b(?:say|count)\(\s*"([a-z_.-]+)"', text)) | set(
        re.findall(r'\? "([a-z]+\.[a-z_]+)"', text)
    )


def test_every_key_that_the_script_asks_for_is_given() -> None:
    given = {re.sub(r"\.(one|few|many|other)$", "", key) for key in _given()}
    assert _asked() - given == set()


def test_every_key_that_is_given_is_asked_for() -> None:
    given = {re.sub(r"\.(one|few|many|other)$", "", key) for key in _given()}
    assert {key for key in given - _asked() if not key.startswith(PREFIXES)} == set()


def test_the_script_says_crowding_in_the_servers_words() -> None:
    given = _given()
    assert {f"crowding.{code}": str(words) for code, words in WORDS.items()} == {
        key: words for key, words in given.items() if key.startswith("crowding.")
    }
