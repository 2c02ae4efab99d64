"""The shell lines of the guide for machines: what an engineer at an operator pastes, from the key to the withdrawal.

Promises: plain sh, curl and sed; run in the order of the page, in one empty folder, they do what the page says (a test
runs them). The key stands in a file that only its owner reads, so neither `ps` nor the shell's history shows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

KEY_PLACE = "PASTE-YOUR-KEY-HERE"
KEY_FILE = "$HOME/oryn-key.txt"  # one place for the steps and for the script of every hour
ID_IN = "sed -n 's/.*\"id\":\\([0-9]*\\).*/\\1/p'"
SOME_HEXAGON = "8920e60a12fffff"  # an H3 hexagon in Almaty: needs no coverage
PLAIN_ID = re.compile(r"[\w.:-]{1,60}", re.ASCII)
STEP_MINUTES = 15
FIRST, CORRECTED = 120, 210


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step: its name in addresses, the lines to paste, the status that answers ("" where nothing is asked)."""

    code: str
    lines: str
    status: str = ""


def guide_steps(address: str, area: str, now: datetime) -> list[GuideStep]:
    """Return the steps for the installation at `address`, with a file about `area` a while before local `now`."""
    start, end = guide_interval(now)
    name = f"counts-{start:%Y%m%d-%H%M}.csv"
    curl = "curl --silent --show-error"
    key, token = f'-H @"{KEY_FILE}"', "-H @oryn-token.txt"
    new, again = f"Idempotency-Key: {name}-1", f"Idempotency-Key: {name}-2"
    post = f'{curl} -i -X POST -T {name} {key} "$ORYN/api/v1/uploads'
    steps = [
        ("key", f"ORYN='{address}'\numask 077\necho 'Authorization: Bearer {KEY_PLACE}' > \"{KEY_FILE}\"", ""),
        ("file", _sample(name, area, start, end), ""),
        ("dry-run", f'{post}/dry-run"', "200 OK"),
        (
            "send",
            f'{curl} -D headers.txt -o receipt.json -X POST -T {name} {key} -H "{new}" \\\n'
            f'  -H "X-File-Name: {name}" "$ORYN/api/v1/uploads"\n'
            "cat headers.txt receipt.json\n"
            f"ID=$({ID_IN} receipt.json)",
            "202 Accepted",
        ),
        ("again", f'{post}" -H "{new}"', "200 OK"),
        ("receipt", f'{curl} -i {key} "$ORYN/api/v1/uploads/$ID"', "200 OK"),
        (
            "faults",
            f'{curl} -D headers.txt -o faults.csv {key} "$ORYN/api/v1/uploads/$ID/faults.csv?lang=ru"\n'
            "cat headers.txt faults.csv",
            "200 OK",
        ),
        (
            "correct",
            f"sed 's/,{FIRST}$/,{CORRECTED}/' {name} > corrected.csv\n"
            f'{curl} -D headers.txt -o correction.json -X POST -T corrected.csv {key} -H "{again}" \\\n'
            f'  "$ORYN/api/v1/uploads"\n'
            "cat headers.txt correction.json\n"
            f"CORRECTION=$({ID_IN} correction.json)",
            "202 Accepted",
        ),
        ("list", f'{curl} -i {key} "$ORYN/api/v1/uploads?limit=5"', "200 OK"),
        (
            "withdraw",
            'for ONE in "$ID" "$CORRECTION"; do\n'
            f'  {curl} -i -X DELETE {key} -H "Content-Type: application/json" \\\n'
            '    -d \'{"reason": "a test"}\' "$ORYN/api/v1/uploads/$ONE"\n'
            "  echo\n"
            "done",
            "200 OK",
        ),
        (
            "token",
            f'{curl} -X POST {key} "$ORYN/api/v1/tokens" |\n'
            '  sed -n \'s/.*"access_token":"\\([^"]*\\)".*/Authorization: Bearer \\1/p\' > oryn-token.txt\n'
            f'{curl} -i {token} "$ORYN/api/v1/uploads?limit=1"',
            "200 OK",
        ),
    ]
    return [GuideStep(*one) for one in steps]


def hourly_script(address: str) -> str:
    """Return a script that sends every waiting file; started by cron each hour, or more often."""
    return f"""#!/bin/sh
# deliver.sh FOLDER: sends FOLDER/*.csv, oldest name first; what was received goes to FOLDER/sent.
ORYN='{address}'
cd "$1" && mkdir -p sent || exit 1
for file in *.csv; do
  [ -e "$file" ] || continue
  curl --silent --show-error --fail-with-body --retry 8 --retry-connrefused --retry-max-time 1500 \\
    -X POST -T "$file" -H @"{KEY_FILE}" \\
    -H "Idempotency-Key: $(sha256sum < "$file" | cut -c 1-64)" -H "X-File-Name: $file" \\
    "$ORYN/api/v1/uploads" && mv "$file" sent/
  echo
done
"""


def sample_area(known: list[str]) -> str:
    """Return the area of the sample file: one that the operator has delivered before, else some hexagon."""
    return next((one for one in known if PLAIN_ID.fullmatch(one)), SOME_HEXAGON)


def guide_interval(now: datetime) -> tuple[datetime, datetime]:
    """Return a quarter of an hour that is over, and not the newest one."""
    quarter = now.replace(minute=now.minute // STEP_MINUTES * STEP_MINUTES, second=0, microsecond=0)
    end = quarter - timedelta(minutes=STEP_MINUTES)
    return end - timedelta(minutes=STEP_MINUTES), end


def _sample(name: str, area: str, start: datetime, end: datetime) -> str:
    row = f"{area},{start.isoformat()},{end.isoformat()},{FIRST}"
    return f"cat > {name} <<'END'\nsource_area_id,start,end,device_count\n{row}\nEND"
