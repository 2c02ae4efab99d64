"""The shell lines of the guide for machines: what an engineer at an operator pastes, from the key to the withdrawal.

Promises: plain sh, curl and sed; run in the order of the page, in one shell and one folder, they do what the page says,
as often as they are run: times, count and keys are new each time (a test runs them twice). The key stands in a file
that only its owner reads, so neither `ps` nor the shell's history shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

KEY_PLACE = "PASTE-YOUR-KEY-HERE"
AREA_PLACE = "PUT-ONE-OF-YOUR-AREAS-HERE"
KEY_FILE = "$HOME/oryn-key.txt"  # one place for the steps and for the script of every hour
ID_IN = "sed -n 's/.*\"id\":\\([0-9]*\\).*/\\1/p'"
SOME_HEXAGON = "8920e60a12fffff"  # an H3 hexagon in Almaty: needs no coverage
PLAIN_ID = re.compile(r"[\w.:-]{1,60}", re.ASCII)
STEP_MINUTES = 15
SAMPLE = """\
NOW=$(date +%s)
utc() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
START=$(utc $((NOW / 900 * 900 - 1800)))
END=$(utc $((NOW / 900 * 900 - 900)))
COUNT=$((100 + NOW % 100))
printf '%s\\n' source_area_id,start,end,device_count "$AREA,$START,$END,$COUNT" > counts.csv
cat counts.csv"""


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step: its name in addresses, the lines to paste, the status that answers ("" where nothing is asked)."""

    code: str
    lines: str
    status: str = ""


def guide_steps(address: str, area: str) -> list[GuideStep]:
    """Return the steps for the installation at `address`, with counts of `area` (AREA_PLACE: the reader puts it in)."""
    curl = "curl --silent --show-error"
    key, token = f'-H @"{KEY_FILE}"', "-H @oryn-token.txt"
    new, again = '-H "Idempotency-Key: $KEY"', '-H "Idempotency-Key: $KEY-2"'
    post = f'{curl} -i -X POST -T counts.csv {key} "$ORYN/api/v1/uploads'
    steps = [
        (
            "key",
            f"ORYN='{address}'\nAREA='{area}'\numask 077\necho 'Authorization: Bearer {KEY_PLACE}' > \"{KEY_FILE}\"",
            "",
        ),
        ("file", SAMPLE, ""),
        ("dry-run", f'{post}/dry-run"', "200 OK"),
        (
            "send",
            "KEY=$(sha256sum < counts.csv | cut -c 1-16)-$(date +%s)\n"
            f"{curl} -D headers.txt -o receipt.json -X POST -T counts.csv {key} {new} \\\n"
            '  -H "X-File-Name: counts.csv" "$ORYN/api/v1/uploads"\n'
            "cat headers.txt receipt.json\n"
            f"ID=$({ID_IN} receipt.json)",
            "202 Accepted",
        ),
        ("again", f'{post}" {new}', "200 OK"),
        ("receipt", f'{curl} -i {key} "$ORYN/api/v1/uploads/$ID"', "200 OK"),
        (
            "faults",
            f'{curl} -D headers.txt -o faults.csv {key} "$ORYN/api/v1/uploads/$ID/faults.csv?lang=ru"\n'
            "cat headers.txt faults.csv",
            "200 OK",
        ),
        (
            "correct",
            'sed "s/,$COUNT\\$/,$((COUNT + 90))/" counts.csv > corrected.csv\n'
            f"{curl} -D headers.txt -o correction.json -X POST -T corrected.csv {key} {again} \\\n"
            '  -H "X-File-Name: corrected.csv" "$ORYN/api/v1/uploads"\n'
            "cat headers.txt correction.json\n"
            f"CORRECTION=$({ID_IN} correction.json)",
            "202 Accepted",
        ),
        ("list", f'{curl} -i {key} "$ORYN/api/v1/uploads?limit=5"', "200 OK"),
        (
            "withdraw",
            "for ONE in $ID $CORRECTION; do\n"
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


def sample_area(known: Iterable[str], otherwise: str = SOME_HEXAGON) -> str:
    """Return the area of the sample file: the first of `known` that a shell can hold, else `otherwise`."""
    return next((one for one in known if PLAIN_ID.fullmatch(one)), otherwise)


def guide_interval(now: datetime) -> tuple[datetime, datetime]:
    """Return a quarter of an hour that is over, and not the newest one."""
    quarter = now.replace(minute=now.minute // STEP_MINUTES * STEP_MINUTES, second=0, microsecond=0)
    end = quarter - timedelta(minutes=STEP_MINUTES)
    return end - timedelta(minutes=STEP_MINUTES), end
