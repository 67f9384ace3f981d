"""Canaille, a real OpenID Connect provider, in a thread of its own: people, groups, one application that it knows."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import httpx
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET, PASSWORD = "frontdesk", "a secret of the application", "correct horse battery staple"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class OidcProvider:
    """The running provider; people can be added and its keys changed while it runs."""

    def __init__(self, app: Any, url: str) -> None:
        self._app = app
        self.url = url

    def register(self, back: str) -> None:
        """Make the application known to which people are sent back."""
        from canaille.app import models

        with self._app.app_context():
            client = models.Client(
                client_id=CLIENT,
                client_secret=SECRET,
                client_name="Frontdesk",
                client_uri="http://127.0.0.1/",
                redirect_uris=[back],
                grant_types=["authorization_code"],
                response_types=["code"],
                scope=["openid", "email", "profile", "groups"],
                token_endpoint_auth_method="client_secret_basic",
            )
            self._app.backend.save(client)
            client.audience = [client]
            self._app.backend.save(client)

    def add(self, name: str, email: str, *groups: str) -> None:
        """Somebody with the one password."""
        from canaille.app import models

        with self._app.app_context():
            person = models.User(user_name=name, family_name=name, formatted_name=name.title(), emails=[email], password=PASSWORD)
            self._app.backend.save(person)
            for group in groups:
                found = self._app.backend.get(models.Group, display_name=group) or models.Group(display_name=group, members=[])
                found.members = [*found.members, person]
                self._app.backend.save(found)

    def change(self, name: str, **values: Any) -> None:
        """Somebody's data is other now."""
        from canaille.app import models

        with self._app.app_context():
            person = self._app.backend.get(models.User, user_name=name)
            for field, value in values.items():
                setattr(person, field, value)
            self._app.backend.save(person)

    def rotate(self) -> None:
        """Sign with another key from now on; the old one is forgotten."""
        self._app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = [_key()]

    def verified(self, yes: bool) -> None:
        """Whether tokens say that addresses were verified."""
        self._app.config["CANAILLE_OIDC"]["USERINFO_MAPPING"]["EMAIL_VERIFIED"] = "true" if yes else ""


def _key() -> dict[str, Any]:
    return dict(RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True))


@contextmanager
def oidc_provider() -> Iterator[OidcProvider]:
    """A provider on a port of its own, which knows nobody yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True)
        url = f"http://127.0.0.1:{server.server_port}"
        app = _application(url)
    thread = threading.Thread(target=server.serve_forever, name="oidc provider")
    thread.start()
    try:
        yield OidcProvider(app, url)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _application(url: str) -> Any:
    from canaille import create_app

    app = create_app(
        {
            "SECRET_KEY": "only for tests, and long enough for that",
            "SERVER_NAME": url.removeprefix("http://"),
            "PREFERRED_URL_SCHEME": "http",
            "SESSION_COOKIE_SECURE": False,
            "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "HTMX": False, "LOGGING": {"version": 1}},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [_key()]},
        }
    )
    _exact(app.backend)
    return app


def _exact(backend: Any) -> None:
    """Let a question name several attributes: this backend answers with whatever fits one of them, and so takes a code that was
    given to somebody else (canaille 0.3.6, backends/memory; seen 2026-11-28)."""
    query = backend.do_query

    def do_query(model: Any, *more: Any, **wanted: Any) -> list[Any]:
        ids = [{found.id for found in query(model, **{name: value})} for name, value in wanted.items()]
        return [found for found in query(model, *more, **wanted) if all(found.id in own for own in ids)]

    backend.do_query = do_query


async def approve(browser: httpx.AsyncClient, url: str, name: str) -> httpx.URL:
    """Sign in at the provider as a person would; returns the address to which it sends the browser back."""
    given = await browser.get(url)
    for _ in range(10):
        if given.is_redirect:
            there = given.url.join(given.headers["location"])
            if there.path.endswith("/oidc/back"):
                return there
            given = await browser.get(there)
            continue
        token = _TOKEN.search(given.text)
        assert token is not None, given.text[:2000]
        form = {"csrf_token": token[1], "login": name, "password": PASSWORD}
        given = await browser.post(urljoin(str(given.url), ""), data=form)
    raise AssertionError(f"never sent back: {given.status_code} {given.url} {given.text[:2000]}")
