"""/openapi.json against the running server: every call of customers, apps, agents and leaders does what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from pyotp import TOTP

from connectors.translators import translator_of
from connectors.translators.settings import Service
from hub.errors import Undeliverable
from hub.installing import Installing
from hub.linked import LinkCodes
from hub.model import PART_KINDS, ExternalId, Message
from hub.notices import NoticeRules
from hub.outbound import Outbound
from hub.people import Member
from hub.ports import Desk
from hub.roles import AccessRules
from hub.sealing import Sealer, key_of, new_key
from hub.signin import first_admin_link, open_session
from hub.store.store import Store
from tests.fakes import FakeConnector, said
from tests.widget.consoles import PASSWORD
from tests.widget.openapi_hub import API, NOBODY, PARTS, PHONE, SLACK, WEB, WRONG, Api, Installable, api_of


@pytest.fixture
async def api(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with api_of(store, redis_url, prefix, tmp_path / "files") as made:
        yield made


async def customers(api: Api) -> str:
    """A customer's way through the protocol; returns the conversation."""
    page = await api.speaker()
    made = (await page.post("/chat/web/session", json={"name": "Li", "lang": "zh"})).json()
    assert (await page.post("/chat/web/session", json={"tok": made["token"]})).json()["customer"] == made["customer"]
    own = await api.speaker(made["token"])
    sent = (await own.post("/chat/web/files", files={"file": ("a.txt", b"hello", "text/plain")})).json()

    async def poll(*up: dict[str, Any], wait: int = 0, **more: Any) -> list[dict[str, Any]]:
        body = {"tok": made["token"], "epoch": made["epoch"], "up": list(up), "wait": wait, **more}
        down: list[dict[str, Any]] = (await page.post("/chat/web/poll", json=body)).json()["down"]
        return down

    assert [frame["t"] for frame in await poll({"t": "hello", "since": 0, "lang": "zh", "page": "/"})] == ["welcome"]
    fields = [{"name": "n", "label": "Name", "value": "Li"}]
    await poll(
        {"t": "send", "id": "1", "d": {"text": "Hello", "files": [sent["id"]]}}, {"t": "typing", "on": True}, {"t": "ping"}
    )
    await poll({"t": "send", "id": "2", "d": {"choice": {"id": "a", "text": "A"}, "form": {"title": "You", "fields": fields}}})
    parts = Message.model_validate(
        {"channel": WEB, "id": "all", "customer": made["customer"], "at": datetime.now(UTC), "parts": PARTS}
    )
    await api.home.hub.intake.keep([parts], 5)
    await api.home.work()
    entries = await poll({"t": "read", "s": 1}, since=0)
    assert {part["type"] for entry in entries for part in entry["d"]["parts"]} == set(PART_KINDS)
    wrong = {"tok": made["token"], "epoch": made["epoch"], "since": 3, "up": [{"t": "what", "id": "9"}, {"t": "send", "id": "8"}]}
    refused = (await page.post("/chat/web/poll", json=wrong, headers=WRONG)).json()["down"]
    assert [frame["code"] for frame in refused] == ["unknown", "malformed"]
    assert (await own.get("/chat/web/history", params={"limit": 2})).json()["next"] == 2
    api.home.hub.notices = NoticeRules.model_validate({"smtp": {"host": "127.0.0.1", "sender": "help@example.com"}})
    assert (await own.post("/chat/web/transcript", json={"email": "li@example.com"})).status_code == 202
    await page.get(sent["url"].removeprefix(api.home.hub.public_url))
    waiting = asyncio.create_task(poll(since=3, wait=10))
    bo = await api.home.agent("typist@example.com", name="Ty")
    async with api.home.socket(bo) as console:
        await console.next("welcome")
        await console.send({"t": "typing", "c": entries[0]["c"], "on": True})
        assert [frame["t"] for frame in await waiting] == ["eph"]
    return str(entries[0]["c"])


async def apps(api: Api) -> None:
    """What an app does besides."""
    page = await api.speaker()
    made = (await page.post("/chat/app/session", json={})).json()
    own = await api.speaker(made["token"])
    device = (await own.post("/chat/app/devices", json={"kind": "fcm", "token": "t", "timezone": "Asia/Shanghai"})).json()["id"]
    await own.delete(f"/chat/app/devices/{device}")
    assert (await own.get("/chat/app/unread")).json() == {"unread": 0, "head": 0, "read": 0}


