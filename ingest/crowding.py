"""Crowding of every venue in one released bin: figures from the release, the word from the rules.

Only released rows enter, of venues and of hexagons, so a venue says nothing that its release does not say already.
What head counts have taught about intervals (a calibration) widens what is shown and what is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from geo.conformal import Calibration
from ingest.venue_figures import BinFigures, ReleasedBin, Widening, figures_of
from ingest.venue_signals import Signals, UsualHour, VenueSignals
from ingest.venue_states import VenueStates
from rules.attribution import attribute
from rules.crowding import Crowding, VenueFigures, crowding_level
from rules.occupancy import Limit
from rules.policy import EpidemicZone, Policy
from store.records import Venue, VenueCrowding, ZoneAnnouncement

NO_DATA_CODE, AREA_ONLY_CODE, CLOSED_CODE = 0, 1, 2
LEVEL_CODES = {(1, 1): 3, (2, 2): 4, (3, 3): 5, (4, 4): 6, (1, 2): 7, (2, 3): 8, (3, 4): 9}
CLOSED_REASON = "crowding-reason-closed-now"
NOT_RELEASED = Crowding("no_data", reason="crowding-reason-released-without-venues")
PROBABILITY_DIGITS = 3


class VenueJudge:
    """Judges all venues that have a place and are not masked (sensitive), over one list of hexagons.

    `residents` (H,): people at home in each hexagon, NaN unknown; without a `calibration` intervals are as wide as the
    policy asks of uncalibrated ones.
    """

    def __init__(
        self,
        policy: Policy,
        venues: Sequence[Venue],
        announcements: Sequence[ZoneAnnouncement],
        hexagons: NDArray[np.uint64],
        residents: NDArray[np.float64],
        calibration: Calibration | None = None,
    ) -> None:
        self._policy = policy
        self._announcements = announcements
        self._states = VenueStates(policy, venues, hexagons)
        self._signals = VenueSignals(policy, self._states, residents)
        self._widening = Widening(self._states.capacity, policy.crowding.uncalibrated_factor, calibration)

    @property
    def venue_ids(self) -> tuple[str, ...]:
        """Ids of the judged venues, in the order of the bytes of a venue frame."""
        return self._states.ids

    def judge(self, told: ReleasedBin, width: timedelta, usual: UsualHour | None = None) -> list[VenueCrowding]:
        """Return the crowding of every judged venue in the time bin `[told.start, told.start + width)`.

        `usual`: what past weeks say of this hour; None calls nothing unusual.
        """
        figures = self._figures(told)
        figures = replace(figures, high=self._signals.highs(told, figures, self._announcements))
        signals = self._signals.of(told, figures, usual or self.usual_hour([]), self._announcements)
        limits = self._states.limits_at(told.start, self._announcements)
        is_open = self._states.open_at(told.start)
        span = (told.start, told.start + width)
        return [
            self._judge_one(row, one, figures, limits[row], is_open[row], signals[row], span)
            for row, one in enumerate(figures.each())
        ]

    def usual_hour(self, past: Sequence[tuple[int, ReleasedBin]]) -> UsualHour:
        """Return what is usual from past bins of the same hour of the week, each with the number of its week."""
        return self._signals.usual_hour([(week, told, self._figures(told)) for week, told in past])

    def _figures(self, told: ReleasedBin) -> BinFigures:
        return figures_of(told, self.venue_ids, self._widening)

    def _judge_one(
        self,
        row: int,
        one: VenueFigures,
        figures: BinFigures,
        limit: tuple[EpidemicZone | None, Limit],
        is_open: bool | None,
        signals: Signals,
        span: tuple[datetime, datetime],
    ) -> VenueCrowding:
        rules, neighbours = self._policy.crowding, figures.neighbours[row]
        fits = self._states.capacities[row]
        zone, permitted = limit
        crowding = NOT_RELEASED
        if figures.named[row]:
            crowding = crowding_level(
                one.widened(float(figures.doubt[row])),
                permitted,
                rules,
                rivals=len(neighbours),
                is_open=is_open,
                impossible=fits.impossible,
                capacity=inf if fits.persons is None else fits.persons,
            )
        surplus = 0.0 if figures.calibrated[row] else signals.area_unusual_z or 0.0
        own = float(figures.own_probability[row])
        whose = attribute(own, one, rules, rivals=len(neighbours), unverified_z=surplus)
        closed = is_open is False or permitted.closed
        told = crowding.state != "no_data" and all(map(isfinite, (one.low, one.best, one.high)))
        return VenueCrowding(
            venue_id=self.venue_ids[row],
            time_bin_start=span[0],
            state=crowding.state,
            level=crowding.level,
            level_high=crowding.level_high,
            low=one.low if told else None,
            best=one.best if told and not figures.rows.few[row] else None,  # the middle of a band is no likely number
            high=one.high if told else None,
            occupancy_limit=permitted.persons,
            epidemic_zone=zone,
            reason=crowding.reason,
            params=crowding.params,
            neighbour_count=len(neighbours),
            is_open=is_open,
            observed_at=span[1],
            kernel=one.kernel if told else None,
            probability=None if crowding.probability is None else round(crowding.probability, PROBABILITY_DIGITS),
            attribution=whose.whose if whose else None,
            attribution_probability=round(whose.probability, PROBABILITY_DIGITS) if whose else None,
            neighbour_ids=neighbours,
            calibrated=told and figures.calibrated[row] and not closed,  # no head count is of a closed venue
            unusual_z=signals.unusual_z,
            unusual_most=signals.unusual_most,
            area_unusual_z=signals.area_unusual_z,
            after_hours=signals.after_hours,
        )


def venue_codes(rows: Sequence[VenueCrowding]) -> bytes:
    """Return one byte a venue: 0 no data, 1 cannot tell, 2 closed, 3..6 level 1..4, 7..9 between two levels."""
    return bytes(_venue_code(row) for row in rows)


def _venue_code(row: VenueCrowding) -> int:
    if row.state == "no_data":
        return NO_DATA_CODE
    if row.state == "area_only" or row.level is None or row.level_high is None:
        return CLOSED_CODE if row.reason == CLOSED_REASON else AREA_ONLY_CODE
    return LEVEL_CODES[row.level, row.level_high]
