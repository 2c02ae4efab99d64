"""`oryn fit`: which parameters the estimate stands on, from which counts they were chosen, and what else was tried."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.installation import installation

if TYPE_CHECKING:
    from store.fits import FitRow

SHAPE = ("length_m", "cv", "nugget_cv")
OF_CARRIER = ("model_error", "clumped_error", "share_error")
OF_RADIO = ("slope", "softness_db")


@click.command()
@click.option(
    "--show/--json", "as_text", default=True, help="A table to read (as without it), or JSON with everything."
)
def command(as_text: bool) -> None:
    """Show the parameters that were chosen from past counts, and what else was tried.

    They are chosen by themselves, whenever coverages or the counts they are chosen from change.
    """
    from store import fits

    with installation() as here:
        with here.database.read() as connection:
            rows = fits.list_fits(connection)
        if as_text:
            for line in _lines(rows, here.language):
                click.echo(line)
        else:
            told = [asdict(row) | {"fitted_at": row.fitted_at.isoformat()} for row in rows]
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _lines(rows: list[FitRow], language: str) -> Iterator[str]:
    from geo.fitting import LEAST_COUNTS
    from ingest.faults import sentence

    if not rows:
        yield sentence("fit-nothing", {"least": LEAST_COUNTS}, language)
    for row in rows:
        yield _heading(row, language)
        if row.parameters["reason"] == "fitted":
            yield from (f"  {line}" for line in _parameters(row, language))
        earlier = ", ".join(one["fitted_at"] for one in row.evidence["earlier"])
        if earlier:
            yield "  " + sentence("fit-earlier", {"earlier": earlier}, language)


def _heading(row: FitRow, language: str) -> str:
    from ingest.faults import sentence

    bins = row.evidence["sample"]["bins"]
    params = {
        "carriers": ", ".join(one["carrier"] for one in row.coverages),
        "at": row.fitted_at.isoformat(),
        "counts": row.evidence["counts"],
        "bins": len(bins),
        "first": bins[0],
    }
    code = "fit-chosen" if row.parameters["reason"] == "fitted" else "fit-too-few-counts"
    return sentence(code, params, language)


def _parameters(row: FitRow, language: str) -> Iterator[str]:
    from ingest.faults import sentence

    for name, carrier, value, default in _values(row):
        named = sentence(f"fit-name-{name}", {"carrier": carrier or ""}, language)
        yield sentence("fit-parameter", {"name": named, "value": f"{value:g}", "default": f"{default:g}"}, language)
        tried = _tried(row.evidence["trials"], name, carrier)
        if tried:
            yield "  " + sentence("fit-tried", {"tried": tried}, language)
    factor, held_out = row.parameters["theta"]["interval_factor"], row.evidence["held_out"]
    yield sentence("fit-factor", {"value": f"{factor:.3g}", "held_out": held_out}, language)


def _values(row: FitRow) -> Iterator[tuple[str, str | None, float, float]]:
    """Yield name, carrier, chosen value and default of each parameter."""
    from geo.joint import DEFAULT_THETA, CarrierErrors
    from geo.radio_weights import DEFAULT_RADIO

    theta = row.parameters["theta"]
    for coverage, errors in zip(row.coverages, theta["carriers"], strict=True):
        carrier = coverage["carrier"]
        for name in OF_RADIO if carrier in row.parameters["radios"] else ():
            yield name, carrier, row.parameters["radios"][carrier][name], getattr(DEFAULT_RADIO, name)
        for name in OF_CARRIER:
            yield name, carrier, errors[name], getattr(CarrierErrors(), name)
    for name in SHAPE:
        yield name, None, theta["shape"][name], getattr(DEFAULT_THETA.shape, name)


def _tried(trials: list[Mapping[str, Any]], name: str, carrier: str | None) -> str:
    """Name each value that was tried with its best gain, ascending."""
    best: dict[float, float] = {}
    for one in trials:
        if one["name"] == name and one["carrier"] in {None, carrier}:
            best[one["value"]] = max(best.get(one["value"], one["gain"]), one["gain"])
    return "; ".join(f"{value:g}: {gain:+.1f}" for value, gain in sorted(best.items()))
