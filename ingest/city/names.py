"""Names of venues in Kazakh and Russian, put together from the word lists in `names.toml`."""

from __future__ import annotations

import numpy as np

from ingest.city.geography import read_toml

NUMBERED = {"betting_lottery"}


def name_of(rng: np.random.Generator, category: str, capacity: int) -> tuple[str, str]:
    """Draw a Kazakh and a Russian name: «Шаңырақ» кафесі, Кафе «Шанырак».

    A big trading place is a shopping centre or a bazaar; branches carry a number.
    """
    proper_kk, proper_ru = _drawn(rng, read_toml("names.toml")["proper"])
    kind_kk, kind_ru = _drawn(rng, _fitting(category, capacity))
    if category == "bank_post_tson":
        return _branch(rng, (proper_kk, kind_kk), (proper_ru, kind_ru))
    number = f" № {int(rng.integers(1, 60))}" if category in NUMBERED else ""
    return f"«{proper_kk}» {kind_kk}{number}", f"{kind_ru} «{proper_ru}»{number}"


def _branch(rng: np.random.Generator, kk: tuple[str, str], ru: tuple[str, str]) -> tuple[str, str]:
    """Number a branch; a post office has no other name than its number."""
    number = int(rng.integers(1, 60))
    if kk[1].startswith("пошта"):
        return f"№ {number} {kk[1]}", f"{ru[1]} № {number}"
    return f"«{kk[0]}» {kk[1]}, № {number}", f"{ru[1]} «{ru[0]}» № {number}"


def _fitting(category: str, capacity: int) -> list[list[str]]:
    kinds: list[list[str]] = read_toml("names.toml")["kinds"][category]
    if category == "mall_market" and capacity > 3000:
        return [kinds[0], kinds[-1]]
    return kinds


def _drawn(rng: np.random.Generator, options: list[list[str]]) -> list[str]:
    return options[int(rng.integers(len(options)))]
