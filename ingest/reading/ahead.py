"""Do the next step of an iterator in a second thread while the present one is used: parsing beside judging."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(steps: Iterator[T]) -> Iterator[T]:
    """Yield what `steps` yields, one step ahead. An error is raised in its turn; nothing runs on after the end."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading") as pool:
        coming: Future[tuple[T] | None] = pool.submit(_next, steps)
        while (found := coming.result()) is not None:
            coming = pool.submit(_next, steps)
            yield found[0]


def _next(steps: Iterator[T]) -> tuple[T] | None:
    for step in steps:
        return (step,)
    return None
