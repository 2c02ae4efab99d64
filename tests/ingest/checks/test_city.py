"""The demo city's own days are never held, with all that is planted in them; what is wrong in its files is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from geo.coverage import read_coverage
from ingest.checks import Examination, Past, examine
from ingest.city import City, build_city
from ingest.counts import AreaCounts, pack_counts
from ingest.feeds import Feed
from ingest.placement import Placement
from ingest.reading import CountsReading, read_counts
from rules.policy import Policy
from store import carriers, uploads
from store.database import Database, open_database
from store.migrate import upgrade
from store.records import Carrier, CountPayload

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
QUARTER, WEEKS = timedelta(minutes=15), 4
LATE_EVENING = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)  # 21:00 in Almaty: wedding and, from 22:00, the private house
AFTERNOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)  # 16:00: the mall
MORNING = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 08:00: the market


@dataclass(frozen=True)
class Lived:
    """A city whose three carriers have delivered four weeks."""

    city: City
    database: Database
    folder: Path
    policy: Policy
    known: dict[str, Carrier]

    def examined(self, path: Path, code: str, now: datetime = NOW, feed: Feed | None = None) -> Examination:
        with self.database.read() as connection, self.reading(path, code, now, feed) as reading:
            return examine(reading, Past(connection, self.known[code], self.policy, now))

    def reading(self, path: Path, code: str, now: datetime, feed: Feed | None = None) -> CountsReading:
        with self.database.read() as connection:
            place = Placement.of(connection, self.known[code])
        counts = self.policy.counts
        return read_counts(path, feed or place.feed, place.known, counts.k_min, counts.base_bin_minutes, now)

    def quarters(self, code: str, starts: Sequence[datetime]) -> Path:
        span = starts[0], starts[-1] + QUARTER
        paths = self.city.write_live(self.city.carrier(code), self.folder, *span, hours_per_file=24)
        return paths[0]

    def keep(self, path: Path, code: str) -> None:
        """Keep the counts of a file as accepted ones."""
        with self.reading(path, code, NOW) as reading, self.database.begin() as connection:
            facts = {"file_name": path.name, "sha256": path.name, "size_bytes": 1, "received_at": NOW}
            upload_id = uploads.record_received(connection, self.known[code].id, facts)
            codes = uploads.source_area_codes(connection, self.known[code].id, reading.area_ids)
            of_index = np.array([codes[one] for one in reading.area_ids], np.uint32)
            payloads = [
                CountPayload(
                    start=one.start,
                    end=one.end,
                    precision=one.precision,
                    revision=one.revision,
                    kind=reading.kind,
                    data=pack_counts(AreaCounts(of_index[one.area_index], one.value, one.state)),
                    counted_total=float(np.nansum(one.value)),
                )
                for one in reading.slices()
            ]
            uploads.add_slices(connection, self.known[code].id, upload_id, payloads)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("lived")
    city = build_city(1)
    with closing(open_database(None, folder)) as database:
        upgrade(database)
        here = Lived(city, database, folder, policy, {})
        for plan in city.carriers:
            coverage = read_coverage(city.write_coverage(plan, folder)).coverage
            feed = city.write_feed(plan, folder)
            with database.begin() as connection:
                carrier = carriers.add_carrier(connection, plan.code, plan.name, plan.share, NOW)
                carriers.add_coverage(connection, carrier.id, coverage.to_bytes(), coverage.kind, "city", ALWAYS, NOW)
                if feed is not None:
                    carriers.save_feed(connection, carrier.id, feed.read_text("utf-8"), NOW)
            here.known[plan.code] = carrier
            ends = (NOW - timedelta(days=1)).replace(minute=0)
            for path in city.write_history(plan, folder, ends, WEEKS):
                here.keep(path, plan.code)
        yield here


@pytest.mark.parametrize("start", [LATE_EVENING, AFTERNOON, MORNING], ids=["wedding-and-house", "mall", "market"])
@pytest.mark.parametrize("code", ["tulpar", "jusan", "samal"])
def test_the_first_carrier_to_deliver_a_planted_scene_is_not_held(lived: Lived, code: str, start: datetime) -> None:
    path = lived.quarters(code, [start + at * QUARTER for at in range(10)])
    examination = lived.examined(path, code)
    assert examination.holds == ()
    assert {one.outcome for one in examination.results if one.check in {"drift", "time-zone", "gaps"}} == {"ok"}


def test_six_deviations_alone_would_hold_the_wedding(lived: Lived) -> None:
    """What docs/adr/0012 changed: a quiet indoor cell that sees a wedding is far off, and nothing is wrong."""
    plain = replace(lived.policy, delivery=replace(lived.policy.delivery, hold_gathering_people=0))
    path = lived.quarters("tulpar", [LATE_EVENING])
    assert [one.reason for one in replace(lived, policy=plain).examined(path, "tulpar").holds] == ["held-area"]


@pytest.mark.parametrize("code", ["tulpar", "jusan", "samal"])
def test_what_is_wrong_in_a_quarter_of_the_city_is_found(lived: Lived, code: str) -> None:
    counts = lived.city.live_counts(lived.city.carrier(code), LATE_EVENING)
    ids = lived.city.carrier(code).source_area_ids
    devices = np.where(counts.suppressed, 10, counts.device_count)
    order = np.argsort(devices, kind="stable")
    typical, quiet, busy = order[len(order) // 2], order[len(order) // 20], order[-1]
    exchanged = devices.copy()
    exchanged[[quiet, busy]] = exchanged[[busy, quiet]]
    crowded = devices.copy()
    crowded[typical] *= 100
    shuffled = np.random.default_rng(1).permutation(devices)
    cases = {
        "crowded": (crowded, {"held-area"}),
        "exchanged": (exchanged, {"held-area"}),
        "shuffled": (shuffled, {"held-pattern"}),
        "people": ((devices / lived.city.carrier(code).share).astype(int), {"held-total"}),
        "tenth": (devices // 10, {"held-total"}),
        "zeros": (devices * 0, {"held-total"}),
    }
    span = f"{LATE_EVENING.isoformat()},{(LATE_EVENING + QUARTER).isoformat()}"
    for name, (wrong, reasons) in cases.items():
        path = lived.folder / f"{code}-{name}.csv"
        lines = [f"{one},{span},{count}" for one, count in zip(ids, wrong.tolist(), strict=True)]
        path.write_text("\n".join(["source_area_id,start,end,device_count", *lines]))
        examination = lived.examined(path, code, feed=Feed())
        assert {one.reason for one in examination.holds} == reasons, name
        if reasons == {"held-area"}:
            (hold,) = examination.holds
            assert hold.area_index is not None
            assert len(hold.area_index) == 1, name
