"""Any history of files, corrections, repetitions, splittings and withdrawals equals the sequential model.

The model is a table of plain Python: of the living files' rows for one source area and time bin, the highest revision
holds, and of equal ones that of the file received last. What a database shows after any history must be what a new
database shows that is given the model's rows in one tidy file. Bins of the four weeks before are among them: they are
the live bin's history, so what becomes of them decides its estimate too.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ingest.faults import FileRefused
from ingest.weights_cache import WeightsCache
from ingest.withdrawal import withdraw
from rules.policy import Policy
from tests.ingest.town import NOW, QUARTER, Town, copied_database, quarter

AREAS = {
    "A": (76.940, 43.230, 76.950, 43.240),
    "B": (76.950, 43.230, 76.960, 43.240),
    "C": (76.945, 43.236, 76.965, 43.25),
}
BINS = 4  # quarters in a row; the numbers from there on are the first of them, so many weeks before
WEEKS = 4
HEADER = "source_area_id,start,end,device_count,status,revision"
SUPPRESSED = "suppressed"

Key = tuple[str, int]
Value = int | str
# Values far above k_min, below it, zero and suppressed: all three truths of a count.
values = st.one_of(st.integers(40, 900), st.integers(1, 19), st.just(0), st.just(SUPPRESSED))
rows = st.dictionaries(
    st.tuples(st.sampled_from(sorted(AREAS)), st.integers(0, BINS + WEEKS - 1)),
    st.tuples(values, st.integers(0, 3)),
    min_size=1,
    max_size=8,
)
# Every area in every past week and now: only with enough weeks is there a history that something can become of.
whole_weeks = st.fixed_dictionaries(
    {(area, number): st.tuples(st.integers(40, 900), st.just(0)) for area in AREAS for number in (0, *range(4, 8))}
)


@dataclass(slots=True)
class Sent:
    """One delivered file as the model knows it."""

    upload_id: int
    text: str
    rows: dict[Key, tuple[Value, int]]
    living: bool = True


@dataclass(slots=True)
class Model:
    """The sequential model: every file in the order of receipt."""

    files: list[Sent] = field(default_factory=list)

    def winners(self) -> dict[Key, Value]:
        held: dict[Key, tuple[int, int, Value]] = {}
        for order, one in enumerate(self.files):
            for key, (value, revision) in one.rows.items() if one.living else ():
                if key not in held or (revision, order) >= held[key][:2]:
                    held[key] = (revision, order, value)
        return {key: value for key, (_revision, _order, value) in held.items()}

    def living(self) -> list[Sent]:
        return [one for one in self.files if one.living]


def written(rows: dict[Key, tuple[Value, int]]) -> str:
    """Write rows in a delivered file, in the order in which they are given."""
    lines = [_line(area, number, value, revision) for (area, number), (value, revision) in rows.items()]
    return "\n".join([HEADER, *lines]) + "\n"


def _line(area: str, number: int, value: Value, revision: int) -> str:
    count, status = ("", value) if isinstance(value, str) else (value, "")
    start = moment(number)
    return f"{area},{start.isoformat()},{(start + QUARTER).isoformat()},{count},{status},{revision}"


def moment(number: int) -> datetime:
    """Return when a numbered bin begins."""
    return quarter(number) if number < BINS else quarter(0) - timedelta(weeks=number - BINS + 1)


class Histories(RuleBasedStateMachine):
    """One carrier's life at the door."""

    empty: ClassVar[Path]
    policy: ClassVar[Policy]
    weights: ClassVar[WeightsCache]

    @initialize()
    def open(self) -> None:
        self.rooms = ExitStack()
        self.folder = Path(self.rooms.enter_context(TemporaryDirectory()))
        self.town = self._town("wild")
        self.model = Model()

    def _town(self, name: str) -> Town:
        folder = self.folder / name
        database = self.rooms.enter_context(copied_database(self.empty, folder))
        town = Town(database, self.policy, folder, self.weights)
        town.carrier("alpha", 0.5)
        town.coverage(AREAS)
        return town

    @rule(given=rows)
    def deliver(self, given: dict[Key, tuple[Value, int]]) -> None:
        self._send(written(given), given)

    @rule(given=whole_weeks)
    def deliver_five_weeks(self, given: dict[Key, tuple[Value, int]]) -> None:
        self._send(written(given), given)

    @rule(given=rows, at=st.integers(0, 8), first_last=st.booleans())
    def deliver_in_two_parts(self, given: dict[Key, tuple[Value, int]], at: int, first_last: bool) -> None:
        entries = list(given.items())
        parts = [dict(entries[:at]), dict(entries[at:])]
        for part in reversed(parts) if first_last else parts:
            if part:
                self._send(written(part), part)

    @precondition(lambda self: self.model.living())
    @rule(data=st.data())
    def deliver_the_same_bytes_again(self, data: st.DataObject) -> None:
        again = data.draw(st.sampled_from(self.model.living()))
        receipt = self.town.accept(again.text)
        assert (receipt.id, receipt.replayed) == (again.upload_id, True)

    @precondition(lambda self: self.model.living())
    @rule(data=st.data(), value=values)
    def correct_one_row(self, data: st.DataObject, value: Value) -> None:
        file = data.draw(st.sampled_from(self.model.living()))
        key = data.draw(st.sampled_from(sorted(file.rows)))
        mended = {key: (value, file.rows[key][1] + 1)}
        self._send(written(mended), mended)

    @precondition(lambda self: self.model.living())
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        file = data.draw(st.sampled_from(self.model.living()))
        receipt = withdraw(self.town.database, file.upload_id, None, "test", "a mistake", NOW, self.policy)
        assert receipt.state == "withdrawn"
        file.living = False

    @rule()
    def process(self) -> None:
        self.town.process()

    def _send(self, text: str, given: dict[Key, tuple[Value, int]]) -> None:
        receipt = self.town.accept(text)
        assert receipt.rows_in == receipt.rows_accepted + receipt.rows_rejected + receipt.rows_held == len(given)
        if not receipt.replayed:
            self.model.files.append(Sent(receipt.id, text, dict(given)))

    def teardown(self) -> None:
        if not hasattr(self, "rooms"):
            return
        with self.rooms:
            self.town.process()
            winners = self.model.winners()
            tidy = self._town("tidy")
            if winners:
                tidy.accept(written({key: (value, 0) for key, value in sorted(winners.items())}))
            tidy.process()
            assert everything_seen(self.town) == everything_seen(tidy)


def everything_seen(town: Town) -> dict[str, Any]:
    """Return what can be seen or exported of every bin, at every stage."""
    bins = [moment(number) for number in range(BINS + WEEKS)]
    exports = {(at, stage): _exported(town, at, stage) for at in bins for stage in ("spread", "estimate", "released")}
    return {"releases": town.released(), "exports": exports}


def _exported(town: Town, at: datetime, stage: str) -> bytes | str:
    try:
        return town.exported(at, stage)
    except FileRefused as refusal:  # nothing was ever delivered, or nothing for so early or late a bin
        return refusal.faults[0].code


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> WeightsCache:
    return WeightsCache(tmp_path_factory.mktemp("weights"))


def test_any_history_of_files_equals_the_sequential_model(
    empty_database: Path, policy: Policy, weights: WeightsCache
) -> None:
    held_never = replace(policy.delivery, hold_min_weeks=99, hold_max_weeks=99)  # what waits is another test's
    Histories.empty, Histories.weights = empty_database, weights
    Histories.policy = replace(policy, delivery=held_never)
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=40,
            stateful_step_count=12,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
