"""Regions: codes as announced zones and registries of venues have them, names, outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store.estimation_tables import region
from store.writing import replace_rows


@dataclass(frozen=True, slots=True)
class Region:
    """One region. `outline_wkb`: its polygon; `source`: the file that it came from."""

    code: str
    name: str
    outline_wkb: bytes
    source: str
    loaded_at: datetime


def save_regions(connection: sa.Connection, regions: Sequence[Region]) -> None:
    """Keep regions; one with a code that is there already takes its place."""
    columns = [column.name for column in region.columns]
    replace_rows(connection, region, [{name: getattr(one, name) for name in columns} for one in regions])


def list_regions(connection: sa.Connection) -> list[Region]:
    """Return every region, by code."""
    rows = connection.execute(sa.select(region).order_by(region.c.code))
    return [Region(row.code, row.name, bytes(row.outline_wkb), row.source, row.loaded_at) for row in rows]


def region_codes(connection: sa.Connection) -> list[str]:
    """Return the code of every region, sorted."""
    return list(connection.execute(sa.select(region.c.code).order_by(region.c.code)).scalars())
