"""A dry run says what would become of a file and keeps nothing, here or in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from config.settings import Settings
from ingest.door_errors import DoorBusy
from ingest.dry_run import as_json, dry_run, dry_run_apart
from ingest.dry_run_process import AT_ONCE, FOLDER, TOO_LONG, TOO_MUCH, DryRunDied, Limits
from ingest.slots import free_slot
from store import carriers
from store.database import open_database
from tests.ingest.checks.past_weeks import HOUR, LEVELS, TEN, Operator, hour_rows, table, today, usual
from tests.ingest.town import Town

AFTER = TEN + 2 * HOUR


@dataclass(frozen=True)
class Place:
    """Where the other process finds the installation."""

    home: Path
    database_url: str | None

    def policy_texts(self) -> list[tuple[str, str]]:
        return Settings().policy_texts()


def place_of(town: Town) -> Place:
    url = town.database.engine.url
    sqlite = url.get_backend_name() == "sqlite"
    return Place(town.folder, None if sqlite else url.render_as_string(hide_password=False))


def written(town: Town, content: str) -> Path:
    folder = town.folder.parent / f"{town.folder.name}-outside"
    folder.mkdir(exist_ok=True)
    path = folder / "tried.csv"
    path.write_text(content)
    return path


def directly(town: Town, content: str) -> dict[str, Any]:
    with town.database.read() as connection:
        carrier = carriers.get_carrier(connection, "alpha")
    path = written(town, content)
    return as_json(dry_run(town.database, carrier, path, "tried.csv", town.place.policy, AFTER))


def apart(town: Town, content: str, limits: Limits | None = None) -> dict[str, Any]:
    return dry_run_apart(place_of(town), "alpha", written(town, content), "tried.csv", AFTER, limits)


def files_in(folder: Path) -> dict[str, str]:
    """Every file's content, but for the shared memory of SQLite, which every reader maps."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


@pytest.fixture
def lived(any_town: Town) -> Town:
    """A town whose carrier delivered the same hour for three weeks, on each kind of database."""
    Operator.settled(any_town).live_through(3, usual)
    return any_town


@pytest.fixture
def small(town: Town) -> Town:
    Operator.settled(town)
    return town


ACCEPTED = table(*hour_rows(today()))
HELD = table(*hour_rows(today() | {"A07": 100 * LEVELS["A07"]}))
REFUSED = table(*hour_rows(today() | {"A07": -1}))


@pytest.mark.parametrize(
    ("content", "would_be", "rows"),
    [(ACCEPTED, "accepted", (40, 40, 0, 0)), (HELD, "held", (40, 39, 0, 1)), (REFUSED, "refused", (40, 0, 40, 0))],
)
def test_a_dry_run_says_what_would_become_and_changes_no_byte(
    lived: Town, content: str, would_be: str, rows: tuple[int, ...]
) -> None:
    lived.database.engine.dispose()
    rows_before, files_before = lived.dump(), files_in(lived.folder)
    found = directly(lived, content)
    numbers = tuple(found[name] for name in ("rows_in", "rows_accepted", "rows_rejected", "rows_held"))
    assert (found["would_be"], numbers) == (would_be, rows)
    assert lived.dump() == rows_before
    assert files_in(lived.folder) == files_before


def test_what_the_dry_run_foretells_is_what_happens(lived: Town) -> None:
    for content in (HELD, REFUSED, ACCEPTED):
        foretold = directly(lived, content)
        receipt = lived.send(content, now=AFTER)
        assert foretold["would_be"] == receipt.state
        assert [foretold[one] for one in ("rows_accepted", "rows_rejected", "rows_held", "rows_suppressed")] == [
            receipt.rows_accepted,
            receipt.rows_rejected,
            receipt.rows_held,
            receipt.rows_suppressed,
        ]
        assert [one["code"] for one in foretold["notes"]] == [one.code for one in receipt.notes]
        assert [one["code"] for one in foretold["faults"]] == [one.code for one in receipt.faults]


def test_a_process_of_its_own_finds_the_same_and_leaves_only_its_locks(lived: Town) -> None:
    lived.database.engine.dispose()
    rows_before, files_before = lived.dump(), files_in(lived.folder)
    assert apart(lived, HELD) == json.loads(json.dumps(directly(lived, HELD)))
    assert lived.dump() == rows_before
    left = files_in(lived.folder)
    assert {name: left[name] for name in files_before} == files_before
    assert set(left) - set(files_before) == {f"{FOLDER}/0.lock"}


def test_the_words_of_a_dry_run_are_plain_json(small: Town) -> None:
    found = apart(small, REFUSED)
    assert [(one["code"], one["line"], one["column"]) for one in found["faults"]] == [
        ("count-negative", 9, "device_count")
    ]
    assert {one["check"]: one["outcome"] for one in found["results"]}["schema"] == "refuse"


