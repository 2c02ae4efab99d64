from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.names import fold


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Kафе", "Кафе"),  # a Latin K
        ("ΚАФЕ".replace("Κ", "K"), "кафе"),
        ("Нур-Султан", "Нұр-Сұлтан"),
        ("Кызылорда", "Қызылорда"),
        ("iнжу", "інжу"),  # a Latin i for the Kazakh і
        ("  «Дәмді»\tасхана ", "Дәмді асхана"),
        ("Café Zoë", "cafe zoe"),
        ("Ёлка", "елка"),
        ("BAPEHИK", "Вареник"),
        ("ﬁtness", "fitness"),
        ("Оры\u200bн", "Орын"),  # a zero-width space
    ],
)
def test_what_looks_alike_is_found_alike(typed: str, meant: str) -> None:
    assert fold(typed) == fold(meant)


def test_different_words_stay_different() -> None:
    names = ["Асхана", "Кафе", "Монша", "Базар", "Орын", "Арман", "Нұр", "Нар"]
    assert len({fold(name) for name in names}) == len(names)


def test_every_kazakh_letter_folds_to_something() -> None:
    assert all(fold(letter) for letter in "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщыіэюя")
