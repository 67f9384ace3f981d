"""Second factors over HTTP: set up, asked for, each code once, needed by role; roles and tokens that are limited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyotp import TOTP
from sqlalchemy import text

from hub.factors import STEP_S, hash_of_code
from hub.roles import AccessRules
from hub.signin import hash_password
from hub.store.store import Store
from tests.widget.consoles import PASSWORD, House, house

API = "/console/api"
FACTOR = f"{API}/me/factor"
ROLES = {"roles": {"trainer": ["read", "people"], "analyst": ["read", "reports"]}}


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def member(home: House, role: str = "agent", email: str = "bo@example.com") -> tuple[str, httpx.AsyncClient]:
    """An agent with a password, and a browser in which nobody has signed in."""
    agents = home.hub.store.agents
    own = await agents.invite(email, email.split("@")[0].title(), role)
    await agents.set_password(own, await hash_password(PASSWORD), "")
    return own, await home.browser()


async def enter(page: httpx.AsyncClient, code: str | None = None, email: str = "bo@example.com") -> tuple[int, str]:
    """Sign in; returns the status and the code of what went wrong."""
    given = await page.post(f"{API}/session", json={"email": email, "password": PASSWORD, **({"code": code} if code else {})})
    return given.status_code, given.json().get("error", {}).get("code", "")


async def set_up(page: httpx.AsyncClient) -> tuple[TOTP, list[str]]:
    """Sign in and set a second factor up, half a minute ago so that now's code is still good."""
    assert await enter(page) == (201, "")
    offer = (await page.post(FACTOR, json={"password": PASSWORD})).json()
    made = TOTP(offer["secret"])
    given = await page.put(FACTOR, json={"code": made.at(datetime.now(UTC) - timedelta(seconds=STEP_S))})
    assert given.status_code == 200, given.text
    return made, given.json()["codes"]


async def test_a_code_is_asked_for_after_the_password_and_is_good_once(home: House) -> None:
    _, page = await member(home)
    made, _ = await set_up(page)
    other = await home.browser()
    assert await enter(other) == (401, "code_needed")
    assert await enter(other, "000000" if made.now() != "000000" else "000001") == (401, "code")
    code = made.now()
    assert await enter(other, code) == (201, "")
    assert await enter(await home.browser(), code) == (401, "code"), "in the same step it was used already"
    old = made.at(datetime.now(UTC) - timedelta(seconds=STEP_S))
    assert await enter(await home.browser(), old) == (401, "code"), "nor does an earlier one work after it"
    me = (await other.get(f"{API}/me")).json()
    assert (me["factor"], me["needs_factor"]) == (True, False)


async def test_of_many_who_show_the_same_code_at_once_one_comes_in(home: House) -> None:
    _, page = await member(home)
    made, codes = await set_up(page)
    pages = [await home.browser() for _ in range(4)]
    for code in (made.now(), codes[0]):
        found = await asyncio.gather(*(enter(one, code) for one in pages))
        assert sorted(status for status, _ in found) == [201, 401, 401, 401]


async def test_recovery_codes_are_kept_as_hashes_and_good_once(home: House) -> None:
    _, page = await member(home)
    _, codes = await set_up(page)
    assert len(set(codes)) == 10
    async with home.hub.store.db.read() as connection:
        kept = {row[0] for row in await connection.execute(text("SELECT hash FROM recovery_code"))}
    assert kept == {hash_of_code(code) for code in codes}
    assert not any(code.replace("-", "") in "".join(kept) for code in codes)
    assert await enter(await home.browser(), codes[3].upper().replace("-", " ")) == (201, "")
    assert await enter(await home.browser(), codes[3]) == (401, "code")
    assert (await page.get(FACTOR)).json() == {"on": True, "needed": False, "codes_left": 9}
    fresh = (await page.post(f"{FACTOR}/codes", json={"password": PASSWORD})).json()["codes"]
    assert await enter(await home.browser(), codes[4]) == (401, "code")
    assert await enter(await home.browser(), fresh[4]) == (201, "")


