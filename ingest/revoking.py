"""What is taken back, what is drawn again, and what stays for ever when the counts behind released bins change.

- A bin that no count covers any more loses its release, its pictures and its venues' crowding at once.
- A picture that was drawn once is drawn again whenever its bin changes, however old it is: none shows what is no more.
- A bin that touched counts which were erased in time is frozen: what was released of it stays as published
  (contract.md C8), because it could not be computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from store import crowding, erasing, map_frames, releases, uploads
from store.database import Connection


def not_frozen(connection: Connection, bins: Iterable[datetime], base_bin: timedelta) -> list[datetime]:
    """Return those of `bins`, ascending, of which no counts were erased."""
    ordered = sorted(bins)
    if not ordered:
        return []
    spans = erasing.erased_spans(connection, ordered[0], ordered[-1] + base_bin)
    frozen = {one for start, end in spans for one in uploads.base_bins(start, end, base_bin)}
    return [one for one in ordered if one not in frozen]


@dataclass(frozen=True, slots=True)
class Shown:
    """Which base bins have a picture of their own, and which are shown by the picture of their public bin."""

    own: frozenset[datetime]
    public: frozenset[datetime]


def shown_bins(connection: Connection, bins: Sequence[datetime], public: timedelta) -> Shown:
    """Return which of `bins` (ascending) are shown by a picture."""
    if not bins:
        return Shown(frozenset(), frozenset())
    hours = {one: public_bin(one, public) for one in bins}
    own = map_frames.starts_drawn(connection, "group", bins[0], bins[-1])
    shared = map_frames.starts_drawn(connection, "public", hours[bins[0]], hours[bins[-1]])
    return Shown(frozenset(own.intersection(bins)), frozenset(one for one in bins if hours[one] in shared))


def take_back(connection: Connection, bins: Sequence[datetime], public: timedelta) -> None:
    """Take back everything that was released and drawn of base bins; a public bin goes with the last one inside it."""
    releases.delete_releases(connection, bins)
    crowding.save_crowding(connection, bins, [])
    map_frames.forget_frames(connection, "group", bins)
    hours = sorted({public_bin(one, public) for one in bins})
    empty = [one for one in hours if not releases.releases_between(connection, one, one + public)]
    map_frames.forget_frames(connection, "public", empty)


def public_bin(start: datetime, public: timedelta) -> datetime:
    """Return the start of the public bin in which a base bin starts."""
    return uploads.base_bins(start, start + timedelta(seconds=1), public)[0]
