"""The guide for machines keeps its word: every line of the page is run by a shell against a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.request import urlopen

import pytest

from store.uploads import get_receipt, receipts_of
from tests.webapp.live import ROOT, LiveServer, live_server
from webapp.guide_lines import KEY_PLACE, SOME_HEXAGON, sample_area

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


def process(server: LiveServer) -> None:
    """Let a worker do what waits."""
    environment = {"PATH": os.environ["PATH"], "ORYN_HOME": str(server.home)}
    command = [sys.executable, "-m", "webapp.commands", "worker", "--once"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def body(said: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(said[said.index("{") :])
    return found


def test_every_line_of_the_guide_does_what_the_page_says(server: LiveServer, tmp_path: Path) -> None:
    steps = guide(server)
    codes = list(steps)
    assert codes[0] == "key"
    assert codes[-1] == "hourly"
    said, script = {}, ""
    for code in codes[:-1]:
        # One shell from the beginning each time would send twice: only assignments are carried on.
        said[code] = shell(script + steps[code].lines.replace(KEY_PLACE, server.key), tmp_path)
        script += "".join(f"{line}\n" for line in steps[code].lines.splitlines() if re.match(r"[A-Z]+=", line))
        if steps[code].status:
            statuses = re.findall(r"^HTTP/1\.1 (\d{3}) ", said[code], re.M)
            answers = [one for one in statuses if one != "100"]
            assert answers == [steps[code].status] * (2 if code == "withdraw" else 1), (code, said[code])
        if code in ("again", "correct"):
            process(server)
    assert [code for code in codes if steps[code].status] == codes[2:-1]
    assert (tmp_path / "oryn-key.txt").stat().st_mode & 0o077 == 0
    report = body(said["dry-run"])
    assert report["would_be"] == "accepted"
    sent, again, receipt = body(said["send"]), body(said["again"]), body(said["receipt"])
    assert f"location: /api/v1/uploads/{sent['id']}" in said["send"].lower()
    assert (sent["state"], again["id"], again["replayed"]) == ("received", sent["id"], True)
    assert (receipt["id"], receipt["state"], receipt["rows_accepted"]) == (sent["id"], "accepted", 1)
    assert '"line","column","code","sentence"' in said["faults"]
    corrected = body(said["correct"])
    assert corrected["id"] != sent["id"]
    listed = body(said["list"])["uploads"]
    assert isinstance(listed, list)
    assert [one["id"] for one in listed] == [corrected["id"], sent["id"]]
    assert "t_" in (tmp_path / "oryn-token.txt").read_text()
    with server.database.read() as connection:
        states = {get_receipt(connection, int(str(one["id"]))).state for one in (sent, corrected)}
    assert states == {"withdrawn"}, "nothing of the example goes on counting"


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
    moment = re.compile(r"counts-\d{8}-\d{4}|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+\d\d:\d\d")
    blocks = {moment.sub("*", one.strip()) for one in re.findall(r"```sh\n(.*?)```", page, re.S)}
    for code, shown in guide(server).items():
        lines = moment.sub("*", shown.lines.replace(server.address, "https://oryn.example").strip())
        assert lines in blocks, code


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
