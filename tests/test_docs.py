"""The documents do not lie: what they name exists, what exists and matters is named."""

from __future__ import annotations

import html
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.settings import Settings
from webapp.commands import NOUNS, oryn

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]
READMES = [ROOT / "README.md", ROOT / "docs" / "runbook.md", ROOT / "docs" / "operators.md"]
SOURCES = ("config", "geo", "ingest", "rules", "store", "static", "tests", "webapp", "docs", "tools", "benchmarks")
PATH = re.compile(rf"`((?:{'|'.join(SOURCES)})/[\w./*-]+)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
COMMAND = re.compile(r"(?:^|[\s`(])(?:\.venv/bin/)?oryn ((?:[a-z]+)(?: [^`#\n]*)?)", re.MULTILINE)


def text(path: Path) -> str:
    return path.read_text("utf-8")


def blocks(page: Path) -> str:
    """Return the code of a page: fenced blocks and words between back quotes."""
    whole = text(page)
    return "\n".join(re.findall(r"```(?:sh|console|text)?\n(.*?)```", whole, re.S) + re.findall(r"`([^`\n]+)`", whole))


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    missing = [
        one for one in PATH.findall(text(page)) if not (list(ROOT.glob(one)) if "*" in one else (ROOT / one).exists())
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_and_picture_of_a_page_leads_somewhere(page: Path) -> None:
    pictures = re.findall(r'src="([^"]+)"', text(page))
    missing = [one for one in [*LINK.findall(text(page)), *pictures] if not (page.parent / one).exists()]
    assert missing == []


def test_every_invariant_names_a_test_that_exists() -> None:
    rows = [line for line in text(ROOT / "ARCHITECTURE.md").splitlines() if re.match(r"\| \d+ \|", line)]
    kept_by = [PATH.findall(row.split("|")[3]) for row in rows]
    assert len(rows) >= 13
    assert [row for row, paths in zip(rows, kept_by, strict=True) if not paths] == []
    assert [one for paths in kept_by for one in paths if not (ROOT / one).exists()] == []


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_command_of_a_page_exists(page: Path) -> None:
    wanted = set(re.findall(r"\bmake ([a-z]+)\b", blocks(page)))
    assert wanted - make_targets() == set()


def test_the_readme_shows_the_two_commands() -> None:
    assert {"demo", "test", "setup", "check", "bench", "fix"} <= set(
        re.findall(r"\bmake ([a-z]+)\b", text(ROOT / "README.md"))
    )


def commands(page: Path) -> list[list[str]]:
    return [shlex.split(one.strip()) for one in COMMAND.findall(blocks(page)) if "…" not in one]


@pytest.mark.parametrize(
    "words", [pytest.param(words, id=" ".join(words)) for page in READMES for words in commands(page)]
)
def test_every_oryn_command_of_the_documents_is_understood(words: list[str]) -> None:
    path = [words[0]]
    result = CliRunner().invoke(oryn, [*path, "--help"])
    if "COMMAND [ARGS]" in result.output and len(words) > 1:
        path = words[:2]
        result = CliRunner().invoke(oryn, [*path, "--help"])
    assert result.exit_code == 0, result.output
    options = {word for word in words if word.startswith("-") and word not in {"-h", "--help"}}
    assert [one for one in options if one not in re.findall(r"--?[\w-]+", result.output)] == []


def test_the_search_for_commands_finds_them() -> None:
    assert ["carrier", "add", "seoul", "--name", "Living population", "--share", "1.0"] in commands(ROOT / "README.md")


def test_every_command_is_in_the_runbook() -> None:
    page = text(ROOT / "docs" / "runbook.md")
    assert [noun for noun in NOUNS if f"oryn {noun}" not in page] == []


def test_every_setting_is_in_the_runbook_with_its_variable_and_default() -> None:
    page = text(ROOT / "docs" / "runbook.md")
    variables = {
        str(one.validation_alias or f"ORYN_{name.upper()}"): one.default for name, one in Settings.model_fields.items()
    }
    assert [name for name in variables if f"`{name}`" not in page] == []
    simple = {
        name: default for name, default in variables.items() if isinstance(default, (int, str)) and default is not False
    }
    rows = {row.split("|")[1].strip(" `"): row for row in page.splitlines() if row.startswith("| `")}
    assert [name for name, default in simple.items() if str(default) not in rows[name]] == []


@pytest.mark.parametrize("catalogue", ["counts", "coverage"])
def test_every_refusal_that_an_operator_can_meet_is_explained(catalogue: str) -> None:
    codes = tomllib.loads(text(ROOT / "ingest" / "messages" / f"{catalogue}.toml"))
    page = text(ROOT / "docs" / "operators.md")
    assert [code for code in codes if f"`{code}`" not in page] == []


def test_the_operators_page_names_no_refusal_that_does_not_exist() -> None:
    from ingest.faults import catalogue

    section = text(ROOT / "docs" / "operators.md").split("## Refusals")[1]
    listed = set(re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", section))
    assert listed - set(catalogue()) == set()


def test_the_examples_of_the_operators_page_are_accepted(tmp_path: Path) -> None:
    """Each fenced example with a file name is written and delivered in the order of the page."""
    page = text(ROOT / "docs" / "operators.md")
    examples = dict(re.findall(r"<!-- (\S+) -->\n```\w*\n(.*?)```", page, re.S))
    assert len(examples) >= 8
    for name, content in examples.items():
        (tmp_path / name).write_text(content)
    environment = {"ORYN_HOME": str(tmp_path / "home"), "ORYN_LANGUAGE": "en", "ORYN_DATABASE_URL": None}
    steps = re.findall(r"<!-- run: (.+?) -->", page)
    assert {name for name in examples if any(name in step for step in steps)} == set(examples)
    for step in steps:
        arguments = [str(tmp_path / one) if one in examples else one for one in shlex.split(step)]
        result = CliRunner().invoke(oryn, arguments, env=environment)
        assert (step, result.exit_code, result.exception) == (step, 0, None), result.output


PASTED = re.findall(r"## Before there are counts\n(.*?)\n## ", text(ROOT / "docs" / "runbook.md"), re.S)[0]


@pytest.mark.parametrize("block", re.findall(r"```sh\n(.*?)```", PASTED, re.S), ids=["hexagons", "polygons"])
def test_what_loads_residents_can_be_pasted(tmp_path: Path, block: str) -> None:
    """As from the runbook, so from the page of headquarters: in a shell, in an installation without anything."""
    programs = Path(sys.executable).parent
    own = {"PATH": f"{programs}:{os.environ['PATH']}", "ORYN_HOME": str(tmp_path / "home"), "ORYN_LANGUAGE": "en"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ORYN_")} | own
    done = subprocess.run(
        ["sh", "-ec", block], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"residents: [\d,]+ in \d+ hexagons, from column \w+ .*\n", done.stdout)


def test_what_headquarters_page_shows_to_paste_is_in_the_runbook() -> None:
    page = html.unescape(text(ROOT / "webapp" / "templates" / "hq.html"))
    shown = re.findall(r"<code>(cat > residents.csv.*?)</code>", page, re.S)[0].splitlines()
    assert [line for line in shown if line not in PASTED.splitlines()] == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(one.name[:4]) for one in sorted((ROOT / "docs" / "adr").glob("0*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all("**Decided.**" in text(one) and "**Why.**" in text(one) for one in (ROOT / "docs" / "adr").glob("0*.md"))
