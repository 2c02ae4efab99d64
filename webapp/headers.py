"""The headers of every answer: what a browser may load, embed, keep and tell others."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

PERMISSIONS = "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), browsing-topics=()"
HSTS = "max-age=31536000; includeSubDomains"
NONCE_BYTES = 16


def install(app: Flask, https: bool) -> None:
    """Add the headers to every answer; HSTS only where the service is reached by https."""
    app.jinja_env.globals.update(csp_nonce=csp_nonce)

    @app.after_request
    def _add(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = _content_policy(https)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = PERMISSIONS
        headers["X-Frame-Options"] = "DENY"
        if https:
            headers["Strict-Transport-Security"] = HSTS
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store" if _private() else "no-cache"
        return response


def csp_nonce() -> str:
    """Return the nonce of this answer: only scripts that carry it, or come from here, are run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(NONCE_BYTES)
    return str(g.csp_nonce)


def _private() -> bool:
    return g.get("credentials") is not None or request.path.startswith(("/sign-", "/invitations/", "/account"))


def _content_policy(https: bool) -> str:
    rules = [
        "default-src 'none'",
        f"script-src 'self' 'nonce-{csp_nonce()}'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    return "; ".join([*rules, "upgrade-insecure-requests"] if https else rules)