async def agents(api: Api, talk: str) -> None:
    """What agents do with a conversation."""
    bo = await api.staff("agent")
    one = f"{API}/conversations/{talk}"
    assert len((await bo.get(f"{API}/conversations", params={"view": "all", "limit": 5, "q": "Li"})).json()["items"]) == 1
    await bo.get(f"{API}/conversations", params={"view": "none"})
    sent = (await bo.post(f"{API}/files", files={"file": ("b.txt", b"there", "text/plain")})).json()
    await bo.post(f"{one}/entries", json={"id": api.id(), "text": "Hi", "files": [sent["id"]], "base": 3})
    await bo.post(f"{one}/entries", json={"id": "note", "kind": "note", "text": "for us"})
    await bo.post(f"{one}/entries", json={"id": "note", "kind": "note", "text": "other"})
    await bo.post(f"{one}/assign", json={"id": api.id(), "team": "sales"})
    await bo.post(f"{one}/assign", json={"id": api.id()})
    await bo.post(f"{one}/resolve", json={"id": api.id()})
    await bo.post(f"{one}/reopen", json={"id": api.id()})
    await bo.post(f"{one}/read", json={"n": 4})
    await bo.post(f"{one}/snooze", json={"id": api.id(), "until": "2100-01-31T09:00:00+08:00"})
    await bo.post(f"{one}/priority", json={"id": api.id(), "level": 2})
    await bo.post(f"{one}/tags", json={"id": api.id(), "add": ["vip"], "remove": []})
    await bo.post(f"{one}/block", json={"id": api.id(), "reason": "spam"})
    await bo.post(f"{one}/unblock", json={"id": api.id()})
    await bo.post(f"{one}/undo", json={"id": api.id(), "of": "none"})
    assert (await bo.post(f"{one}/translate", json={"id": api.id(), "on": True})).status_code == 409
    api.home.hub.translator = translator_of(Service(type="libretranslate", api_url="http://127.0.0.1:9"))
    await bo.post(f"{one}/translate", json={"id": api.id(), "on": True})
    assert (await bo.post(f"{one}/translate", json={"id": api.id()})).status_code == 400
    api.home.hub.translator = None
    await api.home.work()
    kinds = {entry["k"] for entry in (await bo.get(f"{one}/entries", params={"limit": 100})).json()["items"]}
    assert kinds == {"message", "note", "assigned", "resolved", "reopened", "changed"}
    assert (await bo.get(one)).json()["profile"]["name"] == "Li"
    await bo.get(f"{API}/conversations/{NOBODY}")
    row = next(row for row in (await bo.get(f"{API}/conversations")).json()["items"] if row["id"] == talk)
    there = (await bo.get(f"{API}/reach", params={"channel": row["channel"], "q": "Li"})).json()["items"]
    await bo.get(f"{API}/reach", params={"channel": "none"})
    first = {"channel": row["channel"], "identity": there[0]["identity"], "text": "We have found it"}
    await bo.post(f"{API}/conversations", json={"id": api.id(), **first})
    await bo.post(f"{API}/conversations", json={"id": api.id(), "channel": "phone", "address": "+1", "text": "Hi"})
    await own(api, bo, talk)
    await resend(api, bo)
    await link(api, bo)


async def own(api: Api, bo: httpx.AsyncClient, talk: str) -> None:
    """What agents keep for themselves, look for, and do to several conversations at once."""
    one = f"{API}/conversations/{talk}"
    assert (await bo.put(f"{one}/draft", json={"text": "half", "kind": "note", "by": "tab1"})).json()["rev"] == 1
    assert (await bo.get(f"{one}/draft")).json()["text"] == "half"
    assert (await bo.get(f"{API}/me/drafts")).json() == {"items": [talk]}
    view = {"name": "VIPs", "view": "all", "q": "", "channel": "web", "team": "", "tag": "vip", "priority": 2}
    assert (await bo.put(f"{API}/me/views", json={"items": [view]})).json() == (await bo.get(f"{API}/me/views")).json()
    lead = await api.speaker((await api.home.agent("lead@example.com", "supervisor", "Lead")).token)
    assert (await lead.put(f"{API}/views", json={"items": [view]})).json() == (await bo.get(f"{API}/views")).json()
    await bo.put(f"{API}/me/capacity", json={"most": 3})
    busy = (await bo.get(f"{API}/workbench")).json()["busy"]
    assert [one["most"] for one in busy].count(3) == 1
    await bo.get(f"{one}/canned", params={"q": ""})
    assert (await bo.get(f"{API}/search", params={"q": "Hello", "limit": 1})).json()["items"][0]["conversation"] == talk
    assert (await bo.get(f"{API}/customers", params={"q": "Li"})).json()["items"][0]["channels"] == ["web"]
    done = {"id": api.id(), "conversations": [talk, NOBODY], "do": [{"tag": ["late"]}]}
    assert [one["ok"] for one in (await bo.post(f"{API}/bulk", json=done)).json()["items"]] == [True, False]


