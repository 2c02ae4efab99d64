"""The guide for machines keeps its word: every line of the page is run by a shell against a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.request import urlopen

import pytest
import sqlalchemy as sa

from store import carriers
from store.schema import source_area
from store.uploads import get_receipt, receipts_of, source_area_codes
from tests.webapp.browser import Browser
from tests.webapp.live import ROOT, LiveServer, live_server
from tests.webapp.world import World
from webapp.guide_lines import AREA_PLACE, KEY_PLACE, SOME_HEXAGON, sample_area

BLOCK = re.compile(r'<section class="card" aria-labelledby="(?:step-)?([\w-]+)">(.*?)</section>', re.S)
LINES = re.compile(r'<pre class="command" tabindex="0"><code>(.*?)</code></pre>', re.S)
STATUS = re.compile(r"</pre>.*?<p>.*?<code>(\d{3}) [\w ]+</code>", re.S)


@dataclass(frozen=True, slots=True)
class Shown:
    """One block of the page: the lines to paste and the status that it promises."""

    lines: str
    status: str | None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, translations: Path) -> Iterator[LiveServer]:
    assert shutil.which("curl"), "the guide is about curl"
    with live_server(tmp_path_factory.mktemp("guide") / "home", translations) as running:
        yield running


def guide(server: LiveServer, language: str = "en") -> dict[str, Shown]:
    with urlopen(f"{server.address}/carriers/guide?lang={language}") as page:
        text = page.read().decode()
    found = {}
    for code, block in BLOCK.findall(text):
        lines, status = LINES.search(block), STATUS.search(block)
        assert lines is not None, code
        found[code] = Shown(unescape(lines[1]), status[1] if status else None)
    return found


def shell(script: str, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        ["sh"], input=script, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), (script, done.stdout, done.stderr)
    return done.stdout


def body(said: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(said[said.index("{") :])
    return found


def walk(server: LiveServer, folder: Path, area: str) -> dict[str, str]:
    """Paste every step into one shell, a worker reading beside it; return what each step said."""
    steps = guide(server)
    worker = f"{sys.executable} -m webapp.commands worker --once > /dev/null 2>&1"
    pasted = ""
    for code in list(steps)[:-1]:
        lines = steps[code].lines.replace(KEY_PLACE, server.key).replace(AREA_PLACE, area)
        pasted += f"printf '\\n=== {code}\\n'\n{lines}\n"
        if code in ("again", "correct"):
            pasted += f"(cd {ROOT} && ORYN_HOME={server.home} {worker})\n"
    parts = re.split(r"^=== (.*)\n", shell(pasted, folder), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def statuses(said: str) -> list[str]:
    return [one for one in re.findall(r"^HTTP/1\.1 (\d{3}) ", said, re.M) if one != "100"]


@pytest.fixture(scope="module")
def walks(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The whole page twice, one after the other, in one folder."""
    folder = tmp_path_factory.mktemp("walks")
    return [walk(server, folder, SOME_HEXAGON) for _ in range(2)]


@pytest.mark.parametrize("turn", [0, 1])
def test_every_line_of_the_guide_does_what_the_page_says_each_time(
    server: LiveServer, walks: list[dict[str, str]], turn: int
) -> None:
    steps, said = guide(server), walks[turn]
    promised = [code for code in steps if steps[code].status]
    assert promised == list(steps)[2:-1]
    for code in promised:
        wanted = [steps[code].status] * (2 if code == "withdraw" else 1)
        assert statuses(said[code]) == wanted, (code, said[code])
    report = body(said["dry-run"])
    assert (report["would_be"], report["rows_in"]) == ("accepted", 1)
    sent, again, receipt = body(said["send"]), body(said["again"]), body(said["receipt"])
    assert f"location: /api/v1/uploads/{sent['id']}" in said["send"].lower()
    assert (sent["state"], again["id"], again["replayed"]) == ("received", sent["id"], True)
    assert (receipt["id"], receipt["state"], receipt["rows_accepted"]) == (sent["id"], "accepted", 1)
    assert '"line","column","code","sentence"' in said["faults"]
    corrected = body(said["correct"])
    assert corrected["id"] != sent["id"]
    listed = body(said["list"])["uploads"]
    assert isinstance(listed, list)
    assert [one["id"] for one in listed[:2]] == [corrected["id"], sent["id"]]
    with server.database.read() as connection:
        states = {get_receipt(connection, int(str(one["id"]))).state for one in (sent, corrected)}
    assert states == {"withdrawn"}, "nothing of the example goes on counting"


