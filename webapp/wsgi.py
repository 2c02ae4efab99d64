"""What a WSGI server runs: `webapp.wsgi:app`."""

from __future__ import annotations

from config.settings import Settings, system_clock
from webapp.app import create_app

app = create_app(Settings(), system_clock)