async def resend(api: Api, bo: httpx.AsyncClient) -> None:
    """A call that fails, and is made again."""
    phone = api.home.hub.connectors[PHONE]
    assert isinstance(phone, FakeConnector)
    await api.home.hub.intake.keep([said("Hello?", customer="ann", channel="phone")], 5)
    await api.home.work()
    talk = next(row["id"] for row in (await bo.get(f"{API}/conversations")).json()["items"] if row["channel"] == "phone")
    phone.fail = [Undeliverable("blocked")]
    await bo.post(f"{API}/conversations/{talk}/entries", json={"id": api.id(), "text": "Hi"})
    await api.home.work()
    for lane in range(api.home.hub.store.lanes):
        await Outbound(api.home.hub).run(lane)
    await api.home.work()
    (fate,) = (await bo.get(f"{API}/conversations/{talk}")).json()["deliveries"].values()
    assert fate["state"] == "failed"
    assert (await bo.post(f"{API}/deliveries/{fate['delivery']}/resend", json={"id": api.id()})).status_code == 201


async def link(api: Api, bo: httpx.AsyncClient) -> None:
    """Two customers are made one, and two again."""
    own, other = [row["customer"]["id"] for row in (await bo.get(f"{API}/conversations")).json()["items"][:2]]
    made = (await bo.post(f"{API}/customers/{own}/link", json={"other": other, "reason": "same order"})).json()
    whole = (await bo.get(f"{API}/customers/{own}")).json()
    assert (len(whole["identities"]), len(whole["conversations"])) == (2, 2)
    mine, theirs = [row["id"] for row in whole["conversations"]]
    for act, body in (("merge", {"other": theirs}), ("part", {"other": theirs, "reason": "sisters"})):
        assert (await bo.post(f"{API}/conversations/{mine}/{act}", json={"id": api.id(), **body})).status_code == 201
        await api.home.work()
        await bo.get(f"{API}/conversations/{mine}")
    assert (await bo.post(f"{API}/conversations/{mine}/part", json={"id": api.id()})).status_code == 409
    assert (await bo.post(f"{API}/links/{made['link']}/undo", json={})).json() == {"customers": [own, other]}


async def leaders(api: Api) -> None:
    """What admins do, from the first link on."""
    page = await api.speaker()
    link = await first_admin_link(api.home.hub.store, api.home.url)
    assert link is not None
    ada = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
    await page.post(f"{API}/setup", json={"token": link.split("#setup=")[1], **ada})
    await page.post(f"{API}/setup", json={"token": "used", **ada})
    await page.post(f"{API}/session", json={"email": "ada@example.com", "password": "no"})
    await page.post(f"{API}/session", json={"email": "ada@example.com", "password": PASSWORD})
    await page.get(f"{API}/me")
    await page.put(f"{API}/me/presence", json={"state": "away"})
    await page.put(f"{API}/me/password", json={"old": "not this one", "new": PASSWORD + "!"})
    await page.put(f"{API}/me/password", json={"old": PASSWORD, "new": PASSWORD + "!"})
    asked = {"name": "till", "rights": ["read"], "days": 30}
    assert (await page.post(f"{API}/me/tokens", json=asked)).json()["expires_s"] == 30 * 86400
    token = next(one for one in (await page.get(f"{API}/me/sessions")).json()["items"] if one["kind"] == "token")
    await page.delete(f"{API}/me/sessions/{token['id']}")
    await second_factors(api, page)
    made = (await page.post(f"{API}/agents", json={"email": "new@example.com", "role": "viewer"})).json()
    await page.post(f"{API}/agents", json={"email": "new@example.com"})
    await page.post(f"{API}/agents/{made['id']}/link")
    assert (await page.patch(f"{API}/agents/{made['id']}", json={"disabled": True})).json()["disabled"]
    await page.get(f"{API}/agents")
    await page.get(f"{API}/roles")
    for path in ("reports", "reports/conversations", "reports/csv"):
        await page.get(
            f"{API}/{path}", params={"since": "2026-01-01", "until": "2026-01-31", "channel": "web", "team": "", "agent": ""}
        )
    await api.home.park("poison")
    (item,) = (await page.get(f"{API}/parked", params={"limit": 1})).json()["items"]
    await page.post(f"{API}/parked/{item['id']}/replay")
    assert (await page.get(f"{API}/audit", params={"limit": 2})).json()["next"]
    await page.delete(f"{API}/session")


