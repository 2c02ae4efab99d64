"""Every setting, declared once with its meaning. Read by the entry points only; values are passed down."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

POLICIES = Path(__file__).parent / "policies"
LANGUAGES = ("kk", "ru", "en")
SECRET_BYTES = 32
OWNER_ONLY = 0o600


class Settings(BaseSettings):
    """What an installation decides. Environment variables carry the prefix ORYN_, but for PORT."""

    model_config = SettingsConfigDict(env_prefix="ORYN_", extra="ignore", frozen=True)

    home: Path = Field(Path("var"), description="Data folder: embedded database, weights cache, demo files.")
    database_url: str | None = Field(None, description="Address of the database; the embedded SQLite when not set.")
    secret_key: SecretStr | None = Field(None, description="Signs cookies; made once in the data folder when not set.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, validation_alias="PORT", ge=1, le=65535, description="Port to listen on.")
    language: str | None = Field(None, description="Language of the command line: kk, ru or en.")
    https: bool = Field(False, description="The service is reached by https: cookies become __Host- and Secure.")
    max_upload_mb: int = Field(2048, ge=1, description="The largest delivery that is received, in megabytes.")
    tokens_only: bool = Field(False, description="Keys of operators' machines make tokens and open nothing else.")
    metrics_token: SecretStr | None = Field(None, description="Bearer token that opens /metrics to a collector.")
    policies: Path = Field(POLICIES, description="Folder with the dated policy files.")

    def prepare_home(self) -> Path:
        """Make the data folder, if it is not there, and return it, absolute: libraries read relative ones elsewhere."""
        self.home.mkdir(parents=True, exist_ok=True)
        return self.home.resolve()

    def cookie_secret(self) -> str:
        """Return the secret that signs cookies; make it once, readable by its owner only."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        path = self.prepare_home() / "secret_key"
        if not path.exists():
            _write_secret(path, secrets.token_hex(SECRET_BYTES))
        return path.read_text().strip()

    def speech(self) -> str:
        """Return the language of the command line: ORYN_LANGUAGE, else that of the environment, else English."""
        wanted = self.language or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
        return wanted[:2].lower() if wanted[:2].lower() in LANGUAGES else "en"

    def policy_texts(self) -> list[tuple[str, str]]:
        """Return name and text of every policy file, oldest first."""
        return [(path.name, path.read_text(encoding="utf-8")) for path in sorted(self.policies.glob("*.yaml"))]


def system_clock() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def _write_secret(path: Path, secret: str) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
        file.write(secret)
    try:
        os.link(partial, path)
    except FileExistsError:
        pass  # another process was first: its secret counts
    finally:
        partial.unlink()
