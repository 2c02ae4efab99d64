"""The arrows between packages (ARCHITECTURE.md): import contracts, purity of the middle, no drawers without a name."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter import api
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
PACKAGES = ("config", "geo", "ingest", "rules", "store", "webapp")
PURE = ("geo", "rules")
WORLDLY_MODULES = {"socket", "ssl", "http", "urllib", "requests", "httpx", "subprocess", "asyncio", "random", "secrets"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime", "sleep"}
CLOCK_OWNERS = {"datetime", "date", "time", "dt"}
DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "tools", "shared", "base"}


def sources(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def contracts() -> list[str]:
    return [one["name"] for one in api.read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]]


def test_every_import_contract_holds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert (status, capsys.readouterr().out if status else "") == (0, "")


def test_a_broken_contract_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    config = tmp_path / "contracts.toml"
    config.write_text(
        "[tool.importlinter]\nroot_packages = ['store']\ninclude_external_packages = true\n"
        "[[tool.importlinter.contracts]]\nname = 'broken'\ntype = 'forbidden'\n"
        "source_modules = ['store']\nforbidden_modules = ['sqlalchemy']\n"
    )
    assert lint_imports(config_filename=str(config), no_cache=True) != 0


def test_the_layers_are_among_the_contracts() -> None:
    assert "webapp > ingest > store > rules | geo" in contracts()
    assert len(contracts()) == 7


@pytest.mark.parametrize("path", sources(*PURE), ids=name_of)
def test_rules_and_geo_read_no_clock_no_environment_and_open_no_socket(path: Path) -> None:
    assert list(_worldly(ast.parse(path.read_text("utf-8")))) == []


def _worldly(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (name for name in _imported(node) if name.split(".")[0] in WORLDLY_MODULES)
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).split(".")[-1]
            if owner == "os" and node.attr in {"environ", "getenv"}:
                yield f"os.{node.attr} on line {node.lineno}"
            if node.attr in CLOCKS and owner in CLOCK_OWNERS:
                yield f"{owner}.{node.attr} on line {node.lineno}"


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
    return [one.name for one in node.names]


@pytest.mark.parametrize(
    "code",
    ["import socket", "from urllib import request", "x = datetime.now(UTC)", "date.today()", "os.environ['A']",
     "time.time()", "import random"],
)  # fmt: skip
def test_the_search_for_impurity_finds_it(code: str) -> None:
    assert list(_worldly(ast.parse(code)))


def test_settings_are_read_at_the_entry_points_only() -> None:
    readers = [name_of(path) for path in sources(*PACKAGES) if "config.settings" in path.read_text("utf-8")]
    assert [one for one in readers if not one.startswith(("webapp/", "config/"))] == []


def test_no_package_has_a_drawer_for_whatever_has_no_name() -> None:
    named = {one for path in sources(*PACKAGES, "tests") for one in path.relative_to(ROOT).with_suffix("").parts}
    assert named & DRAWERS == set()


def test_no_file_is_a_gravity_well() -> None:
    long = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in sources(*PACKAGES)}
    assert {name: lines for name, lines in long.items() if lines > 350} == {}


def test_the_web_process_starts_without_arrays_and_data_frames() -> None:
    import subprocess

    heavy = "{'numpy', 'polars', 'geopandas', 'pandas', 'scipy', 'shapely'}"
    code = f"import sys, webapp.commands, webapp.app; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
