"""What geo says when it cannot go on, and what it remarks when it can.

    GeoError                 anything below; carries code, params, line, column
    ├── CoverageError        a coverage file or a list of source areas that cannot be used
    ├── RegionError          a file of region outlines that cannot be used
    ├── HexagonError         a text that is no hexagon
    ├── WeightsError         a coverage too large to be spread
    └── PackedBytesError     bytes that this package did not write, or wrote in another version

The sentences for people, in three languages, stand in ingest/messages/coverage.toml, priors.toml and
regions.toml under the same codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Param = str | int | float


class GeoError(Exception):
    """Say what is wrong by a stable code, its parameters and, where known, line and column.

    `others` holds further errors of the same file, so that a file can be mended in one go.
    """

    def __init__(
        self,
        code: str,
        params: Mapping[str, Param] | None = None,
        line: int | None = None,
        column: str | None = None,
        others: tuple[GeoError, ...] = (),
    ) -> None:
        self.code = code
        self.params: dict[str, Param] = dict(params or {})
        self.line = line
        self.column = column
        self.others = others
        super().__init__(code, self.params)

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code}: {details}" if details else self.code


class CoverageError(GeoError):
    """A coverage file or a list of source areas that cannot be used."""


class PriorError(GeoError):
    """A file of residents or built volume that cannot be used."""


class RegionError(GeoError):
    """A file of region outlines that cannot be used."""


class HexagonError(GeoError):
    """A text that is no hexagon."""


class WeightsError(GeoError):
    """A coverage too large to be spread."""


class PackedBytesError(GeoError):
    """Bytes that this package did not write, or wrote in another version."""


@dataclass(frozen=True, slots=True)
class CoverageNote:
    """Something a person should know about a coverage that was read all the same."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


def all_or_first(errors: list[CoverageError]) -> CoverageError:
    """Make one error of many: the first, with the rest as its `others`."""
    first, *rest = errors
    first.others = tuple(rest)
    return first
