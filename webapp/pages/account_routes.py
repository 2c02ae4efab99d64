"""The addresses of the pages about accounts: the own one, those of others, and the way to one."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages import account, hq_accounts, invitation, second_factor

BOTH, POST = ["GET", "POST"], ["POST"]
ID = "int(max=2147483647)"  # what the number of a row can be


def add_to(blueprint: Blueprint) -> None:
    """Add the routes."""
    add = blueprint.add_url_rule
    add("/invitations/<string:token>", "invitation", invitation.show, methods=BOTH)
    add("/account", "account", account.show)
    add("/account/password", "change_password", account.change_password, methods=POST)
    add("/account/sessions/end", "end_sessions", account.end_sessions, methods=POST)
    add("/account/recovery-codes", "recovery_codes", account.renew_recovery_codes, methods=POST)
    add("/account/second-factor", "second_factor", second_factor.show, methods=BOTH)
    add("/account/second-factor/confirm", "confirm_second_factor", second_factor.confirm, methods=POST)
    add("/hq/accounts", "hq_accounts", hq_accounts.show)
    add("/hq/accounts/invitations", "hq_invite", hq_accounts.invite, methods=POST)
    add(f"/hq/accounts/<{ID}:account_id>", "hq_account", hq_accounts.change, methods=POST)
    add(f"/hq/invitations/<{ID}:invitation_id>/revoke", "hq_revoke", hq_accounts.revoke, methods=POST)
    add(f"/hq/requests/<{ID}:approval_id>", "hq_decide", hq_accounts.decide, methods=POST)
