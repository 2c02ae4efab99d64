"""Parameters of faults as their readers write them."""

from __future__ import annotations

import re

import pytest

from ingest.fault_params import span_words
from ingest.faults import LANGUAGES, catalogue, sentence

OLD: dict[str, str | float] = {"end": "2026-10-30 18:00+05:00", "hours": 528.7, "usual": 25.0}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "on 2026-10-30 18:00, 22 days 1 h ago; 19 of 20 of your files came within 1 day 1 h."),
        (
            "ru",
            "30.10.2026 18:00, 22 дн. 1 ч назад; 19 из 20 ваших файлов приходили не позже чем через 1 дн. 1 ч.",
        ),
        ("kk", "30.10.2026 18:00 аяқталған, 22 күн 1 сағ бұрын; файлдарыңыздың 20-дан 19-ы 1 күн 1 сағ ішінде келген."),
    ],
)
def test_an_old_file_is_said_in_days_and_a_readable_moment(language: str, words: str) -> None:
    assert words in sentence("check-clock-older", OLD, language)


def test_a_span_below_a_day_is_hours() -> None:
    assert [span_words(one, "en") for one in (0.2, 8.0, 24.0, 49.0)] == ["0 h", "8 h", "1 day", "2 days 1 h"]


def test_large_counts_are_grouped_and_ids_are_not() -> None:
    assert "12,345 of 67,890" in sentence("check-small-counts", {"count": 12345, "rows": 67890})
    assert "12\N{NO-BREAK SPACE}345 из 67\N{NO-BREAK SPACE}890" in sentence(
        "check-small-counts", {"count": 12345, "rows": 67890}, "ru"
    )
    assert "receipt 12345" in sentence("upload-withdrawn", {"id": 12345})


def test_what_a_file_says_is_quoted_as_it_stands() -> None:
    written = "2026-10-30 18:00+05:00"
    assert written in sentence("time-unreadable", {"value": written}, "ru")


@pytest.mark.parametrize("code", sorted(code for code, texts in catalogue().items() if "{weeks}" in texts["en"]))
def test_no_russian_word_has_to_agree_with_a_number_of_weeks(code: str) -> None:
    assert not re.search(r"\{(weeks|times)\} \w", sentence_template(code))


def sentence_template(code: str) -> str:
    return catalogue()[code]["ru"].replace("{weeks} нед.", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["source-area-unknown", "time-unreadable", "time-without-offset"])
def test_who_can_set_an_option_of_the_feed_is_named(code: str, language: str) -> None:
    asked = {"en": "ask headquarters to set", "ru": "попросите штаб задать", "kk": "штабтан"}[language]
    assert asked in sentence(code, {"value": "x"}, language)
