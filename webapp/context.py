"""What every view is given: database, clock, policies and settings, put together once by `create_app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from flask import current_app

from config.settings import Settings
from store.database import Database

if TYPE_CHECKING:
    from rules.policy import Policy

KEY = "oryn"


@dataclass(frozen=True)
class Web:
    """The parts that a request may use; nothing else is reached from a view."""

    settings: Settings
    clock: Callable[[], datetime]
    database: Database

    @cached_property
    def policies(self) -> list[Policy]:
        """Every policy of the installation, read when first asked for: a start must not wait for it."""
        from rules.policy import parse_policy

        return [parse_policy(text, name) for name, text in self.settings.policy_texts()]

    def policy(self, moment: datetime) -> Policy:
        """Return the policy in force at `moment`."""
        from rules.policy import policy_at

        return policy_at(self.policies, moment)

    def local(self, moment: datetime) -> datetime:
        """Return `moment` on the clocks of the place that the policy of now is for: data may be older than any."""
        return moment.astimezone(ZoneInfo(self.policy(self.clock()).timezone))


def web() -> Web:
    """Return the parts of the running application."""
    return cast(Web, current_app.extensions[KEY])
