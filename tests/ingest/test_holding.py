"""A person decides about held counts: rows add up, bins are done again, the log says who and why, one decider wins."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from ingest.holding import Decision, decide
from ingest.withdrawal import withdraw
from store import audit, carriers, jobs, uploads
from store.errors import NotFound
from store.held import held_of, held_uploads
from store.records import Receipt
from tests.ingest.checks.past_weeks import HOUR, LEVELS, TEN, Operator, hour_rows, table, today, usual
from tests.ingest.town import HEXAGONS, Town

AFTER = TEN + 2 * HOUR
ODD = table(*hour_rows(today() | {"A07": 100 * LEVELS["A07"]}))
ALL_ODD = table(*hour_rows({area: 9 * count for area, count in today().items()}))


@pytest.fixture
def lived(any_town: Town) -> Town:
    Operator.settled(any_town).live_through(3, usual)
    any_town.process(AFTER)
    return any_town


def settled(town: Town, receipt: Receipt, decision: Decision, reason: str = "checked by telephone") -> Receipt:
    return decide(town.database, receipt.id, decision, "account:1 Aru", reason, AFTER, town.place.policy)


def rows_of(receipt: Receipt) -> tuple[str, int, int, int, int]:
    return receipt.state, receipt.rows_in, receipt.rows_accepted, receipt.rows_rejected, receipt.rows_held


def devices(town: Town) -> float:
    """What counts at ten o'clock: people by one carrier alone, times its share."""
    return 0.4 * town.total(TEN, carrier="alpha")


def test_what_is_held_counts_nowhere_until_it_is_accepted(lived: Town) -> None:
    receipt = lived.send(ODD, now=AFTER)
    assert rows_of(receipt) == ("held", 40, 39, 0, 1)
    lived.process(AFTER)
    without = devices(lived)
    assert without == pytest.approx(sum(count for area, count in today().items() if area != "A07"), rel=1e-6)
    assert rows_of(settled(lived, receipt, "accept")) == ("accepted", 40, 40, 0, 0)
    assert lived.dirty() == [TEN + at * HOUR / 4 for at in range(4)]
    lived.process(AFTER)
    assert devices(lived) == pytest.approx(without + 100 * LEVELS["A07"], rel=1e-6)


def test_what_is_rejected_is_gone_and_the_rest_stays(lived: Town) -> None:
    receipt = lived.send(ODD, now=AFTER)
    lived.process(AFTER)
    before = lived.exported(TEN)
    assert rows_of(settled(lived, receipt, "reject")) == ("accepted", 40, 39, 1, 0)
    assert (lived.dirty(), lived.exported(TEN)) == ([], before)
    with lived.database.read() as connection:
        assert (held_of(connection, receipt.id), held_uploads(connection)) == ([], [])


def test_a_file_that_is_rejected_whole_is_refused_and_its_bytes_go(lived: Town) -> None:
    receipt = lived.send(ALL_ODD, now=AFTER)
    assert rows_of(receipt) == ("held", 40, 0, 0, 40)
    assert rows_of(settled(lived, receipt, "reject")) == ("refused", 40, 0, 40, 0)
    with lived.database.read() as connection:
        waiting = [(one.kind, one.subject) for one in jobs.jobs_in(connection, ["queued"])]
    assert ("discard", receipt.raw_name) in waiting


def test_the_decision_its_reason_and_the_job_are_one_transaction(lived: Town) -> None:
    receipt = lived.send(ODD, now=AFTER)
    settled(lived, receipt, "accept", "  a concert, says the city ")
    with lived.database.read() as connection:
        (event, *_) = audit.events_of(connection, f"upload:{receipt.id}")
        assert (event.actor, event.action) == ("account:1 Aru", "held-accepted")
        assert json.loads(event.details) == {"rows": 1, "reason": "a concert, says the city"}
        assert "publish" in {one.kind for one in jobs.jobs_in(connection, ["queued"])}
        assert audit.verify(connection).breaks == ()


def test_a_decision_without_a_reason_changes_nothing(lived: Town) -> None:
    receipt = lived.send(ODD, now=AFTER)
    before = lived.dump()
    with pytest.raises(ValueError, match="reason"):
        settled(lived, receipt, "accept", "  ")
    assert lived.dump() == before


