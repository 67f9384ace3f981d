"""Installations in the store: sealed, replaced, taken back, sealed anew; and one-time secrets, on every database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hub.installing import Installing
from hub.installs import Grant
from hub.model import DeskName
from hub.sealing import Sealer, key_of, new_key
from hub.signin import hash_of
from hub.store.agent_facts import About
from hub.store.store import Store
from hub.store.workspace_tables import Workspace
from tests.hub.hubs import only, rows

SLACK = DeskName("slack")
KEY, LATER = key_of(new_key()), key_of(new_key())
GRANT = Grant("T1", "Shop", "U0BOT", "chat:write,commands", "xoxb-secret-1")


async def test_a_token_lies_sealed_and_comes_back_whole(store: Store) -> None:
    installs = Installing(store, Sealer([KEY]))
    assert await installs.keep(SLACK, GRANT, "anna") == 0
    row = await only(store, Workspace)
    assert "xoxb" not in str(row) and row["actor"] == "anna"
    [found] = await installs.all(SLACK)
    assert (found.workspace, found.name, found.state, found.token) == ("T1", "Shop", "live", "xoxb-secret-1")
    assert "xoxb" not in repr(found) + repr(GRANT), "and no log that shows one of these shows the token"
    assert await installs.all(DeskName("other")) == []


async def test_a_row_that_was_moved_to_another_workspace_opens_nothing(store: Store) -> None:
    installs = Installing(store, Sealer([KEY]))
    await installs.keep(SLACK, GRANT, "")
    sealed = (await only(store, Workspace))["sealed"]
    facts = {"name": "Other", "member": "U1", "scopes": "", "sealed": sealed, "state": "live"}
    await store.workspaces.grant("slack", "T2", facts)
    found = {one.workspace: one for one in await installs.all(SLACK)}
    assert (found["T2"].state, found["T2"].token, found["T1"].token) == ("sealed", "", "xoxb-secret-1")


async def test_a_new_installation_replaces_the_token_and_says_since_when_nothing_was_told(store: Store) -> None:
    installs = Installing(store, Sealer([KEY]))
    await installs.keep(SLACK, GRANT, "")
    gone_at = datetime.now(UTC) + timedelta(seconds=5)
    await installs.gone(SLACK, "T1", gone_at, "app_uninstalled")
    row = await only(store, Workspace)
    assert (row["state"], row["sealed"], row["reason"]) == ("gone", "", "app_uninstalled")
    [lost] = await installs.all(SLACK)
    assert (lost.state, lost.token) == ("gone", "")
    again = Grant("T1", "Shop", "U0BOT", "chat:write", "xoxb-secret-2")
    assert await installs.keep(SLACK, again, "bo") == int(gone_at.timestamp() * 1000)
    [found] = await installs.all(SLACK)
    assert (found.state, found.token, found.reason) == ("live", "xoxb-secret-2", "")
    assert [r["action"] for r in await store.agents.records(before=None, most=5)] == ["desk.uninstalled"]


async def test_news_of_an_earlier_removal_does_not_touch_a_later_installation(store: Store) -> None:
    """Slack tells of an event for minutes."""
    installs = Installing(store, Sealer([KEY]))
    await installs.keep(SLACK, GRANT, "")
    await installs.gone(SLACK, "T1", datetime.now(UTC) - timedelta(minutes=3), "app_uninstalled")
    assert (await only(store, Workspace))["state"] == "live"
    await installs.gone(SLACK, "T9", datetime.now(UTC), "app_uninstalled")


async def test_a_key_is_replaced_while_both_are_there(store: Store) -> None:
    await Installing(store, Sealer([KEY])).keep(SLACK, GRANT, "")
    assert [one.state for one in await Installing(store, Sealer([LATER])).all(SLACK)] == ["sealed"]
    assert [one.token for one in await Installing(store, Sealer([LATER, KEY])).all(SLACK)] == ["xoxb-secret-1"]
    assert [one.token for one in await Installing(store, Sealer([LATER])).all(SLACK)] == ["xoxb-secret-1"], "sealed anew"


async def test_of_processes_that_install_together_one_row_stays(store: Store) -> None:
    installs = Installing(store, Sealer([KEY]))
    grants = [Grant("T1", "Shop", "U0", "", f"xoxb-{n}") for n in range(4)]
    await asyncio.gather(*(installs.keep(SLACK, one, "") for one in grants))
    assert len(await rows(store, Workspace)) == 1
    [found] = await installs.all(SLACK)
    assert found.token in {one.token for one in grants}


async def test_a_one_time_secret_is_spent_once_however_many_come(store: Store) -> None:
    await store.agents.open_login("install", "a" * 32, hash_of("s"), 60, About(label="slack"))
    assert await store.workspaces.look("install", hash_of("s")) == await store.workspaces.look("install", hash_of("s"))
    found = await asyncio.gather(*(store.workspaces.spend("install", hash_of("s")) for _ in range(5)))
    assert [(one.agent_id, one.label) for one in found if one] == [("a" * 32, "slack")]
    await store.agents.open_login("install", "", hash_of("old"), -1)
    assert await store.workspaces.spend("install", hash_of("old")) is None
    await store.agents.open_login("connect", "", hash_of("kind"), 60)
    assert await store.workspaces.spend("install", hash_of("kind")) is None


@pytest.mark.parametrize("kind", ["install", "connect", "link", "oidc"])
async def test_what_works_once_for_something_else_sets_no_password(store: Store, kind: str) -> None:
    """A link that an admin's session has made must not let its finder become that admin."""
    admin = await store.agents.invite("ada@example.com", "Ada", "admin")
    await store.agents.open_login(kind, admin, hash_of("s"), 60)
    assert not await store.agents.link_is_good(hash_of("s"))
    assert await store.agents.use_link(hash_of("s"), "eve@example.com", "Eve", "hash") is None
    known = await store.agents.secret_of("ada@example.com")
    assert known is not None and known[1] == ""
