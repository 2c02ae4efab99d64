"""How long work tells where it stands."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the share done, 0..1, and the stable code of what is being done (`weights`, `reading`, ...)."""


def silent(_share: float, _what: str) -> None:
    """Tell nobody."""


def part(progress: Progress, first: float, last: float) -> Progress:
    """Return a progress whose 0..1 is `first`..`last` of `progress`."""
    return lambda share, what: progress(first + (last - first) * share, what)
