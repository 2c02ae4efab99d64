"""Where a rule comes from, in words: the entries of a policy's list of sources, and what stands for "no document"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from webapp.speech import gettext as _


def sources_words(codes: Iterable[str], bibliography: Mapping[str, str]) -> str:
    """Return the names of sources, each once; `bibliography`: the policy's own list, by code."""
    return "; ".join(dict.fromkeys(_name(code, bibliography) for code in codes))


def _name(code: str, bibliography: Mapping[str, str]) -> str:
    known = {
        "ours": _("a draft rule of this system"),
        "unverified": _("remembered, not yet compared with the document"),
        "K58": _("annex to the decree of the chief sanitary doctor"),
        "K24": _("the decree that made the list of places longer"),
    }
    return known.get(code) or bibliography.get(code, code)
