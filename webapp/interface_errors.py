"""Why the interface for machines refuses a request. HTTP's numbers for these codes stand in `problems`.

InterfaceError
├── KeyMissing           no Authorization: Bearer at all
├── KeyWrong             the key or token opens nothing: unknown, ended or revoked, which is not told
├── TokenNeeded          this installation takes keys for making tokens only
├── KeyNeeded            a token cannot make tokens
├── TooManyWrongKeys     this address has guessed too often; `retry_after` seconds
├── MediaTypeUnknown     the body is of a kind that nobody here reads
├── LengthOrDigestNeeded nobody could tell whether such a body arrived whole
├── DigestUnreadable     the digest header cannot be read
├── DigestMismatch       other bytes came than those whose digest was sent
├── BodyTooSlow          the body stood still for too long
├── BodyUnreadable       a small JSON body is none
├── ReasonTooLong        the reason of a withdrawal is longer than `longest` characters
└── NothingToWithdraw    the delivery was refused or never read: nothing of it counts
"""

from __future__ import annotations


class InterfaceError(Exception):
    """A refusal; `code` is stable, `params` fill the words."""

    code = "interface-error"

    def __init__(self, **params: str | int) -> None:
        super().__init__(f"{self.code}: {params}")
        self.params = params


class KeyMissing(InterfaceError):
    code = "key-missing"


class KeyWrong(InterfaceError):
    code = "invalid-token"


class TokenNeeded(InterfaceError):
    code = "token-needed"


class KeyNeeded(InterfaceError):
    code = "key-needed"


class TooManyWrongKeys(InterfaceError):
    code = "too-many-wrong-keys"


class MediaTypeUnknown(InterfaceError):
    code = "media-type-unknown"


class LengthOrDigestNeeded(InterfaceError):
    code = "length-or-digest-needed"


class DigestUnreadable(InterfaceError):
    code = "digest-unreadable"


class DigestMismatch(InterfaceError):
    code = "digest-mismatch"


class BodyTooSlow(InterfaceError):
    code = "body-too-slow"


class BodyUnreadable(InterfaceError):
    code = "body-unreadable"


class ReasonTooLong(InterfaceError):
    code = "reason-too-long"


class NothingToWithdraw(InterfaceError):
    code = "nothing-to-withdraw"
