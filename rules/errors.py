"""What can be wrong with the values that the rules are given.

    Exception
    └── RulesError                 has .code, .params, .line, .column
        ├── PolicyRefused          a policy file has faults; ``.faults`` lists all of them
        ├── NoPolicyInForce        no policy is in force at that moment
        └── HoursNotUnderstood     opening hours outside the subset that is read

Codes are stable; their sentences stand in the catalogues that `ingest.faults` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

Params = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One thing that is wrong with a policy file: code, line in the YAML (1-based), path of the entry, parameters."""

    code: str
    line: int | None = None
    column: str | None = None
    params: Params = field(default_factory=dict)


class RulesError(Exception):
    """Something that the rules cannot judge. `column` is the path of the entry, where there is one."""

    def __init__(self, code: str, params: Params, line: int | None = None, column: str | None = None) -> None:
        self.code = code
        self.params = dict(params)
        self.line = line
        self.column = column
        super().__init__(f"{code} {self.params}")


class PolicyRefused(RulesError):
    """A policy file was refused whole. `faults` is never empty, in the file's order; the error speaks for the first."""

    def __init__(self, name: str, faults: Iterable[PolicyFault]) -> None:
        self.name = name
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(first.code, first.params, first.line, first.column)


class NoPolicyInForce(RulesError):
    """The moment lies before the first policy."""

    def __init__(self, moment: datetime) -> None:
        super().__init__("policy-none-in-force", {"moment": moment.isoformat()})


class HoursNotUnderstood(RulesError):
    """The text of opening hours is outside the subset; `part` is where reading stopped."""

    def __init__(self, text: str, part: str) -> None:
        super().__init__("hours-not-understood", {"text": text, "part": part})