async def second_factors(api: Api, page: httpx.AsyncClient) -> None:
    """An agent sets a second factor up, comes in with it and gives it up."""
    own, factor = {"password": PASSWORD + "!"}, f"{API}/me/factor"
    assert (await page.get(factor)).json() == {"on": False, "needed": False, "codes_left": 0}
    secret = (await page.post(factor, json=own)).json()["secret"]
    await page.put(factor, json={"code": "000"})
    assert len((await page.put(factor, json={"code": TOTP(secret).now()})).json()["codes"]) == 10
    assert len((await page.post(f"{factor}/codes", json=own)).json()["codes"]) == 10
    await page.post(factor, json=own)
    await page.post(f"{API}/session", json={"email": "ada@example.com", **own})
    await page.request("DELETE", factor, json=own)
    secret = (await page.post(factor, json=own)).json()["secret"]
    await page.put(factor, json={"code": TOTP(secret).now()})
    await page.delete(f"{API}/agents/{(await page.get(f'{API}/me')).json()['id']}/factor")
    await page.post(f"{API}/session", json={"email": "ada@example.com", **own})


async def everybody(api: Api) -> None:
    """Pages, files and the addresses for operations."""
    page = await api.speaker()
    for path in ("/", "/demo", "/widget.js", "/static/icon.svg", "/w/web", "/console", "/console/", "/docs", "/openapi.json"):
        assert (await page.get(path)).status_code < 400
    for path in ("/healthz", "/readyz", "/metrics", "/hooks/phone"):
        assert (await page.get(path)).status_code == 200
    await page.post("/hooks/phone", content=b"{}")
    await page.get("/hooks/nobody")
    await connecting(api, page)
    nowhere = {"issuer": "http://127.0.0.1:9", "client_id": "x", "name": "Elsewhere"}
    api.home.hub.access = AccessRules.model_validate({"oidc": nowhere})
    assert (await page.get(f"{API}/door")).json() == {"single_sign_on": "Elsewhere"}
    for path in (f"{API}/oidc", f"{API}/oidc/back"):
        await page.get(path, params={"state": "x", "code": "x", "error": "x"} if path.endswith("back") else {})
    await page.get(f"/files/{NOBODY}", params={"exp": "1", "sig": "x"})


async def connecting(api: Api, page: httpx.AsyncClient) -> None:
    """An app that is installed into workspaces, and somebody there who says who they are."""
    hub, ada = api.home.hub, await api.speaker()
    hub.desks = {SLACK: cast(Desk, Installable())}
    hub.installs = Installing(hub.store, Sealer([key_of(new_key())]))
    root = await hub.store.agents.invite("owner@example.com", "Owner", "admin")
    ada.cookies.set("fd_session", await open_session(hub.store.agents, root))
    url = (await ada.post(f"{API}/desks/slack/install")).json()["url"]
    away = await page.get(url.replace(hub.public_url, ""))
    state = away.headers["location"].rpartition("=")[2]
    assert (await page.get("/connect/slack/back", params={"state": state, "code": "c"})).status_code == 200
    assert (await page.get("/connect/slack/back", params={"state": state, "code": "c"})).status_code == 403
    assert (await page.get("/connect/slack/install", params={"ticket": "used"})).status_code == 403
    [slack] = (await ada.get(f"{API}/desks")).json()["items"]
    assert [one["id"] for one in slack["workspaces"]] == ["T1"]
    code = await LinkCodes(hub.store)(SLACK, ExternalId("T1:U1"), lambda person: _cem())
    assert (await ada.post(f"{API}/me/links", json={"code": code})).json()["name"] == "Cem"
    assert (await ada.post(f"{API}/me/links", json={"code": code, "yes": True})).status_code == 201
    assert (await ada.post(f"{API}/me/links", json={"code": code})).status_code == 404


async def _cem() -> Member:
    return Member("Cem", "")


async def test_every_call_does_what_the_document_says(api: Api) -> None:
    await leaders(api)
    await agents(api, await customers(api))
    await apps(api)
    await everybody(api)
    fine = {(method, path) for method, path, status in api.book.seen if status < 400}
    sockets = {(method, path) for method, path in api.book.operations() if path.endswith("/socket")}
    assert set(api.book.operations()) - fine == sockets
