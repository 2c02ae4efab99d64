"""The promises of design.md: no person in any table, refused files leave no trace, no threshold in the code."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import store.accounts
from config.settings import Settings
from rules.policy import Policy, parse_policy
from store.database import Database
from store.schema import metadata, upload
from tests.ingest.town import CENTRE, HEXAGONS, START, Town, changed_tables, quarter, table

ROOT = Path(__file__).parents[1]
SUBSCRIBER = re.compile(
    r"imsi|imei|iccid|msisdn|phone|mobile|tel\b|subscriber|device_id|handset|sim(?:_|$)|iin(?:_|$)|passport_no|"
    r"person_id|birth|gender|age(?:_|$)|ip_address|user_agent",
)
IMSI, PHONE, IIN = "401019876543210", "+77011234567", "850101300123"
DIGITS = [one.lstrip("+") for one in (IMSI, PHONE, IIN)]

# --- no person --------------------------------------------------------------------------------------------------------


def columns() -> list[str]:
    assert store.accounts.__name__ == "store.accounts"  # its tables stand in the same metadata
    return [f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns]


@pytest.mark.parametrize("column", columns())
def test_no_column_could_hold_a_subscriber(column: str) -> None:
    assert not SUBSCRIBER.search(column.split(".")[1])


@pytest.mark.parametrize("name", ["imsi", "msisdn", "phone_number", "device_id", "iin", "sim_serial", "subscriber"])
def test_the_search_for_subscribers_finds_them(name: str) -> None:
    assert SUBSCRIBER.search(name)


def files_with_identifiers() -> Iterator[tuple[str, str]]:
    start, end = START.isoformat(), quarter(1).isoformat()
    header = "source_area_id,start,end,device_count"
    row = f"{CENTRE},{start},{end},50"
    yield "column-imsi", f"{header},imsi\n{row},{IMSI}\n"
    yield "column-phone", f"{header},phone_number\n{row},{PHONE}\n"
    yield "column-iin", f"{header},iin\n{row},{IIN}\n"
    yield "values-in-an-innocent-column", f"{header},remark\n{row},{PHONE}\n"
    yield "values-as-area", f"zone_id,start,end,device_count\n{IMSI},{start},{end},50\n"
    yield "values-as-count", f"{header}\n{CENTRE},{start},{end},{PHONE}\n"
    yield "values-as-time", f"{header}\n{CENTRE},{PHONE},{end},50\n"
    yield "values-as-column-name", f"{header},{PHONE}\n{row},1\n"
    yield "values-as-status", f"{header},status\n{row},{IIN}\n"


CASES = dict(files_with_identifiers())


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_refused_file_with_identifiers_leaves_hash_size_and_reason_only(
    sqlite_database: Database, policy: Policy, tmp_path: Path, case: str
) -> None:
    town = Town(sqlite_database, policy, tmp_path)
    town.carrier()
    before = town.dump()
    receipt = town.send(CASES[case])
    assert receipt.state == "refused"
    assert (len(receipt.sha256), receipt.size_bytes) == (64, len(CASES[case].encode()))
    assert changed_tables(before, town.dump()) == {"upload", "job", "audit_event"}
    assert list(town.intake.door.folder.iterdir()) == []
    assert [one for one in DIGITS if one in repr(town.dump())] == []


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_file_with_identifiers_is_refused_on_the_command_line_without_repeating_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    from click.testing import CliRunner

    from webapp.commands import oryn

    home, file = tmp_path / "home", tmp_path / "delivered.csv"
    monkeypatch.setenv("ORYN_HOME", str(home))
    monkeypatch.delenv("ORYN_DATABASE_URL", raising=False)
    file.write_text(CASES[case])
    said = ""
    for arguments in (
        ["carrier", "add", "alpha", "--name", "Alpha", "--share", "1.0"],
        ["ingest", "alpha", str(file)],
        ["ingest", "alpha", str(file), "--json"],
    ):
        result = CliRunner().invoke(oryn, arguments)
        said += result.output
    assert result.exit_code == 2
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert [one for one in DIGITS if one in said or one.encode() in kept] == []


def test_the_log_of_a_refusal_carries_no_identifier(tmp_path: Path) -> None:
    file = tmp_path / "delivered.csv"
    file.write_text(CASES["values-in-an-innocent-column"])
    environment = {"ORYN_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "ORYN_LANGUAGE": "en"}
    command = [sys.executable, "-m", "webapp.commands"]
    add = [*command, "carrier", "add", "alpha", "--name", "Alpha", "--share", "1.0"]
    subprocess.run(add, env=environment, cwd=ROOT, check=True, capture_output=True)
    done = subprocess.run(
        [*command, "ingest", "alpha", str(file)], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "phone number" in done.stderr
    assert [one for one in DIGITS if one in done.stdout + done.stderr] == []


def test_an_api_key_is_kept_as_its_hash_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from webapp.commands import oryn

    monkeypatch.setenv("ORYN_HOME", str(tmp_path))
    monkeypatch.delenv("ORYN_DATABASE_URL", raising=False)
    result = CliRunner().invoke(oryn, ["carrier", "add", "alpha", "--name", "Alpha", "--share", "1.0"])
    secret = result.output.split("keep it safe): ")[1].split(".")[1].strip()
    rows = "".join(sqlite3.connect(tmp_path / "oryn.sqlite3").iterdump())
    assert "alpha" in rows
    assert secret not in rows


# --- what is hidden stays hidden --------------------------------------------------------------------------------------


def test_a_hidden_count_is_no_number_in_the_database(sqlite_database: Database, policy: Policy, tmp_path: Path) -> None:
    """Two files that differ in a hidden count only leave the same derived rows."""
    town = Town(sqlite_database, policy, tmp_path)
    town.carrier()
    town.receive(table((CENTRE, 0, 7), (HEXAGONS[0], 0, 300)))
    before, released = town.dump(), town.released()
    town.receive(table((CENTRE, 0, 17), (HEXAGONS[0], 0, 300)))
    # The release says only that another file came: by the digest of its inputs.
    assert changed_tables(before, town.dump()) == {"upload", "job", "audit_event", "count_slice", "release"}
    assert town.released() == released
    assert before["blob"] == town.dump()["blob"]


# --- no threshold in the code -----------------------------------------------------------------------------------------


def changed_policy(old: str, new: str) -> Policy:
    [(name, text)] = Settings().policy_texts()
    assert text.count(old) == 1
    return parse_policy(text.replace(old, new), name)


def test_k_min_of_the_policy_decides_what_is_hidden(sqlite_database: Database, policy: Policy, tmp_path: Path) -> None:
    stricter = replace(policy, counts=replace(policy.counts, k_min=51))
    for number, (rule, state) in enumerate(((policy, "estimated"), (stricter, "suppressed"))):
        town = Town(sqlite_database, rule, tmp_path)
        town.carrier(f"c{number}", 1.0)
        town.receive(table((HEXAGONS[number], number, 50)), f"c{number}")
        assert town.people(quarter(number))[HEXAGONS[number]].state == state


def test_a_number_changed_in_the_policy_file_changes_the_behaviour(sqlite_database: Database, tmp_path: Path) -> None:
    """The same 32 devices are shown under k_min 20 and hidden under k_min 33."""
    for number, (k_min, suppressed, state) in enumerate(((20, 0, "estimated"), (33, 1, "suppressed"))):
        rule = changed_policy("k_min: {value: 20,", f"k_min: {{value: {k_min},")
        town = Town(sqlite_database, rule, tmp_path)
        town.carrier(f"c{number}")
        receipt = town.receive(table((HEXAGONS[0], number, 32), (HEXAGONS[1], number, 330)), f"c{number}")
        people = town.people(quarter(number))
        assert receipt.rows_suppressed == suppressed
        assert people[HEXAGONS[0]].state == state
        assert people[HEXAGONS[1]].people == pytest.approx(330, rel=0.1)
        assert (people[HEXAGONS[1]].people or 1) % 5 == 0  # released rounded


def test_the_base_bin_of_the_policy_decides_how_time_is_cut(sqlite_database: Database, tmp_path: Path) -> None:
    rule = changed_policy("base_bin_minutes: {value: 15,", "base_bin_minutes: {value: 30,")
    town = Town(sqlite_database, rule, tmp_path)
    town.carrier()
    town.receive(table((CENTRE, 0, 40), (CENTRE, 1, 80)))
    assert list(town.released()) == [START]
    assert town.people(stage="estimate")[CENTRE].people == pytest.approx(60)


def test_the_share_of_a_carrier_is_data_and_not_policy(
    sqlite_database: Database, policy: Policy, tmp_path: Path
) -> None:
    town = Town(sqlite_database, policy, tmp_path)
    carrier = town.carrier(share=0.5)
    town.receive(table((CENTRE, 0, 100)))
    with sqlite_database.read() as connection:
        kept = connection.execute(sa.text("SELECT share FROM carrier WHERE id = :id"), {"id": carrier.id}).scalar_one()
    assert kept == 0.5
    assert town.people()[CENTRE].people == 200


THRESHOLD = re.compile(r"\bk_min\s*[=<>!]=?\s*\d|\b(?:20|15)\b.*\bk_min\b|(?<![<>])[<>]=?\s*(?:15|20)\b")


@pytest.mark.parametrize("package", ["geo", "ingest", "rules", "store", "webapp"])
def test_no_comparison_with_the_number_of_k_min_stands_in_the_code(package: str) -> None:
    paths = [one for one in (ROOT / package).rglob("*.py") if "city" not in one.parts]
    lines = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in paths
        for line in path.read_text("utf-8").splitlines()
        if THRESHOLD.search(line.split("#")[0])
    ]
    assert lines == []


def test_a_receipt_accounts_for_every_row_by_the_database_itself() -> None:
    assert any(one.name == "ck_upload_every_row_accounted" for one in upload.constraints if one.name)
