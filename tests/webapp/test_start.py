"""A start is quick: what only a pipeline needs is not loaded by the web application."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "pandas", "polars", "scipy", "pyarrow", "shapely", "geopandas", "h3", "alembic")
PROGRAM = """
import sys
from pathlib import Path
from datetime import UTC, datetime
from config.settings import Settings
from store.database import open_database
from webapp.app import create_app
home = Path(sys.argv[1])
app = create_app(Settings(home=home), lambda: datetime(2026, 11, 20, tzinfo=UTC))
assert app.test_client().get("/sign-in").status_code == 200
assert app.test_client().get("/healthz").status_code == 200
print(" ".join(name for name in sys.argv[2:] if name in sys.modules))
"""


def test_the_first_pages_load_nothing_heavy(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), *HEAVY], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
