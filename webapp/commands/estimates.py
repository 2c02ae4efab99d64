"""`oryn estimates`: what the estimate of a time bin stands on, and how each operator's counts agree with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.installation import Installation, installation, moment

if TYPE_CHECKING:
    from ingest.bin_inputs import BinInputs
    from store.records import ReleaseRef


@click.command()
@click.option("--at", required=True, help="A moment in the time bin: 2026-11-20T20:45:00+05:00, or now.")
def command(at: str) -> None:
    """Show what the released estimate of a time bin stands on. For headquarters: it sets operators side by side."""
    from ingest.faults import Fault, FileRefused, sentence
    from store import releases, uploads

    with installation() as here:
        asked, width = moment(at), timedelta(minutes=here.policy.counts.base_bin_minutes)
        start = uploads.base_bins(asked, asked + timedelta(seconds=1), width)[0]
        with here.database.read() as connection:
            ref = releases.find_release(connection, start)
        if ref is None:
            raise FileRefused([Fault("estimate-nothing", params={"start": start.isoformat()})])
        for code, params in _lines(here, ref):
            click.echo(sentence(code, params, here.language))


def _lines(here: Installation, ref: ReleaseRef) -> Iterator[tuple[str, Mapping[str, str | int | float]]]:
    yield (
        "estimate-of",
        {
            "start": ref.time_bin_start.isoformat(),
            "method": ref.method or "-",
            "version": ref.version,
            "released": ref.released_at.isoformat(timespec="minutes"),
            "carriers": ", ".join(ref.carriers),
        },
    )
    for one in ref.residuals:
        yield "estimate-residual", _told(one)
        if one.get("left_out"):
            yield "estimate-left-out", {"carrier": str(one["carrier"])}
    found = _inputs(here, ref)
    if found is not None and found.method != "spread-1":
        yield "estimate-history", {"weeks": len(found.past)}
        for gap in found.gaps:
            yield "estimate-gap", {"start": gap.start.isoformat(), "reason": _reason(here, gap.reason)}
    yield from _layer(here)


def _told(residual: Mapping[str, Any]) -> dict[str, str | int | float]:
    delivered, predicted = residual["delivered"] or 0.0, residual["predicted"] or 0.0
    numbers: dict[str, str | int | float] = {
        name: "-" if value is None else round(value, 3) if isinstance(value, float) else value
        for name, value in residual.items()
    }
    percent = f"{100 * (delivered / predicted - 1):+.1f}" if predicted else "-"
    return numbers | {"delivered": round(delivered), "predicted": round(predicted), "percent": percent}


def _inputs(here: Installation, ref: ReleaseRef) -> BinInputs | None:
    from ingest.estimating import Estimator
    from ingest.world import World

    place = here.workplace()
    with here.database.read() as connection:
        estimator = Estimator(connection, World(connection, place.cache), here.policy)
        return estimator.inputs([ref.time_bin_start])[0]


def _reason(here: Installation, reason: str) -> str:
    from ingest.faults import sentence

    return sentence(f"estimate-gap-{reason}", {}, here.language)


def _layer(here: Installation) -> Iterator[tuple[str, Mapping[str, str | int | float]]]:
    from store import priors

    with here.database.read() as connection:
        layer = priors.newest_layer(connection)
    if layer is not None:
        yield "estimate-layer", {"name": layer.name, "kind": layer.kind, "source": layer.source}
