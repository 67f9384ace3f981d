"""A desk that reaches people alone, and a conversation that was given to somebody who does not come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub import sweep
from hub.model import AgentId, ChannelName, ExternalId, ThreadId
from hub.notices import NoticeRules
from hub.notify import send_due
from hub.people import Member
from hub.ports import IdempotencyKey
from hub.runtime import Hub
from hub.store.tables import Conversation, Notice
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import desks, named, only, put, settle


class Calling(FakeDesk):
    """A desk that reaches people alone, and has a place for what is urgent."""

    def __init__(self, place: str = "") -> None:
        super().__init__()
        self.urgent = place
        self.alone: list[tuple[str, str, dict[str, str]]] = []
        self.escalated: list[str] = []
        self.zone = ""
        self.after: list[Exception] = []

    async def person(self, agent: ExternalId) -> Member:
        return Member("Bo", "bo@shop.example" if str(agent).endswith("U2BO") else "", zone=self.zone)

    async def find(self, email: str) -> ExternalId | None:
        return ExternalId("T:U2BO") if email == "bo@shop.example" else None

    async def direct(self, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        if self.fail:
            raise self.fail.pop(0)
        self.alone.append((str(person), about, dict(facts)))
        if self.after:
            raise self.after.pop(0)

    def urgent_place(self, channel: ChannelName, team: str) -> str:
        return self.urgent

    async def escalate(self, place: str, thread: ThreadId | None, text: str, url: str, key: IdempotencyKey) -> ExternalId:
        self.escalated.append(f"{place} {thread} {text}")
        self.keys[str(key)] = "posted"
        if self.after:
            raise self.after.pop(0)
        return ExternalId("posted")


UNSEEN = {"unseen": {"after": "10m"}}


async def given(make_hub: Any, slack: Calling, **rules: Any) -> tuple[Hub, str, str]:
    """A conversation that a colleague has given to Bo; (hub, conversation, Bo)."""
    hub: Hub = await make_hub(desks=desks(slack=slack), notices=NoticeRules.model_validate(rules or UNSEEN))
    bo = await hub.store.agents.invite("bo@shop.example", "Bo", "agent")
    await settle(hub, said("hello", profile=named("Ann")))
    talk = (await only(hub.store, Conversation))["id"]
    agent = next(one.id for one in await hub.store.agents.everyone()) if not isinstance(bo, str) else bo
    await settle(hub, answered("", conversation=talk, kind="assign", assignee=AgentId(agent)))
    return hub, talk, agent


async def later(hub: Hub) -> None:
    """The time is over: a sweep, the job, and what it brings."""
    await put(hub.store, Notice, {"state": "queued"}, due_ms=1)
    await again(hub)


async def again(hub: Hub) -> None:
    await sweep.run(hub)
    await send_due(hub)
    await settle(hub)
