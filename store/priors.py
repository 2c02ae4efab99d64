"""Prior layers: where people live or could be, as loaded by headquarters; the newest one holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from store.blobs import put_blob
from store.estimation_tables import prior_layer

PriorKind = Literal["residents", "built_volume"]


@dataclass(frozen=True, slots=True)
class PriorLayerRef:
    """A prior layer without its bytes. `source`: the file that it came from, `name`: its column."""

    id: int
    name: str
    kind: PriorKind
    blob_digest: str
    source: str
    loaded_at: datetime


def add_layer(
    connection: sa.Connection, kind: PriorKind, data: bytes, name: str, source: str, now: datetime
) -> PriorLayerRef:
    """Keep a prior layer; it holds from now on, for every bin."""
    digest = put_blob(connection, data)
    row = {"name": name, "kind": kind, "blob_digest": digest, "source": source, "loaded_at": now}
    made = connection.execute(sa.insert(prior_layer).values(row).returning(prior_layer.c.id)).scalar_one()
    return PriorLayerRef(int(made), name, kind, digest, source, now)


def newest_layer(connection: sa.Connection) -> PriorLayerRef | None:
    """Return the prior layer that holds, or None."""
    layers = list_layers(connection)
    return layers[-1] if layers else None


def list_layers(connection: sa.Connection) -> list[PriorLayerRef]:
    """Return every prior layer, oldest first."""
    rows = connection.execute(sa.select(prior_layer).order_by(prior_layer.c.id))
    return [PriorLayerRef(**row._mapping) for row in rows]
