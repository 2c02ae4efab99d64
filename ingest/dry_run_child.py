"""The process of one dry run: reads a request (JSON) from stdin, writes the answer (JSON) to stdout, keeps nothing.

Promises: ends by its own alarm if whoever started it is gone; the address of the database comes by stdin, because
arguments and environments can be read by others.
"""

from __future__ import annotations

import json
import signal
import sys
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

SPARE_SECONDS = 5  # the watcher's own limit comes first


def main() -> None:
    """Answer one request."""
    request = json.loads(sys.stdin.buffer.read())
    signal.alarm(ceil(request["seconds"]) + SPARE_SECONDS)
    sys.stdout.write(json.dumps(answer(request), ensure_ascii=False))
    sys.stdout.flush()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the dry run that was asked for, or the refusal of a file that broke a limit."""
    from ingest.dry_run import as_json, dry_run, dry_run_of_refusal
    from ingest.faults import Fault, FileRefused
    from rules.policy import parse_policy, policy_at
    from store import carriers
    from store.database import open_database

    if "refuse" in request:
        return as_json(dry_run_of_refusal(FileRefused([Fault(request["refuse"])], request["file_name"])))
    now = datetime.fromisoformat(request["now"])
    policy = policy_at([parse_policy(text, name) for name, text in request["policies"]], now)
    database = open_database(request["database_url"], Path(request["home"]))
    try:
        with database.read() as connection:
            carrier = carriers.get_carrier(connection, request["carrier"])
        path, scratch = Path(request["path"]), Path(request["scratch"])
        found = dry_run(database, carrier, path, request["file_name"], policy, now, scratch=scratch)
    finally:
        database.close()
    return as_json(found)


if __name__ == "__main__":
    main()
