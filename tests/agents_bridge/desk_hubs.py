"""A hub with a phone channel and a real Slack desk, its hooks over HTTP, and the Slack server that knocks at them."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from agents_bridge.slack.desk import SlackDesk
from hub.beginning import beginning
from hub.canned import CannedReplies
from hub.colleagues import colleagues
from hub.looking import agent_at, looking, on_duty
from hub.model import ChannelName, DeskName
from hub.ports import Kit
from hub.roles import AccessRules
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.saved import ways
from hub.store.store import Store
from hub.surveys import SurveyRules
from tests.agents_bridge.desks import MemoryFiles, settings
from tests.conftest import until
from tests.fakes import fake_hub, said
from tests.hub.hubs import EDITABLE, Phone, settle
from tests.servers.serving import serving
from tests.servers.slack import SlackServer
from tests.servers.slack_events import Told
from widget.hooks import Hooks
from workers.polling import Pollers


@dataclass
class Room:
    """What such a test looks at."""

    hub: Hub
    slack: SlackServer
    phone: Phone
    desk: SlackDesk

    async def customer(self, text: str, **more: Any) -> str:
        """A customer writes; returns the thread, "channel:ts"."""
        await settle(self.hub, said(text, **more))
        found = [post for post in self.slack.posts() if post["thread_ts"] and text in post["text"]]
        return f"{found[0]['channel']}:{found[0]['thread_ts']}"

    async def hears(self, told: Told) -> Told:
        """Wait until the hub has acknowledged what Slack told it, and has acted on it."""
        await told.done()
        assert told.statuses == [200]
        await settle(self.hub)
        return told

    def lines(self, thread: str) -> list[str]:
        """What the thread shows below its card: what came with the card, in its own post, and then what was posted."""
        return [*self.head(thread), *(message["text"] for message in self.slack.workspace.thread(thread)[1:])]

    def head(self, thread: str) -> list[str]:
        """The lines that came with the card."""
        attached = self.slack.workspace.thread(thread)[0].get("attachments") or ()
        sections = [block for one in attached for block in one["blocks"] if block["type"] == "section"]
        return [line for block in sections for line in block["text"]["text"].split("\n")]

    def card(self, thread: str) -> str:
        """The head of the thread, whole."""
        return str(self.slack.workspace.thread(thread)[0]["blocks"])

    def whispers(self, person: str = "U1ANNA") -> list[str]:
        """What this person alone was told."""
        return [one["text"] for one in self.slack.accepted.of("ephemeral") if one["user"] == person]


def over_http(hub: Hub) -> Starlette:
    """The hooks, in something that also answers a server's start and end."""
    return Starlette(routes=[Route("/hooks/{name}", Hooks(hub), methods=None)])


@asynccontextmanager
async def room(slack: SlackServer, store: Store, redis_url: str, prefix: str, folder: Path, **more: Any) -> AsyncIterator[Room]:
    """Real HTTP both ways; the worker's jobs are done by `settle`."""
    teams = ("billing", "sales")
    canned = more.pop("canned", CannedReplies())
    phone = more.pop("phone", None) or Phone(EDITABLE)
    survey = more.pop("survey", SurveyRules())
    routing = RoutingRules.model_validate(more.pop("routing", {}))
    tracker = more.pop("tracker", None)
    connectors: dict[ChannelName, Any] = {ChannelName("phone"): phone, **more.pop("connectors", {})}
    kit = Kit(
        MemoryFiles(),
        "https://hub.example",
        lambda: datetime.now(UTC),
        teams,
        canned,
        looking(store, "https://hub.example"),
        beginning(store, connectors, functools.partial(agent_at, store)),
        on_duty(store),
        ready=ways(store, canned)[0],
        known=ways(store, canned)[1],
        colleagues=colleagues(store, routing, AccessRules()),
        tracker=tracker.title if tracker else "",
    )
    desk = SlackDesk(DeskName("slack"), settings(api_url=slack.api_url, **more), kit)
    places: dict[str, Any] = {"desks": {DeskName("slack"): desk}, "connectors": connectors, "canned": canned}
    places |= {"survey": survey, "routing": routing, "tracker": tracker}
    try:
        async with fake_hub(store, redis_url, prefix, folder, **places) as hub, serving(over_http(hub)) as url:
            slack.sender.hook = f"{url}/hooks/slack"
            slack.echo = False
            yield Room(hub, slack, phone, desk)
    finally:
        await desk.aclose()


@asynccontextmanager
async def polled(at: Room) -> AsyncIterator[None]:
    """Hold the desk's own connection, as a worker does."""
    polling = Pollers(at.hub)
    polling.start()
    try:
        await until(lambda: at.slack.sender.sockets)
        yield
    finally:
        await polling.stop()
