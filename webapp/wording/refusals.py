"""What to do about a refusal of the interface for machines, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.speech import gettext as _

# Words that stand as they are in every language.
TERMS: Mapping[str, str] = {
    "header": "Authorization: Bearer",
    "tokens": "POST /api/v1/tokens",
    "types": "text/csv, application/json, application/vnd.apache.parquet, application/octet-stream",
    "type": "Content-Type",
    "curl": "curl -X POST -T counts.csv",
    "length": "Content-Length",
    "digest": "Content-Digest",
    "form": "sha-256=:BASE64:",
    "sha": "SHA-256",
    "json": "JSON",
}


def title_of(code: str) -> str | None:
    """Return what the refusal is, where its status alone does not say it."""
    titles = {
        "key-missing": _("A key is needed"),
        "invalid-token": _("This key opens nothing"),
        "token-needed": _("A token is needed"),
        "key-needed": _("The key itself is needed"),
        "digest-mismatch": _("Other bytes arrived"),
        "nothing-to-withdraw": _("There is nothing to take back"),
    }
    return titles.get(code)


def words_of(code: str, params: Mapping[str, str | int]) -> str:
    """Return the sentence for a code of `interface_errors`."""
    return _sentences()[code] % {**TERMS, **params}


def _sentences() -> dict[str, str]:
    # Filled in afterwards: each sentence uses what its own error carries.
    return {
        "key-missing": _("Send your key after %(header)s in the headers of the request."),
        "invalid-token": _("This key or token opens nothing: it is mistyped, has ended or was revoked."),
        "token-needed": _("Here a key only makes tokens. Exchange it with %(tokens)s and send the token."),
        "key-needed": _("A token cannot make tokens. Send the key itself."),
        "too-many-wrong-keys": _(
            "Too many wrong keys came from your address. Wait %(retry_after)s seconds; mend the key first."
        ),
        "media-type-unknown": _("Send the file as one of %(types)s, or without %(type)s: %(curl)s does that."),
        "length-or-digest-needed": _(
            "A body without %(length)s is taken only with its %(digest)s: nobody could tell otherwise whether it "
            "arrived whole."
        ),
        "digest-unreadable": _("The digest cannot be read. Send %(form)s with the %(sha)s of the body as it is sent."),
        "digest-mismatch": _("Other bytes arrived than those whose digest was sent. Nothing was kept; send it again."),
        "body-too-slow": _("The body stood still for too long. Nothing was kept; send it again."),
        "body-unreadable": _("The body is not the %(json)s object that is expected here."),
        "reason-too-long": _("A reason has at most %(longest)s characters."),
        "nothing-to-withdraw": _("Nothing of this delivery counts, so there is nothing to take back."),
    }