def test_a_second_walk_makes_deliveries_of_its_own(walks: list[dict[str, str]]) -> None:
    ids = [body(said[code])["id"] for said in walks for code in ("send", "correct")]
    assert len(set(ids)) == 4


def test_after_a_refused_walk_the_same_lines_work(server: LiveServer, tmp_path: Path) -> None:
    refused = walk(server, tmp_path, "no-such-area")
    assert statuses(refused["send"]) == ["202"]
    assert body(refused["receipt"])["state"] == "refused"
    after = walk(server, tmp_path, SOME_HEXAGON)
    assert (statuses(after["send"]), body(after["receipt"])["state"]) == (["202"], "accepted")


def test_the_key_can_be_read_by_its_owner_alone_and_the_token_is_one(server: LiveServer, tmp_path: Path) -> None:
    walk(server, tmp_path, SOME_HEXAGON)
    assert (tmp_path / "oryn-key.txt").stat().st_mode & 0o077 == 0
    assert "t_" in (tmp_path / "oryn-token.txt").read_text()


def test_a_stranger_is_told_what_to_put_in_place_of_the_area(server: LiveServer) -> None:
    lines = {code: one.lines for code, one in guide(server).items()}
    assert f"AREA='{AREA_PLACE}'" in lines["key"].splitlines()
    assert '"$AREA,' in lines["file"]
    assert not any(SOME_HEXAGON in one for one in lines.values())
    with urlopen(f"{server.address}/carriers/guide?lang=en") as page:
        text = page.read().decode()
    assert f"In place of {AREA_PLACE} put the id of one of your areas" in text


def test_the_script_finds_the_key_where_the_first_step_puts_it(server: LiveServer, tmp_path: Path) -> None:
    steps = guide(server)
    outgoing, elsewhere = tmp_path / "outgoing", tmp_path / "elsewhere"
    outgoing.mkdir()
    elsewhere.mkdir()
    shell(f"cd {elsewhere}\n" + steps["key"].lines.replace(KEY_PLACE, server.key), tmp_path)
    (tmp_path / "deliver.sh").write_text(steps["hourly"].lines)
    row = f"{SOME_HEXAGON},2026-11-20T08:00:00+05:00,2026-11-20T08:15:00+05:00,41"
    (outgoing / "c.csv").write_text(f"source_area_id,start,end,device_count\n{row}\n")
    shell(f"sh {tmp_path}/deliver.sh {outgoing}", tmp_path)
    assert (outgoing / "sent" / "c.csv").exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Do not stop before step 10"),
        ("ru", "Не останавливайтесь до шага 10"),
        ("kk", "10-қадамға дейін тоқтамаңыз"),
    ],
)
def test_that_the_numbers_are_examples_is_said_before_they_are_sent(
    server: LiveServer, language: str, words: str
) -> None:
    with urlopen(f"{server.address}/carriers/guide?lang={language}") as page:
        text = page.read().decode()
    assert 0 < text.find(words) < text.find('id="step-key"')
    assert 'id="step-withdraw">10.' in text


