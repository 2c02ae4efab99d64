"""A command line of its own for each test: a data folder, a language, and what was said on both streams."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import structlog

import webapp.commands
import webapp.commands.installation
from store.database import Database, open_database
from tests.ingest.town import NOW, dump


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Line:
    """Runs `oryn` in this process, from the arguments to the exit code, as the console script does."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.home, self._capture, self._patch = home, capture, patch

    def __call__(self, *arguments: str | Path) -> Said:
        self._capture.readouterr()
        self._patch.setattr(sys, "argv", ["oryn", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            webapp.commands.main()
        said = self._capture.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    def done(self, *arguments: str | Path) -> Said:
        """Run a command that must succeed."""
        said = self(*arguments)
        assert said.code == 0, said.err
        return said

    def speak(self, language: str) -> None:
        self._patch.setenv("ORYN_LANGUAGE", language)

    def at(self, now: datetime) -> None:
        """Set the clock."""
        self._patch.setattr(webapp.commands.installation, "system_clock", lambda: now)

    def database(self) -> Database:
        return open_database(None, self.home)

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        database = self.database()
        try:
            return dump(database)
        finally:
            database.close()


@pytest.fixture
def oryn(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """`oryn` with an empty data folder, in English, at a fixed present."""
    monkeypatch.setenv("ORYN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ORYN_DATABASE_URL", raising=False)
    line = Line(tmp_path / "home", capsys, monkeypatch)
    line.speak("en")
    line.at(NOW)
    yield line
    structlog.reset_defaults()  # the command's log speaks to a stream that is gone after the test


@pytest.fixture
def given(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file for a command and return its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def served(oryn: Line) -> Line:
    """`oryn` with one registered mobile operator, alpha."""
    oryn.done("carrier", "add", "alpha", "--name", "Alpha", "--share", "1.0")
    return oryn
