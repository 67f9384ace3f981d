"""The app is installed by OAuth: who may begin, whose browser may end it, what is kept, and what an admin reads."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from hub.installing import ticket
from hub.store.agent_tables import AgentLogin
from hub.store.store import Store
from hub.store.workspace_tables import Workspace
from tests.agents_bridge.several import SLACK, Hall, hall
from tests.hub.hubs import only, rows
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made


async def test_an_admin_installs_and_the_token_lies_sealed(at: Hall, caplog: pytest.LogCaptureFixture) -> None:
    """Neither an address nor a log nor the database holds it."""
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    at.http.event_hooks["request"] = [lambda request: _note(seen, str(request.url))]
    page = await at.installs("T1SHOP")
    assert page.status_code == 200 and "installed in Shop" in page.text
    token = at.slack.token_of("T1SHOP")
    assert token.startswith("xoxb-T1SHOP")
    row = await only(at.hub.store, Workspace)
    assert (row["workspace"], row["name"], row["state"], row["actor"]) == ("T1SHOP", "Shop", "live", "command line")
    everything = [str(row), page.text, caplog.text, *seen, str(await at.hub.store.agents.records(before=None, most=20))]
    assert not any(token in one for one in everything)
    assert not any("client-secret" in one for one in seen)
    [found] = await at.hub.installs.all(SLACK)  # type: ignore[union-attr]
    assert found.token == token
    assert "no-store" in page.headers["cache-control"] and page.headers["referrer-policy"] == "no-referrer"


async def _note(seen: list[str], url: str) -> None:
    seen.append(url)


async def test_slacks_page_is_asked_for_what_is_needed(at: Hall) -> None:
    away = await at.begins()
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{at.url}/connect/slack/back"]
    assert {"chat:write", "users:read.email", "groups:history"} <= set(asked["scope"][0].split(","))
    cookie = away.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=600" in cookie
    assert "location" in away.headers and away.status_code == 302


async def test_a_link_works_once_for_its_own_desk(at: Hall) -> None:
    url = await ticket(at.hub, SLACK, "")
    assert (await at.http.head(url)).status_code == 200, "who only looks does not use it up"
    assert (await at.http.get(url)).status_code == 302
    used = await at.http.get(url)
    assert used.status_code == 403 and "older than fifteen minutes" in used.text
    for wrong in ("", "?ticket=", "?ticket=x", f"?ticket={'x' * 5000}", "?ticket=%00%ff"):
        assert (await at.http.get(f"{at.url}/connect/slack/install{wrong}")).status_code == 403
    assert (await at.http.get(f"{at.url}/connect/other/install?ticket=x")).status_code == 404
    assert await rows(at.hub.store, Workspace) == []


async def test_nobody_ends_what_another_browser_began(at: Hall) -> None:
    """An attacker's code, or an attacker's state, in an admin's browser installs nothing: the cookie is another one, or none."""
    at.slack.admin_of = "T1SHOP"
    away = await at.begins()
    home = (await at.http.get(away.headers["location"])).headers["location"]
    async with httpx.AsyncClient() as other:
        assert (await other.get(home)).status_code == 403
        other.cookies.set("fd_connect", "x", domain="127.0.0.1")
        assert (await other.get(home)).status_code == 403
    state = parse_qs(urlsplit(home).query)["state"][0]
    for forged in (state[:-1] + ("0" if state[-1] != "0" else "1"), state.replace(".", ""), "", ".", "x.y", "x" * 4000, "é.é"):
        answer = await at.http.get(f"{at.url}/connect/slack/back", params={"code": "c", "state": forged})
        assert answer.status_code == 403 and "did not begin" in answer.text
    assert await rows(at.hub.store, Workspace) == []
    assert (await at.http.get(home)).status_code == 200, "and the admin's own browser still ends it"


