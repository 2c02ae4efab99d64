"""The words that the script of the sending page shows, by key, in the reader's language.

Promises: every key that static/src/upload asks for is here (tests/browser/test_upload.py compares), as a literal that
the catalogue's extraction finds. `{name}` is filled in by the script.
"""

from __future__ import annotations

from collections.abc import Callable

Gettext = Callable[[str], str]


def upload_words(_: Gettext) -> dict[str, str]:
    """Return all words of the script by key, in the language that the function speaks."""
    return {**_choosing(_), **_sending(_), **_endings(_), **_report(_)}


def _choosing(_: Gettext) -> dict[str, str]:
    return {
        "file.chosen": _("{name}, {size}"),
        "file.one": _("Only one file is sent at a time. {name} is chosen."),
        "file.none": _("Choose a file first."),
        "file.empty": _(
            "{name} is empty (0 bytes) or is a folder. Look at the program that wrote it, then choose a file that "
            "holds counts."
        ),
        "file.large": _("{name} is larger than {max} MB. Pack it, or split it by time."),
        "file.changed": _("{name} was changed or moved since you chose it. Choose it again."),
        "file.unsure": _(
            "{name} was being sent when this page was left, and it is not known whether it arrived. "
            "Choose it and send it again: nothing is counted twice."
        ),
        "size.mb": _("{n} MB"),
        "size.kb": _("{n} KB"),
    }


def _sending(_: Gettext) -> dict[str, str]:
    return {
        "send.progress": _("{percent} %, {sent} of {total}"),
        "send.left_seconds": _("about {n} s left"),
        "send.left_minutes": _("about {n} min left"),
        "send.sending": _("{name} is being sent."),
        "send.checking": _("{name} is being sent to be checked. Nothing of it is kept."),
        "send.percent": _("{percent} % sent."),
        "send.all": _("Everything is sent. The server is writing it to disk."),
        "send.all_checking": _("Everything is sent. The checks are running."),
        "send.stopped": _(
            "Stopped. If the whole file had already left, it may have arrived. Send it again if you want to be "
            "certain: nothing is counted twice."
        ),
        "check.stopped": _("The check was stopped. Nothing was kept."),
    }


def _endings(_: Gettext) -> dict[str, str]:
    return {
        "end.unknown": _("It is not known whether it arrived. Send again: nothing is counted twice."),
        "end.check_failed": _("The connection broke during the check. Nothing was kept. Check again."),
        "end.offline": _("There is no connection. The file is sent again as soon as there is one."),
        "end.retry_in": _("Sent again by itself in {seconds} s."),
        "end.retry": _("It is sent again by itself."),
        "end.arrived": _("The file has arrived. Its receipt opens."),
        "end.arrived_before": _("It had arrived already. Its receipt opens."),
        "end.busy": _("The server is busy. Nothing was kept yet."),
        "end.in_work": _("An earlier try is still arriving."),
        "end.signed_out": _(
            "You are no longer signed in. Sign in again in another tab, then come back and send again: the file stays "
            "chosen here."
        ),
        "end.other_file": _("The file was changed since it was first sent. Send it again as a new one."),
        "end.withdrawn": _("This file was sent before and then withdrawn. Send it again to deliver it anew."),
        "end.refused": _("The server did not take the file (answer {status}). Nothing was kept."),
        "retry.send": _("Send again"),
        "retry.check": _("Check again"),
        "retry.link": _("Sign in"),
    }


def _report(_: Gettext) -> dict[str, str]:
    return {
        "report.there": _("The report is there."),
        "report.settled": _("The file has been checked: {state}."),
        "report.waiting": _("Still being checked."),
        "report.unreachable": _("The server cannot be reached now. This page goes on asking."),
        "copy.done": _("Copied"),
        "copy.failed": _("Copying is not allowed here. Mark the text and copy it by hand."),
    }
