"""What was chosen for a set of coverages (`geo.fitting`), as words of a document and back.

A set is the coverages in force together, in order of the carriers' registration; `Chosen.digest` names the parameters,
so that equal ones give equal estimates whenever they were chosen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from geo.fitting import FITTED, Fit
from geo.joint import DEFAULT_THETA, CarrierErrors, Theta
from geo.radio_weights import DEFAULT_RADIO, RadioModel
from store.fits import FitRow

EARLIER_KEPT = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """Parameters in force: `theta` in the order of the set's carriers, radio models by carrier code."""

    theta: Theta = DEFAULT_THETA
    radios: Mapping[str, RadioModel] = field(default_factory=dict)
    digest: str = "default"

    def radio(self, carrier_code: str) -> RadioModel:
        """Return the radio model of a carrier's coverage; the default where none was chosen."""
        return self.radios.get(carrier_code, DEFAULT_RADIO)


NOTHING_CHOSEN = Chosen()


@dataclass(frozen=True, slots=True)
class InForce:
    """The coverages in force together from `start` until `end` (None: still), by carrier code, in order."""

    start: datetime
    end: datetime | None
    coverages: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> str:
        """Name the set of coverages."""
        words = "\n".join(f"{code}|{digest}" for code, digest in self.coverages)
        return hashlib.sha256(words.encode()).hexdigest()


def parameters_of(fit: Fit, carrier_codes: Sequence[str]) -> dict[str, Any]:
    """Return what was chosen as a document."""
    radios = {code: asdict(radio) for code, radio in zip(carrier_codes, fit.radios, strict=True) if radio is not None}
    return {"reason": fit.reason, "radios": radios, "theta": asdict(fit.theta)}


def evidence_of(
    fit: Fit, carrier_codes: Sequence[str], sample: Mapping[str, Any], before: FitRow | None
) -> dict[str, Any]:
    """Return what it was chosen from, what else was tried, and what held before, newest first."""
    trials = [
        {
            "name": one.name,
            "carrier": None if one.coverage is None else carrier_codes[one.coverage],
            "value": one.value,
            "gain": round(one.gain, 2),
            "chosen": one.chosen,
        }
        for one in fit.trials
    ]
    earlier: list[Mapping[str, Any]] = []
    if before is not None:
        gone = {"parameters": before.parameters, "fitted_at": before.fitted_at.isoformat()}
        earlier = [gone, *before.evidence.get("earlier", [])][:EARLIER_KEPT]
    return {
        "sample": dict(sample),
        "counts": fit.counts,
        "held_out": fit.held_out,
        "trials": trials,
        "earlier": earlier,
    }


def chosen_of(parameters: Mapping[str, Any]) -> Chosen:
    """Return the parameters that a document says; what it does not say is as by default."""
    if parameters["reason"] != FITTED:
        return NOTHING_CHOSEN
    radios = {code: RadioModel(**one) for code, one in parameters["radios"].items()}
    theta = _filled(DEFAULT_THETA, parameters["theta"])
    carriers = tuple(_filled(CarrierErrors(), one) for one in parameters["theta"]["carriers"])
    words = json.dumps({"radios": parameters["radios"], "theta": parameters["theta"]}, sort_keys=True)
    digest = hashlib.sha256(words.encode()).hexdigest()
    return Chosen(replace(theta, carriers=carriers), radios, digest)


def _filled(default: Any, said: Mapping[str, Any]) -> Any:
    """Return `default` with what is said of its fields, nested records included."""
    values: dict[str, Any] = {}
    for one in fields(default):
        if one.name in said and one.name != "carriers":
            inner = getattr(default, one.name)
            values[one.name] = _filled(inner, said[one.name]) if is_dataclass(inner) else said[one.name]
    return replace(default, **values)
