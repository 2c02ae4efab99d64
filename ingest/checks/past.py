"""What is known of a carrier before its file is examined: earlier counts, the others' totals, its areas in force.

Does not: judge. It reads slice by slice, so that memory does not grow with the file.
"""

from __future__ import annotations

from datetime import datetime

from rules.policy import Policy
from store.database import Connection
from store.records import Carrier


class Past:
    """The past of one carrier as it is in the database while `connection` is open."""

    def __init__(self, connection: Connection, carrier: Carrier, policy: Policy, now: datetime) -> None:
        self.connection, self.carrier, self.policy, self.now = connection, carrier, policy, now
