"""A key for the demo's first mobile operator, and a delivery that can be pasted at once.

Promises: each start makes a new key and ends the one that the start before had printed; it is kept nowhere in words.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from rules.policy import DeliveryPolicy
from store import audit, carriers
from store.carrier_keys import TooManyKeys, live_keys, make_key, revoke_key
from store.database import Connection, Database
from store.records import Carrier
from store.uploads import source_area_codes
from webapp.guide_lines import guide_interval, sample_area

MAKER = "demo"
SOME_COUNT = 120


def demo_key_lines(
    database: Database, delivery: DeliveryPolicy, carrier_code: str, address: str, now: datetime
) -> list[str]:
    """Return what the demo prints: the operator's new key, and a command that delivers with it (`now`: local)."""
    with database.begin() as connection:
        carrier = carriers.get_carrier(connection, carrier_code)
        _end_earlier(connection, carrier, now)
        try:
            key, text = make_key(
                connection, carrier.id, timedelta(days=delivery.key_days), delivery.keys_at_once, MAKER
            )
        except TooManyKeys:  # somebody made others on the page of keys: they open the door as well
            return []
        _note(connection, carrier, "carrier-key-made", key.key_id, now)
        area = sample_area(sorted(source_area_codes(connection, carrier.id)))
    return [f"API key of {carrier_code}: {text}", curl_line(address, text, area, now)]


def curl_line(address: str, key: str, area: str, now: datetime) -> str:
    """Return one line for a shell that delivers one count of one area, a while ago."""
    start, end = guide_interval(now)
    rows = f"source_area_id,start,end,device_count\\n{area},{start.isoformat()},{end.isoformat()},{SOME_COUNT}\\n"
    headers = f"-H 'Authorization: Bearer {key}' -H 'Content-Type: text/csv' -H 'X-File-Name: demo.csv'"
    return f"printf '{rows}' | curl -sS {headers} --data-binary @- {address}/api/v1/uploads"


def _end_earlier(connection: Connection, carrier: Carrier, now: datetime) -> None:
    for key in live_keys(connection, carrier.id):
        if key.created_by == MAKER:
            revoke_key(connection, carrier.id, key.key_id)
            _note(connection, carrier, "carrier-key-revoked", key.key_id, now)


def _note(connection: Connection, carrier: Carrier, action: str, key_id: str, now: datetime) -> None:
    subject, details = f"carrier:{carrier.code}", {"key": key_id}
    audit.append(connection, actor=MAKER, action=action, subject=subject, details=details, now=now)
