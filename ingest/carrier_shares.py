"""Load a carrier's shares by region and hour: read the table, keep it in the place of the earlier one, all or nothing.

Every estimate that stands on the carrier's shares is noted to be made again; those whose shares are as before stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingest.faults import FileRefused
from ingest.pipeline import Workplace, mark_estimates_stale
from ingest.share_files import read_shares
from rules.shares import LARGEST_SHARE, WHOLE_SHARE, Excess, ShareRow, ShareTable, excesses
from store import audit, carrier_shares, carriers, regions
from store.database import Connection

ACTION = "carrier-shares-loaded"


@dataclass(frozen=True, slots=True)
class LoadedShares:
    """The rows that hold now; `is_new`: whether they are others than before.

    `over_one`, `over_limit`: where the shares of all carriers add up to more than everybody, and than may be.
    """

    rows: tuple[ShareRow, ...]
    is_new: bool
    over_one: tuple[Excess, ...]
    over_limit: tuple[Excess, ...]


def load_shares(place: Workplace, carrier_code: str, path: Path, actor: str, now: datetime) -> LoadedShares:
    """Let a file be the carrier's table. Raises FileRefused and store.errors.NotFound; nothing is kept then."""
    with place.database.read() as connection:
        carriers.get_carrier(connection, carrier_code)
        known = regions.region_codes(connection)
    rows, faults = read_shares(path, known)
    if faults:
        raise FileRefused(faults, path.name)
    return replace_shares(place, carrier_code, rows, path.name, actor, now)


def replace_shares(
    place: Workplace, carrier_code: str, rows: Sequence[ShareRow], source: str, actor: str, now: datetime
) -> LoadedShares:
    """Let rows be the carrier's table; without any, its registered share holds. Raises store.errors.NotFound."""
    with place.database.begin() as connection:
        carrier = carriers.get_carrier(connection, carrier_code)
        carriers.lock_carrier(connection, carrier.id)
        is_new = set(carrier_shares.share_tables(connection).get(carrier.id, ())) != set(rows)
        if is_new:
            carrier_shares.replace_table(connection, carrier.id, rows)
            mark_estimates_stale(connection)
            details = {"file": source, "rows": len(rows)}
            subject = f"carrier:{carrier.code}"
            audit.append(connection, actor=actor, action=ACTION, subject=subject, details=details, now=now)
        over_one, over_limit = _excesses(connection)
    return LoadedShares(tuple(rows), is_new, over_one, over_limit)


def _excesses(connection: Connection) -> tuple[tuple[Excess, ...], tuple[Excess, ...]]:
    """Return where shares add up to more than everybody but not more than may be, and where to more than that."""
    said = carrier_shares.share_tables(connection)
    tables = [ShareTable.of(one.share, said.get(one.id, ())) for one in carriers.list_carriers(connection)]
    over_limit = tuple(excesses(tables, LARGEST_SHARE))
    worse = {one.region for one in over_limit}
    return tuple(one for one in excesses(tables, WHOLE_SHARE) if one.region not in worse), over_limit
