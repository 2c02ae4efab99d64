"""The headers of every answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock, make_app
from tests.webapp.world import World

PATHS = (
    "/",
    "/sign-in",
    "/nothing",
    "/my",
    "/api/v1/map/manifest",
    "/api/v1/nothing",
    "/static/nothing.js",
    "/healthz",
)


def policy_of(response: TestResponse) -> dict[str, str]:
    header = response.headers["Content-Security-Policy"]
    return dict(rule.split(" ", 1) for rule in header.split("; ") if " " in rule)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_what_may_be_loaded_and_embedded(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    rules = policy_of(response)
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["img-src"] == "'self' data:"
    assert rules["connect-src"] == "'self'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=(self)" in response.headers["Permissions-Policy"]
    assert response.headers["Referrer-Policy"]
    assert "Cache-Control" in response.headers
    assert "Strict-Transport-Security" not in response.headers


def test_the_nonce_is_new_each_time_and_on_every_script(client: FlaskClient) -> None:
    first, second = client.get("/"), client.get("/")
    nonces = {policy_of(one)["script-src"] for one in (first, second)}
    assert len(nonces) == 2
    nonce = policy_of(second)["script-src"].split("'nonce-")[1].rstrip("'")
    scripts = re.findall(r"<script[^>]*>", second.get_data(as_text=True))
    assert all(f'nonce="{nonce}"' in script for script in scripts if "application/json" not in script)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing"])
def test_no_page_holds_inline_styles_or_handlers(client: FlaskClient, path: str) -> None:
    page = client.get(path).get_data(as_text=True)
    assert not re.search(r"<[^>]+\s(style|on\w+)=", page)
    assert "<style" not in page


def test_private_pages_are_not_kept(browser: Callable[[str], Browser]) -> None:
    one = browser("owner_a")
    assert one.get("/my").headers["Cache-Control"] == "no-store"
    assert one.get("/").headers["Cache-Control"] == "no-store"
    assert browser("group").get("/api/v1/map/manifest").headers["Cache-Control"] == "no-store"


def test_the_cookie_is_closed_to_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("oryn=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_bound_to_the_host(
    world: World, clock: Clock, tmp_path: Path, translations: Path
) -> None:
    app: Flask = make_app(world.database, clock, tmp_path, translations, https=True)
    response = app.test_client().get("/sign-in", base_url="https://localhost")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-oryn=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert "max-age" in response.headers["Strict-Transport-Security"]


def test_signing_out_empties_the_cache(browser: Callable[[str], Browser]) -> None:
    assert browser("group").sign_out().headers["Clear-Site-Data"] == '"cache"'


@pytest.mark.parametrize("query", ["_scheme=javascript&_external=1", "_anchor=x&_method=POST", "lang=de", "page=-1"])
def test_strange_arguments_give_no_strange_links(client: FlaskClient, query: str) -> None:
    page = client.get(f"/?{query}").get_data(as_text=True)
    assert "javascript:" not in page
    assert all(link.startswith(("/", "#", "data:,")) for link in re.findall(r'href="([^"]*)"', page))
