"""/openapi.json against the running server: every address is in it, with its methods, roles, keys and errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from starlette.applications import Starlette

from config.settings import HubSettings
from hub.store.store import Store
from tests.widget import spoken
from tests.widget.documents import METHODS, mistakes
from tests.widget.openapi_hub import NOBODY, Api, api_of
from widget.app import create_app
from widget.openapi_calls import CALLS
from widget.openapi_shapes import Code, No


@pytest.fixture
async def api(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with api_of(store, redis_url, prefix, tmp_path / "files") as made:
        yield made


def routes(settings: HubSettings, hub: Any = None) -> set[tuple[str, str]]:
    """(method, path) of the app's routes, read without our own code."""
    app: Starlette = getattr(create_app(hub, settings), "_app")  # noqa: B009
    found = set()
    for route in app.routes:
        path = getattr(route, "path").replace(":path}", "}")  # noqa: B009
        found |= {(method, path) for method in (getattr(route, "methods", None) or {"GET"}) - {"HEAD"}}
    return found


async def test_the_document_is_valid(api: Api) -> None:
    assert mistakes(api.book.document) == []
    assert api.book.document["openapi"].startswith("3.1.")


async def test_every_route_is_in_the_document_and_nothing_else(api: Api) -> None:
    """Hooks are answered in front of the routes: who they are for is in the configuration."""
    hooks = {("GET", "/hooks/{name}"), ("POST", "/hooks/{name}")}
    assert set(api.book.operations()) == routes(HubSettings(), api.home.hub) | hooks
    production = HubSettings(environment="production", public_url="https://help.example.com")
    assert set(CALLS) - routes(production, api.home.hub) - hooks == {("GET", "/"), ("GET", "/demo")}


async def test_a_method_that_is_not_in_the_document_is_refused(api: Api) -> None:
    known = api.book.operations()
    async with httpx.AsyncClient(base_url=api.home.url) as anybody:
        for path in api.book.document["paths"]:
            address = path.replace("{id}", NOBODY).replace("{channel}", "web").replace("{name}", "phone")
            for method in METHODS:
                if (method.upper(), path) in known or method in ("head", "options"):
                    continue
                given = await anybody.request(method, address)
                assert given.status_code == (404 if path.endswith("/socket") else 405), (method, path)
                assert given.json()["error"]["code"] == ("not_found" if path.endswith("/socket") else "method"), (method, path)


async def test_what_is_asked_for_in_the_wrong_way_is_told_as_json(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.home.url) as anybody:
        bare = await anybody.post("/chat/web/session")
        assert (bare.status_code, set(bare.json())) == (200, {"token", "customer", "epoch"})
        nowhere = await anybody.post("/hooks/nowhere")
        assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")
        for path in ("/chat/web/socket", "/console/socket"):
            given = await anybody.get(path)
            assert (given.status_code, given.json()["error"]["code"]) == (426, "upgrade")
            assert given.headers["upgrade"] == "websocket"


def test_the_codes_of_errors_are_all_in_the_document() -> None:
    assert set(get_args(Code)) == {code for _, code in spoken.refusals()}
    assert set(get_args(No.model_fields["code"].annotation)) == spoken.frame_refusals("talk")


async def test_roles_are_as_documented(api: Api) -> None:
    for role in ("viewer", "agent", "supervisor", "admin"):
        own = (await api.home.agent(f"{role}@example.com", role, role)).api
        for (method, path), call in api.book.operations().items():
            if "x-roles" not in call or "session" in path or "password" in path or "/factor" in path:
                continue
            given = await own.request(method, path.replace("{id}", NOBODY), json={})
            refused = given.status_code == 403 and given.json()["error"]["code"] == "role"
            assert refused == (role not in call["x-roles"]), (role, method, path, given.text)


async def test_what_needs_a_key_is_closed_without_one(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.home.url) as anybody:
        closed = {
            (method, path): (await anybody.request(method, path.replace("{id}", NOBODY).replace("{channel}", "web"))).status_code
            for (method, path), call in api.book.operations().items()
            if set(call.get("security", [{}])[0]) & {"agent", "customer"} and not path.endswith("/socket")
        }
    assert set(closed.values()) == {401}
    assert len(closed) > 20
