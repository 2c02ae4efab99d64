"""What one person may see of one time bin: the picture of their layer, and every venue's crowding in it.

Contract C5 stands here once: who sees the group layer gets base bins and numbers; everybody else gets hours, late, in
words; an owner gets the numbers of the own venues. What is too old is no answer to "how full is it now?": a scene of
now has no level that is older than the layer's newest picture should be; a moment that is asked for by its time has.
Who is open now is told by the clock and not by a picture: what was counted while a venue was closed says nothing of how
full it is since it opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from rules.crowding import is_stale
from rules.policy import Policy
from store import crowding as crowding_store
from store import map_frames
from store.database import Connection
from store.records import AccountRecord, MapFrame, MapLayer, Venue, VenueCrowding
from webapp.open_now import open_venues
from webapp.roles import layer_of, may_see_numbers
from webapp.views import CrowdingCode, CrowdingView
from webapp.wording.certainty import Reader
from webapp.wording.crowding import BYTE_CODES, CLOSED_NOW, code_of, group_view, numbers_view, public_view
from webapp.wording.moments import public_delay, stale_after

TOO_OLD, OPENED_SINCE = "crowding-reason-too-old", "crowding-reason-opened-since"
UNUSUAL = ("unusual_z", "unusual_most", "area_unusual_z")
NUMBERS = (
    *("level", "level_high", "low", "best", "high", "kernel", "probability"),
    *("attribution", "attribution_probability", *UNUSUAL, "after_hours"),
)
NO_DATA_BYTE, CLOSED_BYTE = BYTE_CODES.index("no-data"), BYTE_CODES.index("closed")
LEVEL_BYTES = frozenset(at for at, code in enumerate(BYTE_CODES) if code.startswith(("level", "between")))


@dataclass(frozen=True, slots=True)
class Scene:
    """One bin as an account may see it.

    `codes`: venue bytes by id. `base`: rows of the bin's last base bin, for those venues whose numbers or reason are
    asked for; a list for the public needs none.
    """

    account: AccountRecord | None
    layer: MapLayer
    frame: MapFrame | None
    codes: Mapping[str, int]
    base: Mapping[str, VenueCrowding]
    now: datetime

    @property
    def observed_at(self) -> datetime | None:
        return self.frame.observed_at if self.frame else None

    def code(self, venue_id: str) -> CrowdingCode:
        """Return a venue's crowding as a code, from what the account may see."""
        if may_see_numbers(self.account, venue_id):
            return code_of(self.base.get(venue_id))
        return BYTE_CODES[self.codes.get(venue_id, 0)]

    def layer_code(self, venue_id: str) -> CrowdingCode:
        """Return a venue's crowding as everybody on the account's layer sees it: one time bin for all venues."""
        if self.layer == "group":
            return code_of(self.base.get(venue_id))
        return BYTE_CODES[self.codes.get(venue_id, 0)]

    def view(self, venue_id: str) -> CrowdingView:
        """Return a venue's crowding in the words, and with the numbers, that the account may see."""
        base = self.base.get(venue_id)
        observed_at = base.observed_at if base else self.observed_at
        if self.layer == "group":
            return group_view(base, observed_at, self.now)
        if may_see_numbers(self.account, venue_id):
            return numbers_view(base, observed_at, self.now)
        return public_view(self.code(venue_id), base, self.observed_at, self.now)


def reader_of(account: AccountRecord | None, venue_id: str) -> Reader:
    """Return whether an account is told a venue's numbers, or words only."""
    return "numbers" if may_see_numbers(account, venue_id) else "public"


def present(scene: Scene, venue_id: str) -> float | None:
    """Return the people in an open venue now, for who may see them; None where the venue cannot be told."""
    row = scene.base.get(venue_id)
    told = row is not None and row.kernel is not None and row.state == "level"
    return row.best if row is not None and told and may_see_numbers(scene.account, venue_id) else None


def visible_until(layer: MapLayer, policy: Policy, now: datetime) -> datetime:
    """Return the end of the newest bin that a layer may show: the public one is late by whole bins."""
    return now - public_delay(policy.map) if layer == "public" else now


def scene_now(
    connection: Connection,
    account: AccountRecord | None,
    policy: Policy,
    now: datetime,
    venues: Sequence[Venue],
    only: str | None = None,
) -> Scene:
    """Return the newest bin that the account may see; with `only`, what is needed for that one venue's card.

    `venues`: those that are shown; the clock says which of them are open.
    """
    layer = layer_of(account)
    frame = map_frames.latest_frame(connection, layer, visible_until(layer, policy, now))
    scene = _scene(connection, account, frame, policy, now, only)
    if _owned(account, only):
        newest = crowding_store.latest_crowding_bin(connection, now - _base_width(policy))
        scene = _with_own_rows(connection, scene, newest, policy, only)
    return _as_open_now(_without_stale_levels(scene, policy), open_venues(venues, policy, now))


def scene_at(
    connection: Connection, account: AccountRecord | None, policy: Policy, at: datetime, now: datetime, only: str
) -> Scene:
    """Return the bin that holds the moment `at`, empty where there is none that the account may see."""
    layer = layer_of(account)
    minutes = policy.map.public_bin_minutes if layer == "public" else policy.counts.base_bin_minutes
    start = bin_start(at, minutes)
    end = min(start + timedelta(minutes=minutes), visible_until(layer, policy, now))
    frames = map_frames.frames_between(connection, layer, start, end)
    scene = _scene(connection, account, frames[-1] if frames else None, policy, now, only)
    own = bin_start(at, policy.counts.base_bin_minutes)
    return _with_own_rows(connection, scene, own if own + _base_width(policy) <= now else None, policy, only)


