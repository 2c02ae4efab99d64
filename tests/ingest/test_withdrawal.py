"""A delivery that is taken back leaves everything as if it had never come, and says so for good."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ingest import checks, intake
from ingest.receiving import Sender, receive
from ingest.withdrawal import CountsErased, withdraw
from rules.policy import Policy
from store import audit, carriers, jobs, uploads
from store.database import Database
from store.errors import NotFound
from store.schema import count_slice, coverage_version, map_frame, release, upload, usual_profile, venue_crowding
from tests.ingest.test_pipeline import settle, usual, venue
from tests.ingest.town import CENTRE, HEXAGONS, NOW, QUARTER, START, Town, copied_database, span_table, table

HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=5)
FRAME = ("layer", "bin_start", "bin_end", "area_digest", "frame_digest", "interval_digest", "venue_frame_digest")
CROWDING = ("time_bin_start", "state", "level", "level_high", "low", "best", "high", "reason", "observed_at")


STAGES = ("spread", "estimate", "released")


def everything_visible(town: Town, exports: Sequence[str] = STAGES) -> dict[str, Any]:
    """Return what anybody can see or export, but for version numbers and moments of publication."""
    with town.database.read() as connection:
        released = connection.execute(sa.select(release.c.time_bin_start, release.c.area_digest, release.c.blob_digest))
        frames = connection.execute(sa.select(*(map_frame.c[name] for name in FRAME)))
        crowding = connection.execute(sa.select(*(venue_crowding.c[name] for name in CROWDING)))
        rows: dict[str, list[Any]] = {
            "released": sorted(map(tuple, released)),
            "frames": sorted(map(tuple, frames), key=repr),
            "crowding": sorted(map(tuple, crowding), key=repr),
        }
        areas = {row[1] for row in rows["released"]}
        profiles = connection.execute(sa.select(usual_profile.c.area_digest, usual_profile.c.blob_digest))
        rows["usual"] = sorted(tuple(one) for one in profiles if one.area_digest in areas)
        versions = connection.execute(sa.select(coverage_version.c.carrier_id, coverage_version.c.digest))
        rows["coverage"] = sorted(map(tuple, versions))
    bins = list(town.released())
    rows["exports"] = [town.exported(at, stage) for at in (*bins[:1], *bins[-2:]) for stage in exports]
    return rows


@dataclass(frozen=True, slots=True)
class Story:
    """Files that stay, as (carrier, content), and the one that is taken back, delivered after so many of them."""

    stays: tuple[tuple[str, str], ...]
    goes: tuple[str, str]
    after: int


def history(weeks: int, count: int) -> str:
    first = START.replace(hour=0) - timedelta(weeks=weeks)
    return span_table(*((CENTRE, first + n * HOUR, first + (n + 1) * HOUR, count) for n in range(weeks * 168)))


def live(*numbers: int, area: str = CENTRE, count: int = 1500) -> str:
    return table(*((area, number, count) for number in numbers))


FAR = HEXAGONS[0]
STORIES = {
    "the only file": Story((), ("alpha", live(0, 1)), 0),
    "a correction": Story((("alpha", live(0, 1)),), ("alpha", live(1, 2, count=90)), 1),
    "the original under a correction": Story((("alpha", live(0, 1)),), ("alpha", live(0, 1, 2, count=90)), 0),
    "the newest bins": Story((("alpha", live(0, 1, 2, 3)),), ("alpha", live(40, 41)), 1),
    "the newest day": Story((("alpha", live(0, 1, 2, 3)),), ("alpha", live(-400, 0, 1, count=80)), 1),
    "new hexagons": Story((("alpha", live(0, 1)), ("beta", live(0, count=800))), ("alpha", live(1, 2, area=FAR)), 1),
    "another operator": Story((("alpha", live(0, 1)),), ("beta", live(0, 1, 2, area=FAR, count=900)), 1),
    "its only hexagons": Story((("alpha", live(0, 1)),), ("beta", live(0, 1, area=FAR, count=900)), 0),
    "history": Story((("alpha", live(0, 1)),), ("alpha", history(2, 40)), 1),
    "more history": Story((("alpha", history(2, 1200)), ("alpha", live(0, 1))), ("alpha", history(3, 1300)), 1),
    "a live day that moves history": Story(
        (("alpha", history(2, 40)), ("alpha", live(0, 1))), ("alpha", live(300, 301)), 2
    ),
}  # fmt: skip


def town_of(database: Database, policy: Policy, folder: Path) -> Town:
    town = Town(database, policy, folder)
    for code in ("alpha", "beta"):
        town.carrier(code, 0.5)
    settle(town, venue("hall"))
    return town


@pytest.mark.parametrize("processed", ["after each file", "at the end"])
@pytest.mark.parametrize("name", STORIES)
def test_after_a_withdrawal_everything_visible_is_as_if_the_file_had_never_come(
    empty_database: Path, policy: Policy, tmp_path: Path, name: str, processed: str
) -> None:
    story = STORIES[name]
    with (
        copied_database(empty_database, tmp_path / "a") as one,
        copied_database(empty_database, tmp_path / "b") as other,
    ):
        wild, tidy = town_of(one, policy, tmp_path / "a"), town_of(other, policy, tmp_path / "b")
        for number in range(len(story.stays) + 1):
            if number == story.after:
                gone = wild.send(story.goes[1], story.goes[0], now=LATER)
            if number < len(story.stays):
                code, content = story.stays[number]
                wild.send(content, code, now=LATER)
                tidy.send(content, code, now=LATER)
            if processed == "after each file":
                wild.process(LATER)
                tidy.process(LATER)
        wild.process(LATER)
        tidy.process(LATER)
        before = everything_visible(wild)
        assert (gone.state, wild.withdraw(gone, LATER).state) == ("accepted", "withdrawn")
        after, never = everything_visible(wild), everything_visible(tidy)
        assert [name for name in after if after[name] != never[name]] == []
        assert before != never
        assert wild.dirty() == []


def test_a_file_that_is_taken_back_before_it_was_processed_leaves_nothing(town: Town) -> None:
    town.carrier()
    town.withdraw(town.accept(live(0, 1)))
    assert (town.released(), town.dirty()) == ({}, [])
    assert everything_visible(town)["coverage"] == []


def test_a_withdrawal_deletes_counts_and_bytes_and_keeps_the_receipt(any_town: Town) -> None:
    any_town.carrier()
    receipt = any_town.receive(live(0, 1))
    taken_back = any_town.withdraw(receipt)
    assert (taken_back.state, taken_back.withdrawn_at, taken_back.rows_in) == ("withdrawn", NOW, receipt.rows_in)
    assert list(any_town.intake.door.folder.iterdir()) == []
    with any_town.database.read() as connection:
        assert connection.execute(sa.select(count_slice)).all() == []
        event = audit.events_of(connection, f"upload:{receipt.id}")[0]
    assert (event.actor, event.action) == ("test", "upload-withdrawn")
    assert json.loads(event.details)["reason"] == "wrong file"


def test_withdrawn_bytes_may_be_delivered_again_and_count_again(any_town: Town) -> None:
    any_town.carrier()
    first = any_town.receive(live(0))
    before = any_town.released()
    any_town.withdraw(first)
    again = any_town.receive(live(0))
    assert (again.id != first.id, again.replayed, again.state) == (True, False, "accepted")
    assert any_town.released() == before


def test_a_file_read_by_a_wrong_feed_is_mended_by_feed_withdrawal_and_sending_again(town: Town) -> None:
    carrier = town.carrier(feed='kind = "people"')
    first = town.receive(live(0, count=100))
    with town.database.begin() as connection:
        carriers.save_feed(connection, carrier.id, 'kind = "device_count"', NOW)
    assert town.accept(live(0, count=100)).replayed  # the same living bytes are the same delivery, whatever the feed
    town.withdraw(first)
    town.receive(live(0, count=100))
    with town.database.read() as connection:
        assert connection.execute(sa.select(count_slice.c.kind)).scalars().all() == ["device_count"]


def test_a_file_that_waits_to_be_read_may_be_taken_back_and_is_not_read(any_town: Town) -> None:
    carrier = any_town.carrier()
    sender = Sender(carrier, "api", "key:1")
    receipt = receive(any_town.intake.door, sender, [live(0).encode()], file_name="a.csv", now=NOW)
    withdraw(any_town.database, receipt.id, carrier.id, "key:1", "", NOW, any_town.place.policy)
    worker = any_town.worker()
    while worker.run_once():
        pass
    with any_town.database.read() as connection:
        assert uploads.get_receipt(connection, receipt.id).state == "withdrawn"
        assert jobs.jobs_in(connection, ["queued", "running", "dead"]) == []
    assert (any_town.released(), list(any_town.intake.door.folder.iterdir())) == ({}, [])


def test_a_file_that_is_taken_back_while_it_is_read_keeps_nothing(
    any_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = any_town.carrier()
    receipt = receive(any_town.intake.door, Sender(carrier, "api", ""), [live(0).encode()], file_name="a.csv", now=NOW)
    real = checks.examine

    def examine(*arguments: Any) -> Any:
        withdraw(any_town.database, receipt.id, None, "test", "", NOW, any_town.place.policy)
        return real(*arguments)

    monkeypatch.setattr(intake, "examine", examine)
    worker = any_town.worker()
    while worker.run_once():
        pass
    with any_town.database.read() as connection:
        assert uploads.get_receipt(connection, receipt.id).state == "withdrawn"
        assert connection.execute(sa.select(count_slice)).all() == []
    assert any_town.released() == {}


def test_only_its_own_living_delivery_can_be_taken_back(any_town: Town) -> None:
    any_town.carrier("alpha")
    beta = any_town.carrier("beta")
    receipt = any_town.receive(live(0))
    policy = any_town.place.policy
    with pytest.raises(NotFound):
        withdraw(any_town.database, receipt.id, beta.id, "test", "", NOW, policy)
    any_town.withdraw(receipt)
    for upload_id in (receipt.id, 999, 0, -1, 2**40):
        with pytest.raises(NotFound):
            withdraw(any_town.database, upload_id, None, "test", "", NOW, policy)


def test_a_delivery_whose_counts_are_erased_cannot_be_taken_back(town: Town) -> None:
    town.carrier()
    receipt = town.receive(live(0))
    with town.database.begin() as connection:
        connection.execute(sa.update(upload).values(counts_erased_at=NOW))
    with pytest.raises(CountsErased):
        withdraw(town.database, receipt.id, None, "test", "", NOW, town.place.policy)
    assert START in town.released()


def test_a_withdrawal_that_fails_changes_nothing(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    any_town.carrier()
    receipt = any_town.receive(live(0))
    before = any_town.dump()

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit, "append", fail)
    with pytest.raises(RuntimeError):
        withdraw(any_town.database, receipt.id, None, "test", "", NOW, any_town.place.policy)
    assert any_town.dump() == before


def test_pictures_that_are_older_than_the_live_window_go_too(town: Town) -> None:
    town.carrier()
    old = town.receive(live(0, 1))
    later = START + timedelta(days=3)
    town.receive_later(span_table((CENTRE, later, later + QUARTER, 50)), later + QUARTER)
    town.withdraw(old, later + QUARTER)
    visible = everything_visible(town)
    assert {row[1] for row in visible["frames"]} == {later, later.replace(minute=0)}
    assert {row[0] for row in visible["released"]} == {later}


def test_an_old_picture_that_was_drawn_is_drawn_again_when_its_bin_changes(town: Town) -> None:
    town.carrier()
    town.receive(live(0, count=500))
    old = town.receive(live(0, count=9000))
    later = START + timedelta(days=3)
    town.receive_later(span_table((CENTRE, later, later + QUARTER, 50)), later + QUARTER)
    wrong = {row[4] for row in everything_visible(town)["frames"] if row[1] == START}
    town.withdraw(old, later + QUARTER)
    right = {row[4] for row in everything_visible(town)["frames"] if row[1] == START}
    assert right
    assert not right & wrong


def test_the_usual_week_of_withdrawn_history_is_forgotten(town: Town) -> None:
    town.carrier()
    town.receive(live(0))
    gone = town.receive(history(2, 40))
    assert usual(town) is not None
    town.withdraw(gone)
    assert usual(town) is None


def test_the_web_process_may_withdraw_without_arrays() -> None:
    code = "import sys, ingest.withdrawal; print(sorted({'numpy', 'polars', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
