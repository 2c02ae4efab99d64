"""Acts of the log in words."""

from __future__ import annotations

from webapp.speech import gettext as _


def act_words(action: str) -> str:
    """Return what was done in words; the code itself where no release words it any more."""
    return (_of_deliveries() | _of_accounts()).get(action, action)


def actor_words(actor: str) -> str:
    """Return who did something: a person's name, or which of the programs."""
    kind, _space, name = actor.partition(" ")
    programs = {
        "worker": _("the program"),
        "retention": _("the program, on time"),
        "command": _("the command line"),
        "demo": _("the demo"),
    }
    if kind.startswith("key:"):
        return _("the key %(name)s", name=kind.removeprefix("key:"))
    return name or programs.get(kind, kind)


def _of_deliveries() -> dict[str, str]:
    return {
        "upload-accepted": _("took a file in"),
        "upload-held": _("took a file in and held part of it"),
        "upload-refused": _("refused a file"),
        "raw-deleted": _("deleted the bytes of a file on time"),
        "counts-erased": _("deleted counts on time"),
        "refusals-trimmed": _("shortened the reasons of old refusals"),
        "carrier-key-made": _("made a key"),
        "carrier-key-revoked": _("revoked a key"),
        "held-accepted": _("let held rows count"),
        "held-rejected": _("threw held rows away"),
        "upload-withdrawn": _("withdrew a file"),
        "job-revived": _("had a failed job tried again"),
        "head-count-made": _("counted the people of a venue"),
        "head-counts-loaded": _("loaded head counts from a file"),
        "head-count-withdrawn": _("withdrew a head count"),
    }


def _of_accounts() -> dict[str, str]:
    return {
        "signed-in": _("signed in"),
        "sessions-ended": _("signed out everywhere"),
        "invited": _("invited somebody"),
        "invitation-accepted": _("accepted an invitation"),
        "invitation-approved": _("approved an invitation"),
        "invitation-revoked": _("took an invitation back"),
        "password-changed": _("changed the password"),
        "recovery-codes-made": _("made recovery codes"),
        "second-factor-set": _("set up the second factor"),
        "second-factor-reset": _("took a second factor away"),
        "account-disabled": _("disabled an account"),
        "account-enabled": _("enabled an account"),
        "enable-asked": _("asked to enable an account"),
        "reset-second-factor-asked": _("asked to take a second factor away"),
        "approved": _("approved"),
        "declined": _("declined"),
        "request-declined": _("declined a request"),
    }
