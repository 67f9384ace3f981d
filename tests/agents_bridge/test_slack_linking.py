"""Link my account: a code in Slack, confirmed by an agent who is signed in to the console; without that nobody becomes one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hub.signin import open_session
from tests.agents_bridge.several import Hall, hall
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import settle
from tests.servers.slack import SlackServer
from tests.servers.slack_people import Elsewhere

API = "/console/api"


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Hall]:
    store = await fresh_store(tmp_path)
    async with hall(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents") as made:
        people = {"name": "Cem", "email": "cem@home.example"}
        slack.elsewhere["T1SHOP"].workspace.people |= {"U3CEM": people, "U4DAN": people | {"name": "Dan", "is_restricted": True}}
        await made.installs("T1SHOP")
        yield made
    await store.close()


def shop(at: Hall) -> Elsewhere:
    return at.slack.elsewhere["T1SHOP"]


async def signed_in(at: Hall, email: str, role: str = "agent") -> tuple[str, httpx.AsyncClient]:
    """An agent in their own browser."""
    agent = await at.hub.store.agents.invite(email, email.split("@")[0].title(), role)
    cookies = {"fd_session": await open_session(at.hub.store.agents, agent)}
    return agent, httpx.AsyncClient(base_url=at.url, cookies=cookies, headers={"x-frontdesk": "1"})


async def code_for(at: Hall, by: str) -> str:
    """Somebody presses the button below what they are told; the code that they alone see."""
    await at.customer("Where is my order?")
    thread = next(f"{one['channel']}:{one['thread_ts']}" for one in shop(at).posts() if one["thread_ts"])
    await at.hears(shop(at).reply(thread, "It is lost", by))
    count = len(at.slack.accepted.of("response"))
    await at.hears(shop(at).answer("fd_link", by))
    await until(lambda: len(at.slack.accepted.of("response")) > count)
    said = at.slack.accepted.of("response")[-1]
    assert said["response_type"] == "ephemeral"
    found = re.search(r"\*(\w{5}-\w{5})\*", said["text"])
    assert found is not None and f"#/account?link={found[1]}" in said["text"]
    return found[1]


@pytest.mark.parametrize("by", ["U3CEM", "U4DAN"])
async def test_an_agent_confirms_a_code_and_answers_from_then_on(at: Hall, by: str) -> None:
    """Also a guest: it is the agent's own session that says so."""
    code = await code_for(at, by)
    agent, http = await signed_in(at, "cem@shop.example")
    async with http:
        seen = await http.post(f"{API}/me/links", json={"code": code.lower()})
        assert (seen.status_code, seen.json()["name"], seen.json()["person"]) == (
            200,
            shop(at).workspace.people[by]["name"],
            f"T1SHOP:{by}",
        )
        thread = next(f"{one['channel']}:{one['thread_ts']}" for one in shop(at).posts() if one["thread_ts"])
        await at.hears(shop(at).reply(thread, "Still lost", by))
        assert at.phone.texts == [], "to look is not to confirm"
        done = await http.post(f"{API}/me/links", json={"code": code.replace("-", " "), "yes": True})
        assert (done.status_code, done.json()["linked"]) == (201, True)
        assert (await http.post(f"{API}/me/links", json={"code": code, "yes": True})).status_code == 404, "once"
    await at.hears(shop(at).reply(thread, "Found it", by))
    assert at.phone.texts == ["Found it"]
    [row] = [row for row in await at.hub.store.agents.records(before=None, most=50) if row["action"] == "desk.linked"]
    assert (row["actor"], row["object"]) == (agent, f"slack:T1SHOP:{by}")
    await settle(at.hub)
    assert any("you are Cem here" in one["text"] for one in shop(at).posts() if one["channel"] == f"D{by}")


async def test_a_code_alone_makes_nobody_an_agent(at: Hall) -> None:
    """Without a session, with a program's token, with a guess, or after its time, it says and changes nothing."""
    code = await code_for(at, "U3CEM")
    async with httpx.AsyncClient(base_url=at.url, headers={"x-frontdesk": "1"}) as nobody:
        assert (await nobody.post(f"{API}/me/links", json={"code": code, "yes": True})).status_code == 401
    _, http = await signed_in(at, "ada@shop.example", "admin")
    async with http:
        made = await http.post(f"{API}/me/tokens", json={"name": "till"})
        bearer = {"authorization": f"Bearer {made.json()['token']}"}
        async with httpx.AsyncClient(base_url=at.url, headers=bearer) as program:
            assert (await program.post(f"{API}/me/links", json={"code": code, "yes": True})).status_code == 403
        async with at.hub.store.db.write() as connection:
            await connection.exec_driver_sql("UPDATE agent_login SET expires_ms = 1 WHERE kind = 'link'")
        assert (await http.post(f"{API}/me/links", json={"code": code, "yes": True})).status_code == 404
        tries = [(await http.post(f"{API}/me/links", json={"code": f"AAAAA-AAAA{n}"})).status_code for n in range(10)]
        assert 429 in tries and 200 not in tries
    thread = next(f"{one['channel']}:{one['thread_ts']}" for one in shop(at).posts() if one["thread_ts"])
    await at.hears(shop(at).reply(thread, "Hello", "U3CEM"))
    assert at.phone.texts == []


async def test_the_command_gives_a_code_too_and_people_of_other_workspaces_get_none(at: Hall) -> None:
    await at.hears(shop(at).command("link", "U3CEM"))
    await until(lambda: at.slack.accepted.of("response"))
    assert re.search(r"\*\w{5}-\w{5}\*", at.slack.accepted.of("response")[-1]["text"])
    told = at.slack.more("T9EVIL", "Evil").command("link", "U3CEM")
    await at.hears(told)
    assert len(at.slack.accepted.of("response")) == 1


async def test_only_an_admin_who_is_signed_in_begins_an_installation_in_the_console(at: Hall) -> None:
    _, ada = await signed_in(at, "ada@shop.example", "admin")
    _, bo = await signed_in(at, "bo@shop.example", "supervisor")
    async with ada, bo:
        assert (await bo.post(f"{API}/desks/slack/install")).status_code == 403
        assert (await bo.get(f"{API}/desks")).status_code == 403
        token = (await ada.post(f"{API}/me/tokens", json={"name": "till"})).json()["token"]
        async with httpx.AsyncClient(base_url=at.url, headers={"authorization": f"Bearer {token}"}) as program:
            assert (await program.post(f"{API}/desks/slack/install")).status_code == 403
        begun = (await ada.post(f"{API}/desks/slack/install")).json()
        assert (await ada.post(f"{API}/desks/phone/install")).status_code == 404
        at.slack.admin_of = "T2PARTNER"
        home = await at.http.get((await at.http.get(begun["url"])).headers["location"])
        assert (await at.http.get(home.headers["location"])).status_code == 200
        [desk] = (await ada.get(f"{API}/desks")).json()["items"]
        assert [(one["id"], one["state"]) for one in desk["workspaces"]] == [("T2PARTNER", "live"), ("T1SHOP", "live")]
        assert "token" not in str(desk) and "xoxb" not in str(desk)
