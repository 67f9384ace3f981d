"""Coming in and going out: the first admin, invitations, cookies, roles, and what a cookie alone may not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.roles import AccessRules
from hub.signin import first_admin_link
from hub.store.store import Store
from tests.widget.consoles import PASSWORD, House, house
from widget.console import CALLS, OPEN

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def first_admin(home: House) -> httpx.AsyncClient:
    """A browser in which the first admin has signed in by the link that the start prints."""
    link = await first_admin_link(home.hub.store, home.url)
    assert link is not None
    page = await home.browser()
    body = {"token": link.split("#setup=")[1], "email": "Ada@example.com", "name": "Ada", "password": PASSWORD}
    given = await page.post(f"{API}/setup", json=body)
    assert given.status_code == 201, given.text
    assert (given.json()["role"], given.json()["email"], given.json()["state"]) == ("admin", "ada@example.com", "present")
    return page


async def test_nobody_is_there_at_first_and_no_password_opens_anything(home: House) -> None:
    page = await home.browser()
    for email, password in (("admin", "admin"), ("admin@example.com", "password"), ("", "")):
        given = await page.post(f"{API}/session", json={"email": email, "password": password})
        assert (given.status_code, given.json()["error"]["code"]) == (401, "credentials")
    for method, path, *_ in CALLS:
        given = await page.request(method, path.replace("{id}", "0" * 32), json={})
        assert (given.status_code, given.json()["error"]["code"]) == (401, "signed_out"), path


async def test_the_first_admin_invites_the_others(home: House) -> None:
    ada = await first_admin(home)
    assert await first_admin_link(home.hub.store, home.url) is None
    made = (await ada.post(f"{API}/agents", json={"email": "Bo@example.com", "name": "Bo", "role": "agent"})).json()
    assert made["link"].startswith("http://127.0.0.1/console/#setup="), "the link's host is the configured one"
    again = await ada.post(f"{API}/agents", json={"email": "bo@example.com", "name": "Bo"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    bo = await home.browser()
    assert (await bo.post(f"{API}/session", json={"email": "bo@example.com", "password": ""})).status_code == 401
    body = {"token": made["link"].split("#setup=")[1], "email": "bo@example.com", "name": "Bo B.", "password": PASSWORD + "2"}
    weak = await bo.post(f"{API}/setup", json={**body, "password": "short"})
    assert (weak.status_code, weak.json()["error"]["code"]) == (422, "password")
    assert (await bo.post(f"{API}/setup", json=body)).json()["role"] == "agent"
    used = await bo.post(f"{API}/setup", json=body)
    assert (used.status_code, used.json()["error"]["code"]) == (403, "used")
    assert (await bo.get(f"{API}/me")).json()["name"] == "Bo B."
    agents = (await ada.get(f"{API}/agents")).json()["items"]
    assert [(a["name"], a["role"], a["state"]) for a in agents] == [("Ada", "admin", "present"), ("Bo B.", "agent", "present")]


async def test_signing_in_makes_a_new_session_and_signing_out_ends_it(home: House) -> None:
    page = await first_admin(home)
    first = page.cookies["fd_session"]
    fixed = await home.browser()
    fixed.cookies.set("fd_session", "chosen by an attacker")
    given = await fixed.post(f"{API}/session", json={"email": "ada@example.com", "password": PASSWORD})
    assert given.status_code == 201
    cookie = next(value for value in given.headers.get_list("set-cookie") if value.startswith("fd_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "chosen" not in cookie
    second = given.cookies["fd_session"]
    assert second != first
    assert (await page.delete(f"{API}/session")).status_code == 204
    stolen = await home.browser()
    stolen.cookies.set("fd_session", first)
    assert (await stolen.get(f"{API}/me")).status_code == 401
    other = await home.browser()
    other.cookies.set("fd_session", second)
    assert (await other.get(f"{API}/me")).status_code == 200


async def test_https_gets_a_cookie_that_only_this_host_gets_back(home: House) -> None:
    await first_admin(home)
    home.hub.public_url = "https://help.example.com"
    page = await home.browser()
    host = {"host": "help.example.com"}
    given = await page.post(f"{API}/session", json={"email": "ada@example.com", "password": PASSWORD}, headers=host)
    cookie = next(value for value in given.headers.get_list("set-cookie") if "fd_session=" in value)
    assert cookie.startswith("__Host-fd_session=")
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    assert "Domain" not in cookie
    secret = cookie.split("=", 1)[1].split(";")[0]
    right = await page.get(f"{API}/me", headers={**host, "cookie": f"__Host-fd_session={secret}"})
    wrong = await page.get(f"{API}/me", headers={**host, "cookie": f"fd_session={secret}"})
    assert (right.status_code, wrong.status_code) == (200, 401)


async def test_a_cookie_alone_changes_nothing(home: House) -> None:
    page = await first_admin(home)
    del page.headers["x-frontdesk"]
    assert (await page.get(f"{API}/me")).status_code == 200
    for method, path, *_ in CALLS:
        if method != "GET":
            given = await page.request(method, path.replace("{id}", "0" * 32), json={"state": "away"})
            assert (given.status_code, given.json()["error"]["code"]) == (403, "header"), path
    for path in (path for method, path, _ in OPEN if method == "POST"):
        given = await page.post(path, content=b"{}", headers={"content-type": "text/plain"})
        assert given.status_code == 415, path
    preflight = await page.options(f"{API}/me/presence", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in preflight.headers


async def test_every_call_is_open_to_its_roles_only(home: House) -> None:
    home.hub.access = AccessRules.model_validate({"roles": {"analyst": ["read", "reports"], "auditor": ["audit"], "idle": []}})
    agents = {role: await home.agent(f"{role}@example.com", role=role) for role in (*home.hub.access.names, "forgotten")}
    for method, path, _, needed in CALLS:
        if path in (f"{API}/session", f"{API}/me/password") or (path.startswith(f"{API}/me/factor") and method != "GET"):
            continue
        for role, agent in agents.items():
            given = await agent.api.request(method, path.replace("{id}", "0" * 32), json={})
            if needed in ("own", "enrol") or needed in home.hub.access.rights_of(role):
                assert given.status_code not in (401, 403), (method, path, role)
            else:
                assert (given.status_code, given.json()["error"]["code"]) == (403, "role"), (method, path, role)
    page: dict[str, Any] = {"next": ""}
    actions: set[str] = set()
    while page["next"] is not None:
        page = (await agents["admin"].api.get(f"{API}/audit", params={"limit": 100, "cursor": page["next"]})).json()
        actions |= {row["action"] for row in page["items"]}
    assert actions >= {"refused", "token"}


async def test_roles_change_at_once_and_the_last_admin_stays(home: House) -> None:
    ada = await first_admin(home)
    own = (await ada.get(f"{API}/me")).json()["id"]
    bo = await home.agent()
    kept = await ada.patch(f"{API}/agents/{own}", json={"role": "agent"})
    assert (kept.status_code, kept.json()["error"]["code"]) == (409, "last_admin")
    for wrong in ({"role": "owner"}, {"disabled": "yes"}, {}, {"id": "x", "email": "x@example.com", "password": "x"}):
        assert (await ada.patch(f"{API}/agents/{bo.id}", json=wrong)).status_code == 400, wrong
    changed = await ada.patch(
        f"{API}/agents/{bo.id}", json={"role": "supervisor", "email": "evil@example.com", "state": "present"}
    )
    assert (changed.json()["role"], changed.json()["email"], changed.json()["state"]) == ("supervisor", "bo@example.com", "away")
    assert (await bo.api.get(f"{API}/parked")).status_code == 200
    await ada.patch(f"{API}/agents/{bo.id}", json={"role": "viewer"})
    assert (await bo.api.get(f"{API}/parked")).status_code == 403
    await ada.patch(f"{API}/agents/{bo.id}", json={"disabled": True})
    assert (await bo.api.get(f"{API}/me")).status_code == 401
    assert (await ada.post(f"{API}/agents/{bo.id}/link")).status_code == 409


async def test_a_new_password_by_link_or_by_the_old_one_ends_other_sessions(home: House) -> None:
    ada = await first_admin(home)
    own = (await ada.get(f"{API}/me")).json()["id"]
    other = await home.browser()
    await other.post(f"{API}/session", json={"email": "ada@example.com", "password": PASSWORD})
    assert (await ada.put(f"{API}/me/password", json={"old": "wrong", "new": PASSWORD + "2"})).status_code == 403
    assert (await ada.put(f"{API}/me/password", json={"old": PASSWORD, "new": "short"})).status_code == 422
    assert (await ada.put(f"{API}/me/password", json={"old": PASSWORD, "new": PASSWORD + "2"})).status_code == 204
    assert ((await ada.get(f"{API}/me")).status_code, (await other.get(f"{API}/me")).status_code) == (200, 401)
    link = (await ada.post(f"{API}/agents/{own}/link")).json()["link"]
    body = {"token": link.split("#setup=")[1], "email": "ada@example.com", "name": "Ada", "password": PASSWORD + "3"}
    assert (await other.post(f"{API}/setup", json=body)).status_code == 201
    assert ((await ada.get(f"{API}/me")).status_code, (await other.get(f"{API}/me")).status_code) == (401, 200)


async def test_sessions_and_tokens_are_listed_and_ended(home: House) -> None:
    ada = await first_admin(home)
    token = (await ada.post(f"{API}/me/tokens", json={})).json()["token"]
    program = httpx.AsyncClient(base_url=home.url, headers={"authorization": f"Bearer {token}"})
    await home.stack.enter_async_context(program)
    assert (await program.put(f"{API}/me/presence", json={"state": "away"})).status_code == 200, "programs need no header"
    listed = (await ada.get(f"{API}/me/sessions")).json()["items"]
    assert sorted((row["kind"], row["current"]) for row in listed) == [("session", True), ("token", False)]
    assert token not in str(listed)
    cookie = await home.browser()
    cookie.cookies.set("fd_session", token)
    assert (await cookie.get(f"{API}/me")).status_code == 401, "a token is no cookie"
    bo = await home.agent()
    other = next(row["id"] for row in listed if row["kind"] == "token")
    assert (await bo.api.delete(f"{API}/me/sessions/{other}")).status_code == 404
    assert (await ada.delete(f"{API}/me/sessions/{other}")).status_code == 204
    assert (await program.get(f"{API}/me")).status_code == 401


@pytest.mark.parametrize("email", ["", "ada", "@example.com", "a da@example.com", "ada@", "ada@example", "a@b.c\n", "x" * 300])
async def test_addresses_must_be_addresses(home: House, email: str) -> None:
    admin = await home.agent("ada@example.com", role="admin")
    given = await admin.api.post(f"{API}/agents", json={"email": email + " " if "\n" in email else email, "role": "agent"})
    assert given.status_code == (201 if "\n" in email else 400), "white space around an address is forgiven"


async def test_too_many_tries_are_refused_with_a_time_to_wait(home: House) -> None:
    page = await home.browser()
    for _ in range(100):
        given = await page.post(f"{API}/session", json={"email": "ada@example.com", "password": "guess"})
        if given.status_code == 429:
            break
    assert given.status_code == 429
    assert int(given.headers["retry-after"]) > 0
