"""Passwords: which ones are taken, and how they are hashed and checked.

Promises: at least 12 characters, and none that guessers try first (estimated by zxcvbn from lists of common passwords,
words, names and keyboards, together with the person's own name and address); no rule asks for digits or signs. A
password is the same however its letters were composed. Two hashes run at a time: each takes 19 MiB and 40 ms of a core,
and the map must not wait behind a crowd of guesses.
Does not: keep anything, or count guesses.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

ARGON2 = {"argon2__rounds": 2, "argon2__memory_cost": 19_456, "argon2__parallelism": 1}  # OWASP: 19 MiB, t=2, p=1
NORMAL_FORM: Literal["NFKD"] = "NFKD"  # as Flask-Security compares them
SHORTEST, LONGEST = 12, 200
LOOKED_AT = 72  # zxcvbn's time grows with the square of the length
GUESSES_ENOUGH = 10**8  # zxcvbn's third of four scores: safe against guessing that is not throttled
HASHES_AT_ONCE = 2
SLOT_WAIT_SECONDS = 5

Fault = Literal["short", "long", "guessable"]

_slots = threading.BoundedSemaphore(HASHES_AT_ONCE)


def fault_of(password: str, *known: str) -> Fault | None:
    """Return what is wrong with a new password, None if it is taken; `known` are the person's address and name."""
    if len(unicodedata.normalize("NFC", password)) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    return "guessable" if _is_guessed_early(password, known) else None


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with the parameters of the sign-in page."""
    return _hasher().hash(unicodedata.normalize(NORMAL_FORM, password))


def hash_in_turn(password: str) -> str | None:
    """Return the hash of a password as soon as a slot is free, None where none came free."""
    with hashing_slot() as got_one:
        return hash_password(password) if got_one else None


def is_password(password_hash: str, typed: str) -> bool:
    """Tell whether `typed` is the password behind this hash; False as well where no slot came free."""
    if not typed or len(typed) > LONGEST:
        return False
    with hashing_slot() as got_one:
        try:
            return got_one and _hasher().verify(password_hash, unicodedata.normalize(NORMAL_FORM, typed))
        except (VerificationError, InvalidHashError):
            return False


@contextmanager
def hashing_slot() -> Iterator[bool]:
    """Wait for one of the few slots for hashing; yield whether one came free."""
    got_one = _slots.acquire(timeout=SLOT_WAIT_SECONDS)
    try:
        yield got_one
    finally:
        if got_one:
            _slots.release()


def _is_guessed_early(password: str, known: tuple[str, ...]) -> bool:
    from zxcvbn import zxcvbn  # its word lists take 20 MB: only where a password is made

    words = [word for text in known for word in (text, *text.replace("@", " ").replace(".", " ").split())]
    return bool(zxcvbn(password[:LOOKED_AT], user_inputs=[*words, "oryn"])["guesses"] < GUESSES_ENOUGH)


def _hasher() -> PasswordHasher:
    return PasswordHasher(
        time_cost=ARGON2["argon2__rounds"],
        memory_cost=ARGON2["argon2__memory_cost"],
        parallelism=ARGON2["argon2__parallelism"],
    )