def test_the_hourly_script_sends_what_waits_once_and_keeps_what_could_not_go(
    server: LiveServer, tmp_path: Path
) -> None:
    script = guide(server)["hourly"].lines
    (tmp_path / "deliver.sh").write_text(script)
    (tmp_path / "oryn-key.txt").write_text(f"Authorization: Bearer {server.key}\n")
    outgoing = tmp_path / "outgoing"
    outgoing.mkdir()
    row = f"{SOME_HEXAGON},2026-11-20T10:00:00+05:00,2026-11-20T10:15:00+05:00"
    for name, count in (("a file.csv", 31), ("b.csv", 32)):
        (outgoing / name).write_text(f"source_area_id,start,end,device_count\n{row},{count}\n")
    before = deliveries(server)
    shell(f"sh {tmp_path}/deliver.sh {outgoing}", tmp_path)
    assert sorted(one.name for one in (outgoing / "sent").iterdir()) == ["a file.csv", "b.csv"]
    assert deliveries(server) == before + 2
    (outgoing / "sent" / "b.csv").rename(outgoing / "b.csv")  # as after a crash between the answer and the move
    shell(f"sh {tmp_path}/deliver.sh {outgoing}", tmp_path)
    assert deliveries(server) == before + 2
    assert shell(f"sh {tmp_path}/deliver.sh {outgoing}", tmp_path) == ""


def deliveries(server: LiveServer) -> int:
    with server.database.read() as connection:
        return len(receipts_of(connection, None))


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_lines_are_the_same_in_every_language(server: LiveServer, language: str) -> None:
    assert guide(server, language) == guide(server)


def test_every_line_can_be_copied_and_holds_the_address_of_this_installation(server: LiveServer) -> None:
    with urlopen(f"{server.address}/carriers/guide") as page:
        text = page.read().decode()
    shown = [unescape(one) for one in LINES.findall(text)]
    assert [unescape(one) for one in re.findall(r'data-copy="(.*?)"', text, re.S)] == shown
    assert f"ORYN='{server.address}'" in shown[0]
    assert f"ORYN='{server.address}'" in shown[-1]


def test_the_operators_page_of_the_documents_shows_the_same_lines(server: LiveServer) -> None:
    page = (ROOT / "docs" / "operators.md").read_text()
    blocks = {one.strip() for one in re.findall(r"```sh\n(.*?)```", page, re.S)}
    for code, shown in guide(server).items():
        assert shown.lines.replace(server.address, "https://oryn.example").strip() in blocks, code


@pytest.mark.parametrize(
    ("known", "expected"),
    [([], SOME_HEXAGON), (["A1"], "A1"), (["a,b", "x'y", "ok-1"], "ok-1"), (["a b"], SOME_HEXAGON)],
)
def test_the_sample_is_about_an_area_that_a_shell_can_hold(known: list[str], expected: str) -> None:
    assert sample_area(known) == expected


def test_every_code_of_the_interface_is_in_the_operators_page_beside_its_status() -> None:
    from webapp.problems import STATUSES

    rows = (ROOT / "docs" / "operators.md").read_text().splitlines()
    missing = [
        code
        for code, status in STATUSES.items()
        if not any(f"`{code}`" in row and row.startswith(f"| {status}") for row in rows)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("delivered", "covered", "area", "words"),
    [
        ([], False, SOME_HEXAGON, "No areas of yours are loaded here yet"),
        ([], True, AREA_PLACE, f"In place of {AREA_PLACE} put"),
        (["TP0001-1"], True, "TP0001-1", "TP0001-1 is one of your own areas"),
    ],
)
def test_an_operator_finds_an_area_in_the_lines_that_it_may_deliver(
    browser: Callable[[str], Browser], world: World, delivered: list[str], covered: bool, area: str, words: str
) -> None:
    with world.database.begin() as connection:
        mine = carriers.get_carrier(connection, "alpha").id
        connection.execute(sa.delete(source_area).where(source_area.c.carrier_id == mine))
        source_area_codes(connection, mine, delivered)
        if covered:
            carriers.add_coverage(connection, mine, b"areas", "area", "areas.geojson", world.now, world.now)
    page = unescape(browser("carrier_a").get("/carriers/guide").get_data(as_text=True))
    assert f"AREA='{area}'" in page
    assert words in page
    assert "instead of the hexagon" not in page