async def test_codes_can_not_be_guessed_for_long(home: House) -> None:
    _, page = await member(home)
    made, _ = await set_up(page)
    found = [await enter(page, f"{n:06}") for n in range(12)]
    assert found[-1] == (429, "slow_down")
    assert await enter(page, made.now()) == (429, "slow_down")


async def test_setting_up_needs_the_password_and_the_devices_code(home: House) -> None:
    own, page = await member(home)
    await enter(page)
    refused = await page.post(FACTOR, json={"password": "not this one"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "credentials")
    offer = (await page.post(FACTOR, json={"password": PASSWORD})).json()
    assert offer["picture"].startswith("data:image/svg+xml")
    assert offer["uri"].startswith("otpauth://totp/Frontdesk:bo%40example.com?secret=" + offer["secret"])
    assert (await page.put(FACTOR, json={"code": "12345"})).status_code == 422
    far = TOTP(offer["secret"]).at(datetime.now(UTC) + timedelta(seconds=3 * STEP_S))
    assert (await page.put(FACTOR, json={"code": far})).status_code == 422
    assert await enter(await home.browser()) == (201, ""), "what was not confirmed is not asked for"
    assert (await page.put(FACTOR, json={"code": TOTP(offer["secret"]).now()})).status_code == 200
    again = await page.post(FACTOR, json={"password": PASSWORD})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "factor_on")
    gone = await page.request("DELETE", FACTOR, json={"password": PASSWORD})
    assert gone.status_code == 204
    assert await enter(await home.browser()) == (201, "")
    assert await home.hub.store.factors.of(own) is None


async def test_a_role_that_needs_one_may_nothing_before_it_is_set_up(home: House) -> None:
    home.hub.access = AccessRules.model_validate({"second_factor": "supervisor"})
    _, page = await member(home, "supervisor")
    assert await enter(page) == (201, "")
    assert (await page.get(f"{API}/me")).json()["needs_factor"]
    for path in ("/conversations", "/agents", "/me/sessions", "/roles", "/parked"):
        given = await page.get(API + path)
        assert (given.status_code, given.json()["error"]["code"]) == (403, "factor"), path
    cookie = {"cookie": f"fd_session={page.cookies['fd_session']}"}
    async with home.socket(headers=cookie) as line:
        await line.ws.wait_closed()
        assert line.ws.close_code == 4401
    offer = (await page.post(FACTOR, json={"password": PASSWORD})).json()
    assert (await page.put(FACTOR, json={"code": TOTP(offer["secret"]).now()})).status_code == 200
    assert (await page.get(f"{API}/conversations")).status_code == 200
    kept = await page.request("DELETE", FACTOR, json={"password": PASSWORD})
    assert (kept.status_code, kept.json()["error"]["code"]) == (409, "factor_needed")


async def test_who_lost_the_device_is_helped_by_an_admin_and_signed_out(home: House) -> None:
    own, page = await member(home)
    await set_up(page)
    admin = await home.agent("ada@example.com", "admin", "Ada")
    people = (await admin.api.get(f"{API}/agents")).json()["items"]
    assert {one["name"]: one["factor"] for one in people} == {"Ada": False, "Bo": True}
    assert (await admin.api.delete(f"{API}/agents/{own}/factor")).status_code == 204
    assert (await page.get(f"{API}/me")).status_code == 401
    assert await enter(page) == (201, "")
    assert (await admin.api.delete(f"{API}/agents/{own}/factor")).status_code == 409


async def test_a_link_for_a_new_password_does_not_go_round_the_second_factor(home: House) -> None:
    own, page = await member(home)
    made, _ = await set_up(page)
    admin = await home.agent("ada@example.com", "admin", "Ada")
    link = (await admin.api.post(f"{API}/agents/{own}/link")).json()["link"]
    other = await home.browser()
    body = {"token": link.split("#setup=")[1], "email": "bo@example.com", "name": "Bo", "password": PASSWORD}
    assert (await other.post(f"{API}/setup", json=body)).status_code == 202
    assert (await other.get(f"{API}/me")).status_code == 401
    assert await enter(other) == (401, "code_needed")
    assert await enter(other, made.now()) == (201, "")