def bin_start(moment: datetime, minutes: int) -> datetime:
    """Return the start of the bin of that width that holds the moment."""
    seconds = minutes * 60
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=moment.tzinfo)


def _scene(
    connection: Connection,
    account: AccountRecord | None,
    frame: MapFrame | None,
    policy: Policy,
    now: datetime,
    only: str | None,
) -> Scene:
    layer = layer_of(account)
    if frame is None:
        return Scene(account, layer, None, {}, {}, now)
    start = frame.bin_end - _base_width(policy)
    if only is None:
        base = crowding_store.crowding_at(connection, start) if layer == "group" else {}
    elif layer == "group":
        base = _rows(connection, {only}, start, policy)
    else:
        base = _hour(connection, only, frame)
    codes: Mapping[str, int] = {}
    if layer == "public":
        order = map_frames.venue_list(connection, frame.venues_digest)
        codes = dict(zip(order, map_frames.read_blob(connection, frame.venue_frame_digest), strict=True))
    return Scene(account, layer, frame, codes, base, now)


def _with_own_rows(
    connection: Connection, scene: Scene, start: datetime | None, policy: Policy, only: str | None
) -> Scene:
    """Give an owner the own venues' base bin, which the public does not see yet (contract C5)."""
    owned = _owned(scene.account, only)
    if not owned:
        return scene
    own = _rows(connection, owned, start, policy) if start else {}
    others = {venue_id: row for venue_id, row in scene.base.items() if venue_id not in owned}
    return replace(scene, base=others | own)


def _without_stale_levels(scene: Scene, policy: Policy) -> Scene:
    """Take away levels and numbers of people that were true too long ago to be told as those of now."""
    codes, frame = scene.codes, scene.frame
    if frame is not None and _is_stale(frame.observed_at, scene.layer, scene.now, policy):
        codes = {venue_id: NO_DATA_BYTE if code in LEVEL_BYTES else code for venue_id, code in codes.items()}
    owned = _owned(scene.account, None)
    base = {
        venue_id: _aged(row)
        if _is_stale(row.observed_at, "group" if venue_id in owned else scene.layer, scene.now, policy)
        else row
        for venue_id, row in scene.base.items()
    }
    return replace(scene, codes=codes, base=base)


def _is_stale(observed_at: datetime, layer: MapLayer, now: datetime, policy: Policy) -> bool:
    return is_stale(observed_at, now, stale_after(layer, policy.map) // timedelta(minutes=1))


def _aged(row: VenueCrowding) -> VenueCrowding:
    """Return a row that says only that it is too old; who is closed by rule or hours, or has no place, stays so."""
    if row.state == "no_data" or code_of(row) == "closed":
        return row
    return _without_numbers(row, "no_data", TOO_OLD)


def _as_open_now(scene: Scene, opened: Mapping[str, bool]) -> Scene:
    """Let the clock say who is closed (`opened`: by venue id, where hours are known), whatever was so when counted."""
    codes = {venue_id: _byte_now(code, opened.get(venue_id)) for venue_id, code in scene.codes.items()}
    base = {venue_id: _row_now(row, opened.get(venue_id)) for venue_id, row in scene.base.items()}
    return replace(scene, codes=codes, base=base)


def _byte_now(code: int, is_open: bool | None) -> int:
    if is_open is None:
        return code
    if not is_open:
        return CLOSED_BYTE
    return NO_DATA_BYTE if code == CLOSED_BYTE else code


def _row_now(row: VenueCrowding, is_open: bool | None) -> VenueCrowding:
    if is_open is None or row.is_open is is_open:
        return row
    if is_open and (row.is_open is None or row.state == "no_data"):
        return replace(row, is_open=True)
    state, reason = ("no_data", OPENED_SINCE) if is_open else ("area_only", CLOSED_NOW)
    return replace(_without_numbers(row, state, reason), is_open=is_open)


def _without_numbers(row: VenueCrowding, state: str, reason: str) -> VenueCrowding:
    nothing = dict.fromkeys(NUMBERS)
    return replace(row, state=state, reason=reason, params={}, neighbour_ids=(), calibrated=False, **nothing)  # type: ignore[arg-type]


def _owned(account: AccountRecord | None, only: str | None) -> set[str]:
    if account is None or layer_of(account) == "group":
        return set()
    owned = {venue_id for venue_id in account.venue_ids if may_see_numbers(account, venue_id)}
    return owned & {only} if only else owned


def _rows(connection: Connection, venue_ids: set[str], start: datetime, policy: Policy) -> dict[str, VenueCrowding]:
    end = start + _base_width(policy)
    found = (crowding_store.venue_day(connection, one, start, end) for one in sorted(venue_ids))
    return {rows[0].venue_id: rows[0] for rows in found if rows}


def _hour(connection: Connection, venue_id: str, frame: MapFrame) -> dict[str, VenueCrowding]:
    """Return the last base bin of a public hour, as unusual as the hour's middle bin: the public sees hours."""
    rows = crowding_store.venue_day(connection, venue_id, frame.bin_start, frame.bin_end)
    if not rows:
        return {}
    middle = {name: _middle([getattr(row, name) for row in rows]) for name in UNUSUAL}
    return {venue_id: replace(rows[-1], time_bin_start=frame.bin_start, **middle)}  # type: ignore[arg-type]


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _base_width(policy: Policy) -> timedelta:
    return timedelta(minutes=policy.counts.base_bin_minutes)
