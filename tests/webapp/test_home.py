"""The data folder as it is by default: relative to where the command was started."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from config.settings import Settings
from store.database import open_database
from store.migrate import upgrade
from webapp.app import create_app


@pytest.mark.parametrize(("language", "word"), [("kk", "Қазір қай жерде адам көп"), ("ru", "Где сейчас людно")])
def test_a_relative_data_folder_speaks_every_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime, language: str, word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORYN_HOME", "var")
    settings = Settings()
    database = open_database(None, settings.prepare_home())
    upgrade(database)
    app = create_app(settings, lambda: now, database)
    page = app.test_client().get("/", headers={"Accept-Language": language}).text
    assert f'<html lang="{language}"' in page
    assert word in page
    database.close()
