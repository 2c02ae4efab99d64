"""Signing in and out with Flask-Security, with the four faults of its default state mended (security.md 1.4).

A stolen cookie is dead after signing out (`sessions`); every refusal has one and the same text; guessing is counted in
the database per name and address, before a password is looked at; `access` stands before validation. Where an account
has a second factor, the password opens nothing: a half session on the server waits five minutes for the code.
Registration, recovery, tokens in headers and the "remember me" cookie are not offered: what is not there cannot be
attacked.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import flask_security
from flask import Blueprint, Flask, g, redirect, render_template, request, session, url_for
from flask_security import Security, UserDatastore
from flask_security.forms import LoginForm
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from store import accounts, guesses
from webapp import sessions
from webapp.context import Web, web
from webapp.demo_accounts import shown_code
from webapp.navigation import own_page
from webapp.passwords import ARGON2, LONGEST, hashing_slot
from webapp.roles import CARRIER, HEADQUARTERS, OWNER, actor, needs_second_factor
from webapp.second_factor import Seal, is_right, offer_secret

GUESSES = guesses.GuessLimits(
    per_address=5,
    window=timedelta(minutes=15),
    per_account=100,
    account_window=timedelta(hours=1),
    known=timedelta(days=30),
)
LANDING = {HEADQUARTERS: "pages.headquarters", OWNER: "pages.my", CARRIER: "pages.carriers"}
MAP = "pages.map_page"
SECOND_FACTOR_PAGE = "pages.second_factor"

blueprint = Blueprint("security", __name__)


class Role(flask_security.RoleMixin):
    """A role by its name."""

    def __init__(self, name: str) -> None:
        self.name = name


class User(flask_security.UserMixin):
    """Flask-Security's view of an account; the account itself is a record of the store."""

    fs_uniquifier: str = ""

    def __init__(self, credentials: accounts.Credentials) -> None:
        self.record = credentials.record
        self.email = credentials.record.email
        self.password = credentials.password_hash
        self.active = credentials.active
        self.fs_uniquifier = credentials.uniquifier
        self.has_second_factor = credentials.has_second_factor
        self.roles = [Role(name) for name in credentials.record.roles]


class Accounts(UserDatastore):
    """Flask-Security's way to the store: it finds accounts, and keeps a better hash of the same password."""

    def __init__(self) -> None:
        super().__init__(User, Role)

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> User | None:
        if "fs_uniquifier" in wanted:  # who is there was found out once, from the session's row
            living: accounts.Credentials | None = g.get("credentials")
            return User(living) if living and living.uniquifier == wanted["fs_uniquifier"] else None
        with web().database.read() as connection:
            found = accounts.find_account(connection, email=str(wanted["email"]))
        return User(found) if found else None

    def find_role(self, role: str) -> Role:
        return Role(role)

    def commit(self) -> None:
        """Do nothing: `put` has kept it already."""

    def put(self, model: User) -> User:
        with web().database.begin() as connection:
            accounts.set_password_hash(connection, model.record.id, str(model.password))
        return model


class SignInForm(LoginForm):
    """Address and password; counted before it is looked at, refused with one text whatever was wrong."""

    remember = None

    def validate(self, **more: Any) -> bool:
        name = str(self.email.data or "")
        with web().database.begin() as connection:
            attempt = guesses.begin_attempt(connection, name, request.remote_addr or "", web().clock(), GUESSES)
        if attempt is None or len(self.password.data or "") > LONGEST or not self._is_right(more):
            self.password.errors = ["refused"]  # the view replaces it by the one generic text
            return False
        with web().database.begin() as connection:
            guesses.pass_attempt(connection, attempt)
        return True

    def _is_right(self, more: dict[str, Any]) -> bool:
        with hashing_slot() as got_one:
            return got_one and bool(super().validate(**more))


@blueprint.route("/sign-in", methods=["GET", "POST"], endpoint="login")
def sign_in() -> Any:
    """Show the form; with the right password, begin a session or wait for the second step."""
    present = actor()
    if present is not None:
        return redirect(own_page(request.args.get("next")) or landing(present.roles))
    form = SignInForm()
    if request.method == "POST" and form.validate() and isinstance(form.user, User):
        return begin(form.user)
    return render_template("sign_in.html", login_user_form=form)


@blueprint.route("/sign-in/code", methods=["GET", "POST"], endpoint="code")
def second_step() -> Any:
    """Ask for the code of the authenticator app, or a recovery code, of whoever gave the right password just now."""
    waiting = sessions.half_signed_in()
    if waiting is None:
        return redirect(url_for("security.login", next=own_page(request.args.get("next"))))
    if request.method == "POST" and _code_is_right(waiting):
        return enter(User(waiting), ["password", "code"])
    demo_code = shown_code(web(), waiting.record)
    return render_template("second_step.html", refused=request.method == "POST", demo_code=demo_code)


@blueprint.route("/sign-out", methods=["POST"], endpoint="logout")
def sign_out() -> Response:
    """End the session; what the browser kept of the group layer goes too."""
    flask_security.logout_user()
    session.clear()
    response = redirect(url_for(MAP))
    response.headers["Clear-Site-Data"] = '"cache"'
    response.headers["Cache-Control"] = "no-store"
    return response


def begin(user: User) -> Response:
    """Go on after the right password: to the second step, where the account has a second factor."""
    if not user.has_second_factor:
        return enter(user, ["password"])
    sessions.begin_half(user.record.id)
    return redirect(url_for("security.code", next=own_page(request.args.get("next"))))


def enter(user: User, steps: list[str]) -> Response:
    """Begin a session and go where the account's work is, or where the person wanted to go."""
    flask_security.login_user(user, remember=False, authn_via=steps)
    if needs_second_factor(user.record.roles, user.has_second_factor):
        with web().database.begin() as connection:
            offer_secret(connection, Seal(web().settings.cookie_secret()), user.record.id, web().clock())
        return redirect(url_for(SECOND_FACTOR_PAGE))
    return redirect(own_page(request.args.get("next")) or landing(user.record.roles))


def landing(roles: tuple[str, ...]) -> str:
    """Return the page where the work of these roles is."""
    return url_for(next((page for role, page in LANDING.items() if role in roles), MAP))


def _code_is_right(waiting: accounts.Credentials) -> bool:
    typed = (request.form.get("recovery_code") or request.form.get("code") or "")[:LONGEST]
    seal, address = Seal(web().settings.cookie_secret()), request.remote_addr or ""
    with web().database.begin() as connection:
        right = is_right(connection, seal, waiting.record.id, typed, address, web().clock())
        return right and sessions.use_half_up(connection)


def install(app: Flask, parts: Web, messages: str) -> None:
    """Set Flask-Security up with only what is wanted; `messages` is the folder of compiled catalogues."""
    https = parts.settings.https
    app.config.update(
        SECRET_KEY=parts.settings.cookie_secret(),
        SESSION_COOKIE_NAME="__Host-oryn" if https else "oryn",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a form lives as long as the session, not an hour
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_PASSWORD_SINGLE_HASH=True,
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS=ARGON2,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_I18N_DIRNAME=[messages],
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    CSRFProtect(app)
    security = Security(app, Accounts(), register_blueprint=False, login_form=SignInForm)
    security.want_json(lambda _request: False)
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    app.register_blueprint(blueprint)