def test_importing_the_dry_run_brings_no_arrays_into_the_web_process() -> None:
    script = (
        "import sys, ingest.dry_run, ingest.quality, ingest.holding; print(*(n in sys.modules for n in sys.argv[1:]))"
    )
    out = subprocess.run([sys.executable, "-c", script, "numpy", "polars"], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]


def test_only_so_many_run_at_once_over_all_processes(small: Town) -> None:
    held = [free_slot(small.folder / FOLDER, AT_ONCE) for _ in range(AT_ONCE)]
    assert all(held)
    with pytest.raises(DoorBusy) as busy:
        apart(small, ACCEPTED)
    assert int(busy.value.params["retry_after"]) > 0
    for one in held:
        assert one is not None
        with one:
            pass
    assert apart(small, ACCEPTED)["would_be"] == "accepted"


def test_a_run_that_takes_too_long_or_too_much_is_ended_and_says_so(small: Town) -> None:
    for limits, code in ((Limits(wall_seconds=0.05), TOO_LONG), (Limits(resident_mb=40), TOO_MUCH)):
        found = apart(small, ACCEPTED, limits)
        assert (found["would_be"], [one["code"] for one in found["faults"]]) == ("refused", [code])
    assert [path.name for path in (small.folder / FOLDER).iterdir()] == ["0.lock"]


def children_of(process_id: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(words[1]) == process_id:
            found.append(int(stat.parent.name))
    return found


@pytest.fixture
def slow_file() -> str:
    """A file that takes some seconds to read."""
    rows = [f"A{number % 40:02d},{TEN.isoformat()},{(TEN + HOUR).isoformat()},100,," for number in range(2_000_000)]
    return "source_area_id,start,end,device_count,status,revision\n" + "\n".join(rows) + "\n"


def test_killing_the_process_leaves_no_file_and_frees_the_slot(small: Town, slow_file: str) -> None:
    before = set(children_of(os.getpid()))
    results: list[object] = []

    def run() -> None:
        try:
            results.append(apart(small, slow_file))
        except DryRunDied as died:
            results.append(died)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (fresh := set(children_of(os.getpid())) - before):
        time.sleep(0.01)
    time.sleep(0.4)
    for child in fresh:
        os.kill(child, signal.SIGKILL)
    thread.join(30)
    (answer,) = results
    assert isinstance(answer, dict)
    assert answer["would_be"] == "refused"
    assert [path.name for path in (small.folder / FOLDER).iterdir()] == ["0.lock"]
    assert apart(small, ACCEPTED)["would_be"] == "accepted"


def test_what_a_killed_holder_left_is_gone_when_its_slot_is_taken_again(tmp_path: Path) -> None:
    script = (
        "import os, signal; from pathlib import Path; from ingest.slots import free_slot\n"
        f"with free_slot(Path({str(tmp_path)!r}), 1) as slot:\n"
        "    (slot.folder / 'half').write_text('x'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "0" / "half").exists()
    slot = free_slot(tmp_path, 1)
    assert slot is not None
    with slot:
        assert list(slot.folder.iterdir()) == []
    assert not (tmp_path / "0").exists()


def test_the_command_line_prints_a_line_a_check_and_exits_2_where_a_file_would_be_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.commands import oryn

    monkeypatch.setenv("ORYN_HOME", str(tmp_path / "home"))
    runner = CliRunner()
    assert runner.invoke(oryn, ["carrier", "add", "alpha", "--name", "Alpha", "--share", "0.4"]).exit_code == 0
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("hexagon,start,end,device_count\n8920e60a12fffff,2024-11-20T10:00:00Z,2024-11-20T10:15:00Z,120\n")
    bad.write_text("hexagon,start,end,device_count\n8920e60a12fffff,2024-11-20T10:00:00Z,2024-11-20T10:15:00Z,-1\n")
    told = runner.invoke(oryn, ["ingest", "--dry-run", "alpha", str(good)])
    assert (told.exit_code, len([line for line in told.output.splitlines() if line[:2] in {"+ ", "! ", "- "}])) == (
        0,
        11,
    )
    refused = runner.invoke(oryn, ["ingest", "--dry-run", "--json", "alpha", str(good), str(bad)])
    first, second = (json.loads(line) for line in refused.stdout.splitlines())
    assert (refused.exit_code, first["would_be"], second["would_be"]) == (2, "accepted", "refused")
    assert second["faults"][0]["sentence"].startswith("The count")
    with closing(open_database(None, tmp_path / "home")) as database, database.read() as connection:
        from store.uploads import receipts_of

        assert receipts_of(connection, None) == []


def test_a_file_that_is_not_there_would_be_refused(small: Town) -> None:
    with small.database.read() as connection:
        carrier = carriers.get_carrier(connection, "alpha")
    nowhere = small.folder / "nowhere.csv"
    found = dry_run(small.database, carrier, nowhere, nowhere.name, small.place.policy, AFTER)
    assert (found.would_be, [one.code for one in found.faults]) == ("refused", ["file-unreadable"])
