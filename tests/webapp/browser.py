"""A browser without a screen: keeps cookies, finds the token of a form, signs in by both steps and out."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.webapp.world import PASSWORD, next_code

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
CODE_PAGE = "/sign-in/code"


class Browser:
    """One person's browser; `address` is where its requests come from."""

    def __init__(self, app: Flask, address: str = "192.0.2.1") -> None:
        self.client = app.test_client()
        self.address = {"REMOTE_ADDR": address}

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, environ_base=self.address, **more)

    def open(self, path: str, method: str, **more: Any) -> TestResponse:
        return self.client.open(path, method=method, environ_base=self.address, **more)

    def post(self, path: str, form: dict[str, str]) -> TestResponse:
        return self.client.post(path, data=form, environ_base=self.address)

    def token(self, path: str = "/sign-in") -> str:
        """Return the token of the form at `path`."""
        found = TOKEN.search(self.get(path).get_data(as_text=True))
        assert found, f"no form at {path}"
        return found.group(1)

    def try_sign_in(self, email: str, password: str, **more: str) -> TestResponse:
        """Fill in the form and send it."""
        query = "?next=" + more["next"] if "next" in more else ""
        return self.post("/sign-in" + query, {"csrf_token": self.token(), "email": email, "password": password})

    def sign_in(self, name: str) -> TestResponse:
        """Sign a person of the world in, with a code where one is asked for; a disabled account stays outside."""
        response = self.try_sign_in(f"{name}@oryn.example", PASSWORD)
        if (response.location or "").startswith(CODE_PAGE):
            response = self.enter_code(next_code(self.client.application, name), response.location)
        assert response.status_code == (200 if name == "disabled" else 302), response.get_data(as_text=True)
        return response

    def enter_code(self, code: str, page: str = CODE_PAGE) -> TestResponse:
        """Fill in the second step of signing in."""
        return self.post(page, {"csrf_token": self.token(page), "code": code})

    def sign_out(self) -> TestResponse:
        return self.post("/sign-out", {"csrf_token": self.token("/")})

    def cookies(self) -> dict[str, str]:
        """Return a copy of the cookies, as a thief would have it."""
        kept = self.client._cookies or {}
        return {cookie.key: cookie.value for cookie in kept.values()}

    def is_signed_in(self) -> bool:
        """Tell whether the map page greets somebody."""
        return "/sign-out" in self.get("/").get_data(as_text=True)
