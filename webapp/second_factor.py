"""Second factors: codes of an authenticator app (TOTP, RFC 6238, by passlib), sealed secrets, recovery codes.

Promises: a secret is kept only sealed (Fernet, by a key derived from the installation's secret); no code is accepted
twice; a code of the step before and the step after the present one is accepted as well; every try is counted in the
database before it is looked at, recovery codes too.
Does not: know which step of signing in asks.
"""

from __future__ import annotations

import base64
import re
import secrets
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from passlib.exc import TokenError
from passlib.totp import TOTP

from store import guesses
from store import second_factor as kept
from store.database import Connection

ISSUER = "Oryn"
STEP_SECONDS = 30
WINDOW_SECONDS = 30  # one step to either side: clocks of phones differ
RECOVERY_CODES = 10
FEW_RECOVERY_CODES = 2  # so many or fewer left: time to make new ones
RECOVERY_CODE_BYTES = 10  # 80 bits, 16 letters
OFFER_LIFETIME = timedelta(minutes=30)
PURPOSE = b"oryn second factor 1"
# A million codes, three of them right: 30 tries a day find one with a chance of 1 in 11,000.
CODE_GUESSES = guesses.GuessLimits(
    per_address=5,
    window=timedelta(minutes=15),
    per_account=30,
    account_window=timedelta(days=1),
    known=timedelta(days=30),
)


class Seal:
    """Closes and opens secrets; another installation's secret opens none of them."""

    def __init__(self, installation_secret: str) -> None:
        key = HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(installation_secret.encode())
        self._box = Fernet(base64.urlsafe_b64encode(key))

    def close(self, secret: str) -> str:
        """Return what may be kept."""
        return self._box.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """Return the secret, None where it was sealed by another installation secret."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


def new_secret() -> str:
    """Return a fresh secret of 160 bits, in base 32."""
    return str(TOTP.new().base32_key)


def spaced(secret: str) -> str:
    """Return a secret in groups of four, for typing."""
    return " ".join(re.findall(".{1,4}", secret))


def address_of(secret: str, email: str) -> str:
    """Return the otpauth address that an authenticator app reads from a picture."""
    return str(TOTP(key=secret).to_uri(label=email, issuer=ISSUER))


def code_of(secret: str, counter: int) -> str:
    """Return the code of a step."""
    return str(TOTP(key=secret).generate(counter * STEP_SECONDS).token)


def counter_at(now: datetime) -> int:
    """Return the number of the step that `now` lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_counter(secret: str, typed: str, now: datetime) -> int | None:
    """Return the step whose code was typed, None where it is none around `now`."""
    try:
        return int(TOTP(key=secret).match(typed, time=int(now.timestamp()), window=WINDOW_SECONDS).counter)
    except TokenError:
        return None


def new_recovery_codes() -> list[str]:
    """Return fresh recovery codes as they are typed: four groups of four letters and digits."""
    raw = (base64.b32encode(secrets.token_bytes(RECOVERY_CODE_BYTES)).decode() for _ in range(RECOVERY_CODES))
    return ["-".join(re.findall("....", code)) for code in raw]


def picture_of(address: str) -> str:
    """Return the square picture of an otpauth address, as a data address of an SVG, dark on light in every theme."""
    import segno  # only where a picture is drawn

    return str(segno.make(address, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff"))


def offer_secret(connection: Connection, seal: Seal, account_id: int, now: datetime) -> None:
    """Offer an account a fresh secret: it counts once a code of it was typed back."""
    kept.offer(connection, account_id, seal.close(new_secret()), now)


def is_right(connection: Connection, seal: Seal, account_id: int, typed: str, address: str, now: datetime) -> bool:
    """Tell whether a code of the app or a recovery code was typed, and use it up; needs a write transaction.

    Counted before it is looked at: after too many tries the right one is refused as well.
    """
    attempt = guesses.begin_attempt(connection, f"second factor of account {account_id}", address, now, CODE_GUESSES)
    if attempt is None or not _use(connection, seal, account_id, typed, now):
        return False
    guesses.pass_attempt(connection, attempt)
    return True


def _use(connection: Connection, seal: Seal, account_id: int, typed: str, now: datetime) -> bool:
    plain = re.sub(r"[\s-]", "", typed).upper()
    if not plain.isascii():
        return False
    if not plain.isdecimal():
        return kept.use_recovery_code(connection, account_id, plain, now)
    sealed = kept.find_secret(connection, account_id)
    secret = seal.open(sealed) if sealed else None
    counter = matching_counter(secret, plain, now) if secret else None
    return counter is not None and kept.accept_counter(connection, account_id, counter)


def keep_recovery_codes(codes: list[str]) -> list[str]:
    """Return codes as they are kept: without what groups them."""
    return [code.replace("-", "") for code in codes]
