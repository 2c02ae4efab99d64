"""The client's unit tests, run by the front end's own runner on golden bytes that the Python side made just now."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from shapely import box

from geo import hexagons
from geo.frames import geometry_pack, unpack_geometry
from rules.names import fold

ROOT = Path(__file__).parents[2]
NAMES = (
    "Ресторан «Әсем»",
    "Қазақстан",
    "Iрi кафе",
    "ІРІ  КАФЕ",
    "Ёлка-Йод",
    "Café Müller",
    "Ғ.Мұратбаев, 12",
    "ТРЦ MEGA №2",
    "",
)


def _golden() -> dict[str, object]:
    ids = np.sort(hexagons.hexagons_over(box(76.9, 43.2, 76.95, 43.24), 9))
    pack = geometry_pack(ids)
    unpacked = unpack_geometry(pack)
    return {
        "pack": base64.b64encode(pack).decode(),
        "resolution": unpacked.resolution,
        "centres": unpacked.centres.tolist(),
        "corners": unpacked.vertices.tolist(),
        "folded": [(name, fold(name)) for name in NAMES],
    }


def test_the_client_reads_what_the_server_writes(tmp_path: Path) -> None:
    golden = tmp_path / "golden.json"
    golden.write_text(json.dumps(_golden()), encoding="utf-8")
    environment = {**os.environ, "PYTHON": sys.executable, "ORYN_GOLDEN": str(golden)}
    run = subprocess.run(
        ["sh", "tools/front", "test"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "skipped" not in run.stdout
