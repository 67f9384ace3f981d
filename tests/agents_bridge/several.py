"""A hub whose Slack app is installed by workspaces themselves: the web process's routes over HTTP, and an admin's browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from agents_bridge.slack.settings import WorkspacesSettings
from agents_bridge.slack.workspaces import SlackWorkspaces
from config.settings import HubSettings
from hub.canned import CannedReplies
from hub.colleagues import colleagues
from hub.installing import Installing, ticket
from hub.linked import LinkCodes
from hub.looking import looking, on_duty
from hub.model import ChannelName, DeskName
from hub.ports import Kit
from hub.roles import AccessRules
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.saved import ways
from hub.sealing import Sealer, key_of, new_key
from hub.store.store import Store
from tests.agents_bridge.desks import MemoryFiles
from tests.fakes import fake_hub, said
from tests.hub.hubs import EDITABLE, Phone, settle
from tests.servers.serving import serving
from tests.servers.slack import APP_TOKEN, SECRET, SlackServer
from tests.servers.slack_events import Told
from tests.servers.slack_oauth import CLIENT_ID, CLIENT_SECRET
from widget.app import create_app

SLACK = DeskName("slack")
KEY = key_of(new_key())
TWO = {"T1SHOP": {"channel": "C0SAME", "escalation": "C0URGENT"}, "T2PARTNER": {"channels": {"billing": "C0SAME"}}}
"""Two workspaces whose Slack channels have the same id."""


def settings(slack: SlackServer, **more: Any) -> WorkspacesSettings:
    """Settings that suit the Slack server."""
    given: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": SecretStr(CLIENT_SECRET), "workspaces": TWO}
    given |= {"signing_secret": SecretStr(SECRET), "app_token": SecretStr(APP_TOKEN), "api_url": slack.api_url}
    given |= {"authorize_url": f"{slack.url}/oauth/v2/authorize", "rate": 50.0, "timeout": 2.0, "lookup_after": 0.2}
    return WorkspacesSettings(**{**given, "who_answers": "members", "ask_first": False, **more})


@dataclass
class Hall:
    """What such a test looks at."""

    hub: Hub
    slack: SlackServer
    phone: Phone
    desk: SlackWorkspaces
    url: str
    http: httpx.AsyncClient
    """The browser of whoever installs."""

    async def begins(self, agent: str = "") -> httpx.Response:
        """A one-time link is opened; where it leads, before Slack's page."""
        return await self.http.get(await ticket(self.hub, SLACK, agent))

    async def installs(self, team: str) -> httpx.Response:
        """The admin of a workspace goes the whole way; the page at the end."""
        self.slack.admin_of = team
        page = await self.http.get((await self.begins()).headers["location"])
        return await self.http.get(page.headers["location"])

    async def customer(self, text: str, team: str = "", customer: str = "ann") -> None:
        """A customer writes."""
        await settle(self.hub, said(text, customer=customer))

    async def hears(self, told: Told) -> Told:
        """Wait until the hub has acknowledged what Slack told it, and has acted on it."""
        await told.done()
        assert told.statuses == [200]
        await settle(self.hub)
        return told


@asynccontextmanager
async def hall(slack: SlackServer, store: Store, redis_url: str, prefix: str, folder: Path, **more: Any) -> AsyncIterator[Hall]:
    """Real HTTP both ways; the worker's jobs are done by `settle`."""
    teams = ("billing", "sales")
    routing = RoutingRules.model_validate(more.pop("routing", {"teams": {name: {} for name in teams}}))
    phone = Phone(EDITABLE)
    installs = Installing(store, Sealer([more.pop("key", KEY)]))
    facts: dict[str, Any] = {"installs": installs, "link": LinkCodes(store), "duty": on_duty(store)}
    facts |= {"colleagues": colleagues(store, routing, AccessRules()), "tracker": "Jira"}
    facts["ready"], facts["known"] = ways(store, CannedReplies())
    kit = Kit(MemoryFiles(), "https://hub.example", lambda: datetime.now(UTC), teams, **facts, look=looking(store, "https://x"))
    desk = SlackWorkspaces(SLACK, settings(slack, **more), kit)
    places: dict[str, Any] = {"desks": {SLACK: desk}, "connectors": {ChannelName("phone"): phone}, "routing": routing}
    try:
        async with fake_hub(store, redis_url, prefix, folder, **places) as hub, httpx.AsyncClient() as http:
            hub.installs = installs
            async with serving(create_app(hub, HubSettings())) as url:
                hub.public_url, slack.sender.hook, slack.echo = url, f"{url}/hooks/slack", False
                slack.more("T1SHOP", "Shop")
                slack.more("T2PARTNER", "Partner")
                yield Hall(hub, slack, phone, desk, url, http)
    finally:
        await desk.aclose()
