"""The whole way, as a newcomer goes it: `oryn demo` from nothing, the files of three operators, a map on a phone."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from store.crowding import crowding_at
from store.database import Database, open_database
from store.map_frames import latest_frame
from store.releases import all_bins
from store.uploads import dirty_bins, receipts_of
from store.venues import find_venue, list_venues
from tests.browser.conftest import PHONE
from tests.browser.signing_in import sign_in
from webapp.commands.serve import STOP_SECONDS

PATIENCE_SECONDS = 300
DRAWING_SECONDS = 1_800  # a day of joint estimates beside a server, a browser and other tests, on two cores
CountColours = Callable[[bytes], dict[tuple[int, ...], int]]
QUARTER = timedelta(minutes=15)
CARRIERS = {"tulpar", "jusan", "samal"}


@dataclass(frozen=True)
class Demo:
    """A demo that is being served."""

    address: str
    passwords: dict[str, tuple[str, str]]
    database: Database


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("demo")
    port = _free_port()
    environment = os.environ | {"ORYN_HOME": str(home), "PORT": str(port)}
    environment.pop("ORYN_DATABASE_URL", None)
    with (home / "printed").open("w+") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp.commands", "demo"], env=environment, stdout=printed, start_new_session=True
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz", process)
            accounts = re.findall(r"^\s+(\w+)\s+(\S+@\S+)\s+(\S+)$", Path(printed.name).read_text(), re.MULTILINE)
            database = open_database(None, home)
            yield Demo(f"http://127.0.0.1:{port}", {role: (mail, word) for role, mail, word in accounts}, database)
            database.close()
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(STOP_SECONDS + 15)


def test_it_prints_an_account_of_every_kind(demo: Demo) -> None:
    assert set(demo.passwords) == {"group", "owner", "carrier", "headquarters"}


def test_every_file_of_its_operators_was_accepted_and_every_row_accounted_for(demo: Demo) -> None:
    with demo.database.read() as connection:
        receipts = receipts_of(connection, None, 1_000)
    assert {receipt.carrier_code for receipt in receipts} == CARRIERS
    waiting = [receipt for receipt in receipts if receipt.state != "accepted"]
    assert [receipt.state for receipt in waiting] == ["held"], "headquarters has one delivery to decide about"
    assert all(receipt.rows_in == receipt.rows_accepted + receipt.rows_held for receipt in receipts)
    assert {receipt.rows_held > 0 for receipt in receipts if receipt not in waiting} == {False}
    assert sum(receipt.rows_suppressed for receipt in receipts) > 0


def test_its_page_is_there_with_a_picture_of_now_and_four_weeks_drawn_or_waiting(demo: Demo) -> None:
    now = datetime.now(UTC)
    with demo.database.read() as connection:
        bins = sorted({*all_bins(connection), *dirty_bins(connection)})
        newest = latest_frame(connection, "group", now)
    assert newest is not None
    assert now - newest.bin_end < timedelta(minutes=31)
    assert timedelta(weeks=4) < bins[-1] - bins[0] < timedelta(weeks=4, days=2)
    assert {second - first for first, second in pairwise(bins)} == {QUARTER}


def test_its_live_day_is_drawn_while_it_is_served(demo: Demo) -> None:
    _wait_until_drawn(demo.database, timedelta(hours=24))
    with demo.database.read() as connection:
        bins = all_bins(connection)
    assert bins[-1] - bins[0] > timedelta(hours=23)


def test_the_malls_evening_crowd_is_seen_and_a_cafe_is_not_judged(demo: Demo) -> None:
    _wait_until_drawn(demo.database, timedelta(hours=24))
    with demo.database.read() as connection:
        mall = find_venue(connection, "ala-0002")
        newest = latest_frame(connection, "group", datetime.now(UTC))
        cafes = {one.id for one in list_venues(connection) if one.draft.category == "restaurant_cafe"}
        assert mall is not None
        assert newest is not None
        night, evening = (crowding_at(connection, _at_utc_hour(newest.bin_start, hour)) for hour in (22, 13))
    assert night[mall.id].is_open is False  # 03:00 in Almaty
    assert (evening[mall.id].best or 0.0) > 2 * (night[mall.id].best or 0.0)  # 18:00: a crowd, however unsure
    assert (evening[mall.id].high or 0.0) > (night[mall.id].high or 0.0)
    told = [evening[one] for one in cafes if one in evening and evening[one].state == "level"]
    assert len(told) < len(cafes) / 100


def test_a_group_sees_the_city_on_a_phone(demo: Demo, chromium: Browser, pixels: CountColours) -> None:
    complaints: list[str] = []
    context = chromium.new_context(viewport=PHONE, locale="ru-RU")
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, demo.address, *demo.passwords["group"])
    page.wait_for_selector('#map-page[data-ready="window"]', timeout=60_000)
    page.wait_for_timeout(500)
    shown = pixels(page.screenshot(clip={"x": 0, "y": 60, "width": 290, "height": 420}))
    assert len([colour for colour, count in shown.items() if count > 3_000]) >= 2
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert complaints == []
    context.close()


@pytest.mark.parametrize(("role", "page_of_work"), [("carrier", "/carriers"), ("headquarters", "/hq")])
def test_who_needs_a_second_factor_signs_in_with_the_code_that_is_shown(
    demo: Demo, chromium: Browser, role: str, page_of_work: str
) -> None:
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    sign_in(page, demo.address, *demo.passwords[role])
    assert page.url == demo.address + page_of_work
    context.close()


def test_the_public_sees_no_finer_picture_and_no_number(demo: Demo) -> None:
    manifest = urllib.request.urlopen(demo.address + "/api/v1/map/manifest").read().decode()
    assert '"layer":"public"' in manifest
    assert '"resolution":8' in manifest


def _at_utc_hour(newest: datetime, hour_utc: int) -> datetime:
    start = newest.replace(hour=hour_utc, minute=0)
    return start if start <= newest else start - timedelta(days=1)


def _wait_until_drawn(database: Database, back: timedelta) -> None:
    """Wait until no base bin of so long is left to draw."""
    deadline = time.monotonic() + DRAWING_SECONDS
    while time.monotonic() < deadline:
        with database.read() as connection:
            waiting = [one for one in dirty_bins(connection) if one > datetime.now(UTC) - back]
        if not waiting:
            return
        time.sleep(1)
    raise AssertionError(f"{len(waiting)} bins were not drawn within {DRAWING_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the demo ended before it served"
        try:
            urllib.request.urlopen(address).read()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"{address} did not answer within {PATIENCE_SECONDS} s")
