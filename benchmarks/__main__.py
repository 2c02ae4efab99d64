"""`make bench`: every comparison, one after the other, each in a process of its own, so that no peak is another's."""

from __future__ import annotations

import subprocess
import sys

for name in ("weights", "frames", "reading", "ingest", "examining", "door", "joint", "upload_to_map"):
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
    print(flush=True)
