"""What a rule says, before it is put into a language: a code of the catalogues and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Params = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence by its code and parameters; `ingest.faults.sentence` writes it in en, ru or kk."""

    code: str
    params: Params = field(default_factory=dict)
