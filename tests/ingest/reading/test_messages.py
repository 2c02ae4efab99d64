"""The words of every catalogue: three languages, the same placeholders, and a safe way to quote a file."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from ingest.faults import LANGUAGES, Fault, FileRefused, catalogue, describe, quoted, report, sentence


def placeholders(text: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name is not None})


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_message_is_there_in_three_languages_with_equal_placeholders(code: str) -> None:
    texts = catalogue()[code]
    assert set(texts) == set(LANGUAGES)
    assert len({tuple(placeholders(text)) for text in texts.values()}) == 1
    assert all(text.strip() for text in texts.values())


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_russian_and_kazakh_are_not_left_in_english(code: str) -> None:
    texts = catalogue()[code]
    assert all(re.search("[а-яёәғқңөұүһі]", texts[language].casefold()) for language in ("ru", "kk"))


def test_every_code_of_the_readers_has_a_message() -> None:
    folder = Path(__file__).parents[3] / "ingest"
    sources = [*(folder / "reading").glob("*.py"), folder / "feeds.py"]
    quoted_codes = {
        code
        for source in sources
        for code in re.findall(r'(?:Fault|_refused|add)\(\s*"([a-z0-9]+(?:-[a-z0-9]+)+)"', source.read_text("utf-8"))
    }
    assert len(quoted_codes) > 25
    assert quoted_codes <= catalogue().keys()


def test_an_unknown_language_reads_english() -> None:
    assert sentence("file-empty", {}, "fr") == sentence("file-empty", {}, "en")


def test_a_missing_parameter_stays_visible_instead_of_hiding_the_message() -> None:
    assert "{limit_mb}" in sentence("file-too-large", {})


def test_an_unknown_code_is_an_error_of_ours() -> None:
    with pytest.raises(LookupError, match="no-such-code"):
        sentence("no-such-code", {})


def test_a_description_says_file_line_and_column_in_each_language() -> None:
    fault = Fault("count-empty", 7, "count")
    assert describe(fault, "en", "a.csv").startswith("a.csv, line 7, column count: ")
    assert describe(fault, "ru", "a.csv").startswith("a.csv, строка 7, столбец count: ")
    assert describe(fault, "kk", "a.csv").startswith("a.csv, 7-жол, count бағаны: ")


def test_a_report_shows_the_first_fault_and_counts_the_rest() -> None:
    faults = (Fault("count-empty", 2), Fault("count-empty", 3))
    assert "1 more" in report(faults)
    assert "more" not in report(faults[:1]).replace("no more", "")
    assert "8 more" in str(FileRefused(faults, fault_count=9))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("77011234567", "###########"),
        ("+7 (701) 123-45-67", "+# (###) ###-##-##"),
        ("2026-11-20T10:00:00+05:00", "2026-11-20T10:00:00+05:00"),
        ("counts_202611201000.csv", "counts_202611201000.csv"),
        ("counts_20261120100000.csv", "counts_20261120100000.csv"),
        ("2026-11-20 10.00.00", "2026-11-20 10.00.00"),
        ("counts_202613201000.csv", "counts_############.csv"),
        ("201212312345", "############"),
        ("a\x1b[31mb\n", "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}"),
        ("x" * 61, "x" * 59 + "…"),
        ("Өскемен", "Өскемен"),
    ],
)
def test_a_quote_is_printable_short_and_hides_long_numbers(value: str, shown: str) -> None:
    assert quoted(value) == shown
