"""What the page of accuracy is given: ready to be shown, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromiseBar:
    """One promise and how often it was kept, as a group of bars: places in the picture, words for the table."""

    promised_words: str
    before_words: str
    after_words: str
    x: float
    before_x: float
    before_y: float
    before_height: float | None
    after_x: float
    after_y: float
    after_height: float | None
    promise_y: float
    promise_end: float


@dataclass(frozen=True, slots=True)
class BandRow:
    """One band of capacity: how wrong the most likely number is, and how often a level could be told."""

    capacity_words: str
    error_words: str
    told_error_words: str
    told_words: str


@dataclass(frozen=True, slots=True)
class HeldOutRow:
    """One promise of the map's intervals, and how often it was kept by counts that were left out."""

    promised_words: str
    held_words: str


@dataclass(frozen=True, slots=True)
class AccuracyPage:
    """The page: the answer first, then the picture and the tables. Lists are empty where nothing can be told.

    `held_out_words`: what counts that were left out say of the map, or why they say nothing.
    """

    lead: str
    state: str
    counts_words: str
    factor_words: str | None
    told_held_words: str | None
    bars: list[PromiseBar]
    plot_words: str
    plot_width: float
    bands: list[BandRow]
    told_words: str
    held_out_words: str
    held_out: list[HeldOutRow]
    agreement_words: str
    computed_words: str | None