async def test_the_way_back_works_once(at: Hall) -> None:
    at.slack.admin_of = "T1SHOP"
    home = (await at.http.get((await at.begins()).headers["location"])).headers["location"]
    cookies = dict(at.http.cookies)
    assert (await at.http.get(home)).status_code == 200
    async with httpx.AsyncClient(cookies=cookies) as same:
        assert (await same.get(home)).status_code == 403
    assert await rows(at.hub.store, AgentLogin) == []


async def test_a_state_is_for_one_desk_and_for_ten_minutes(at: Hall) -> None:
    at.slack.admin_of = "T1SHOP"
    home = (await at.http.get((await at.begins()).headers["location"])).headers["location"]
    async with at.hub.store.db.write() as connection:
        await connection.exec_driver_sql("UPDATE agent_login SET expires_ms = 1")
    late = await at.http.get(home)
    assert late.status_code == 403 and "longer than ten minutes" in late.text
    assert await rows(at.hub.store, Workspace) == []


async def test_cancel_says_so_in_the_readers_language(at: Hall) -> None:
    page = await at.installs("")
    assert page.status_code == 200 and "pressed Cancel" in page.text and 'lang="en"' in page.text
    at.http.headers["accept-language"] = "zh-CN,zh;q=0.9,en;q=0.8"
    page = await at.installs("")
    assert "点击了取消" in page.text and 'lang="zh"' in page.text
    assert await rows(at.hub.store, Workspace) == []


ODD: dict[str, tuple[dict[str, Any], int, str]] = {
    "an organization": ({"is_enterprise_install": True, "team": None}, 400, "whole organization"),
    "tokens that expire": ({"expires_in": 43200, "refresh_token": "xoxe-1"}, 400, "rotation"),
    "no bot token": ({"access_token": "xoxp-1"}, 400, "no bot token"),
    "no team": ({"team": {"id": "<b>", "name": "x"}}, 400, "no bot token"),
    "a refusal": ({"ok": False, "error": "invalid_code"}, 400, "invalid_code"),
    "a refusal that is a page": ({"ok": False, "error": "<script>"}, 502, "works once"),
}


@pytest.mark.parametrize("case", list(ODD))
async def test_what_slack_says_instead_of_a_token_is_told(at: Hall, case: str) -> None:
    at.slack.odd, status, words = ODD[case]
    page = await at.installs("T1SHOP")
    assert (page.status_code, words in page.text) == (status, True), page.text
    assert "<script>" not in page.text and await rows(at.hub.store, Workspace) == []


async def test_slack_that_is_away_is_told_and_nothing_is_kept(at: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at.desk._settings, "__dict__", {**at.desk._settings.__dict__, "api_url": "http://127.0.0.1:9/api/"})
    page = await at.installs("T1SHOP")
    assert page.status_code == 502 and "cannot be reached" in page.text and "begin anew" in page.text
    assert await rows(at.hub.store, Workspace) == []


async def test_a_workspace_with_a_strange_name_is_shown_as_text(at: Hall) -> None:
    at.slack.elsewhere["T1SHOP"].workspace.name = "<img src=x onerror=alert(1)> 小店"
    page = await at.installs("T1SHOP")
    assert "<img" not in page.text and "小店" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_scopes_that_were_not_granted_are_named_with_what_they_cost(at: Hall) -> None:
    at.slack.grants = ["chat:write", "users:read"]
    page = await at.installs("T1SHOP")
    assert "files:read" in page.text and "do not reach customers" in page.text
    found = {one.kind: one for one in await at.desk.troubles() if one.kind.startswith("T1SHOP")}
    assert "T1SHOP:files:read" in found and "Shop: " in found["T1SHOP:files:read"].said
    assert "T1SHOP:chat:write" not in found


async def test_a_workspace_that_the_file_does_not_name_is_told_what_to_write(at: Hall) -> None:
    at.slack.more("T3NEW", "New")
    page = await at.installs("T3NEW")
    assert "workspaces:" in page.text and "T3NEW:" in page.text and "No conversations" in page.text
    assert "workspaces:" not in (await at.installs("T1SHOP")).text
