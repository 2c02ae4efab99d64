"""Fold names so that a search finds what a person means, whatever keyboard typed it.

Promises: folding is idempotent, and letters that look alike in Latin and Cyrillic, or that are written for one another
(Kazakh letters typed on a Russian keyboard), fold to the same character.
Does not: produce text to show. What it returns is a key, never a name.
"""

from __future__ import annotations

import unicodedata

# Kazakh letters as they are typed where the keyboard has none of them, and letters without their marks.
_PLAIN = str.maketrans("әғқңөұүһіё", "агкноуухие")
# і is Kazakh, i is Latin, and both are typed for one another: they must meet before і would turn into и.
_DOTTED = str.maketrans({"і": "i", "ї": "i", "ı": "i"})
# After lower-casing: Cyrillic letters that look like a Latin one in either case.
_LOOK_ALIKE = str.maketrans("авекмнорстухјѕһԁԛԝӏ", "abekmhopctyxjshdqwl")
_DROPPED = frozenset({"Mn", "Me", "Cf", "Cc", "Cs", "Co"})


def fold(text: str) -> str:
    """Return the search key of `text`: lower case, without marks, one alphabet for look-alikes, single spaces."""
    marked = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold().translate(_DOTTED))
    bare = "".join(letter for letter in marked if _is_kept(letter)).casefold()
    alike = bare.translate(_DOTTED).translate(_PLAIN).translate(_LOOK_ALIKE)
    return " ".join("".join(letter if letter.isalnum() else " " for letter in alike).split())


def _is_kept(letter: str) -> bool:
    # Whitespace controls (tab, newline) part words, so they stay and become spaces.
    return letter.isspace() or unicodedata.category(letter) not in _DROPPED