async def test_nobody_lifts_anybody_above_themselves(home: House) -> None:
    home.hub.access = AccessRules.model_validate(ROLES)
    trainer = await home.agent("tr@example.com", "trainer", "Tr")
    admin = await home.agent("ada@example.com", "admin", "Ada")
    new = {"email": "new@example.com", "name": "New"}
    for role in ("admin", "supervisor", "agent", "analyst"):
        assert (await trainer.api.post(f"{API}/agents", json={**new, "role": role})).status_code == 403, role
    made = (await trainer.api.post(f"{API}/agents", json={**new, "role": "viewer"})).json()["id"]
    for body in ({"role": "admin"}, {"role": "agent"}):
        assert (await trainer.api.patch(f"{API}/agents/{made}", json=body)).status_code == 403
        assert (await trainer.api.patch(f"{API}/agents/{trainer.id}", json=body)).status_code == 403
    for method, path in (("PATCH", f"{admin.id}"), ("POST", f"{admin.id}/link"), ("DELETE", f"{admin.id}/factor")):
        given = await trainer.api.request(method, f"{API}/agents/{path}", json={"disabled": True})
        assert given.status_code == 403, path
    yours: dict[str, bool] = {one["name"]: one["yours"] for one in (await trainer.api.get(f"{API}/roles")).json()["items"]}
    assert yours == {"admin": False, "supervisor": False, "agent": False, "viewer": True, "trainer": True, "analyst": False}


async def test_a_token_is_limited_to_what_it_was_made_for(home: House) -> None:
    boss = await home.agent("ada@example.com", "supervisor", "Ada")

    async def token(**asked: Any) -> httpx.Response:
        return await boss.api.post(f"{API}/me/tokens", json=asked)

    for wrong, status in (({"rights": ["fly"]}, 400), ({"rights": ["people"]}, 403), ({"days": 0}, 400), ({"days": 366}, 400)):
        assert (await token(**wrong)).status_code == status, wrong
    made = (await token(name="till\r\nx", rights=["read"], days=1)).json()
    assert made["expires_s"] == 86400
    async with httpx.AsyncClient(base_url=home.url, headers={"authorization": f"Bearer {made['token']}"}) as till:
        assert (await till.get(f"{API}/conversations")).status_code == 200
        assert (await till.get(f"{API}/parked")).status_code == 403
        assert (await till.post(f"{API}/me/tokens", json={})).status_code == 403, "or it would make itself one without limits"
        assert (await till.put(f"{API}/me/password", json={"old": "x", "new": PASSWORD})).status_code == 403
        assert (await till.post(FACTOR, json={"password": ""})).status_code == 403
        listed = (await boss.api.get(f"{API}/me/sessions")).json()["items"]
        (one,) = [one for one in listed if one["label"] == "till x"]
        assert (one["kind"], one["rights"]) == ("token", ["read"])
        await home.hub.store.agents.change(boss.id, role="viewer")
        assert (await till.get(f"{API}/conversations")).status_code == 200
        await boss.api.delete(f"{API}/me/sessions/{one['id']}")
        assert (await till.get(f"{API}/conversations")).status_code == 401


async def test_sessions_say_from_where_they_were_opened(home: House) -> None:
    _, page = await member(home)
    page.headers["user-agent"] = "Mozilla/5.0 (X11; Linux) Firefox/140.0"
    await enter(page)
    (own,) = (await page.get(f"{API}/me/sessions")).json()["items"]
    assert (own["label"], own["address"], own["current"]) == ("Mozilla/5.0 (X11; Linux) Firefox/140.0", "127.0.0.1", True)


async def test_what_admins_change_is_recorded_before_and_after(home: House) -> None:
    admin, bo = await home.agent("ada@example.com", "admin", "Ada"), await home.agent()
    await admin.api.patch(f"{API}/agents/{bo.id}", json={"role": "viewer", "disabled": True})
    (row,) = [one for one in (await admin.api.get(f"{API}/audit")).json()["items"] if one["action"] == "agent.changed"]
    assert row["actor"] == admin.id
    assert row["object"] == bo.id
    assert row["detail"] == '{"before":{"role":"agent","disabled":false},"after":{"role":"viewer","disabled":true}}'