def test_nothing_can_be_decided_twice_or_about_what_does_not_wait(lived: Town) -> None:
    receipt = lived.send(ODD, now=AFTER)
    settled(lived, receipt, "reject")
    before = lived.dump()
    for wrong in (receipt.id, receipt.id - 1, 9_999):
        with pytest.raises(NotFound):
            decide(lived.database, wrong, "accept", "x", "y", AFTER, lived.place.policy)
    assert lived.dump() == before


def test_of_two_deciders_one_wins_and_rows_add_up(lived: Town) -> None:
    for number in range(4):
        receipt = lived.send(ODD.replace("status", "status" + " " * number), now=AFTER + number * HOUR / 60)
        assert receipt.state == "held"
        choices: tuple[Decision, Decision] = ("accept", "reject")
        with ThreadPoolExecutor(2) as threads:
            outcomes = list(threads.map(lambda choice, of=receipt: _tried(lived, of, choice), choices))
        assert sorted(one is None for one in outcomes) == [False, True]
        winner = next(one for one in outcomes if one is not None)
        with lived.database.read() as connection:
            left = uploads.get_receipt(connection, receipt.id)
            actions = [one.action for one in audit.events_of(connection, f"upload:{receipt.id}")]
        assert left == winner
        assert left.rows_in == left.rows_accepted + left.rows_rejected
        assert len([one for one in actions if one.startswith("held-")]) == 1


def _tried(town: Town, receipt: Receipt, decision: Decision) -> Receipt | None:
    try:
        return settled(town, receipt, decision)
    except NotFound:
        return None


def test_a_withdrawal_and_a_decision_at_once_leave_no_count_behind(lived: Town) -> None:
    for number in range(4):
        receipt = lived.send(ODD.replace("status", "status" + " " * number), now=AFTER)
        assert receipt.state == "held"
        policy = lived.place.policy
        with ThreadPoolExecutor(2) as threads:
            deciding = threads.submit(_tried, lived, receipt, "accept")
            taking = threads.submit(withdraw, lived.database, receipt.id, None, "x", "y", AFTER, policy)
            deciding.result()
            taking.result()
        with lived.database.read() as connection:
            assert uploads.get_receipt(connection, receipt.id).state == "withdrawn"
            carrier = carriers.get_carrier(connection, "alpha")
            assert uploads.count_digests(connection, carrier.id, receipt.id) == []


def test_hexagons_that_are_accepted_get_their_place(town: Town) -> None:
    """A grid describes itself: an area that was only held so far is part of the coverage once it counts."""
    town.carrier()
    operator = Operator(town)
    few, fresh = HEXAGONS[:5], HEXAGONS[5]
    for week in (3, 2, 1):
        operator.deliver(*hour_rows(dict.fromkeys(few, 1_000), TEN - 7 * 24 * week * HOUR))
    receipt = town.send(table(*hour_rows(dict.fromkeys((*few, fresh), 50_000))), now=AFTER)
    assert receipt.state == "held"
    town.process(AFTER)
    assert fresh not in town.people(TEN - 7 * 24 * HOUR)
    settled(town, receipt, "accept")
    town.process(AFTER)
    assert town.total(TEN, carrier="alpha") == pytest.approx(6 * 50_000, rel=1e-6)


def test_what_is_held_is_no_past_for_the_next_file(lived: Town) -> None:
    lived.send(ALL_ODD, now=AFTER)
    assert Operator(lived).examined(*hour_rows(today())).holds == ()


def test_the_command_line_lists_and_decides(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.commands import oryn

    monkeypatch.setenv("ORYN_HOME", str(tmp_path))
    Operator.settled(town).live_through(3, usual)
    receipt = town.send(ODD, now=AFTER)
    listed = CliRunner().invoke(oryn, ["uploads", "held"])
    assert listed.exit_code == 0
    assert f"Upload {receipt.id} of alpha" in listed.output
    assert "A07" in listed.output
    settled_line = CliRunner().invoke(oryn, ["uploads", "decide", str(receipt.id), "accept", "--reason", "a concert"])
    assert (settled_line.exit_code, "40 rows accepted" in settled_line.output) == (0, True)
    assert CliRunner().invoke(oryn, ["uploads", "decide", str(receipt.id), "accept", "--reason", " "]).exit_code == 2
