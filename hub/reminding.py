"""Use-case: an agent who was called in a thread, or given a conversation, and has not been there, gets one message alone."""

from __future__ import annotations

from typing import Any, Literal

import structlog

from hub.calling import person_at
from hub.errors import ConnectorError
from hub.looking import agent_at
from hub.model import DeskName, ExternalId
from hub.notices import one_line, quiet_s
from hub.own_acts import own_act
from hub.people import Member
from hub.ports import SupportsDirect, SupportsPeople
from hub.runtime import Hub
from hub.store.reminding import Called

log = structlog.get_logger()
KINDS = ("mention", "assigned")
"""Kinds of notices to one agent. Of these, quiet hours are by the agent's own clock."""


State = Literal["sent", "needless", "queued"]


async def remind(hub: Hub, row: dict[str, Any]) -> tuple[State, float]:
    """Tell somebody what they have not seen, unless they have, were told of the conversation and have not been there since, or it
    is over. In their quiet hours: the seconds after which they are looked for again."""
    about = await hub.store.reminders.called(row["conversation_id"], row["seq"])
    if hub.notices.unseen is None or about is None or about.status != "open":
        return "needless", 0.0
    found = await _found(hub, about, row["agent_id"])
    if found is None:
        log.info("reminder.nobody", conversation=row["conversation_id"], kind=row["kind"])
        return "needless", 0.0
    desk, person, agent = found
    if row["kind"] == "assigned" and about.agent_id not in (agent, person):
        return "needless", 0.0
    ids = [one for one in (agent, person, person[:32]) if one]
    told = await hub.store.reminders.told_of(row["conversation_id"], ids, KINDS)
    if about.by_id in ids or await hub.store.reminders.has_been(row["conversation_id"], row["seq"], ids):
        return "needless", 0.0
    if told and not await hub.store.reminders.has_been(row["conversation_id"], told, ids):
        return "needless", 0.0
    if wait := quiet_s(hub.notices, hub.now(), (await _member(hub, desk, person)).zone):
        return "queued", wait
    facts = {"by": one_line(about.by, 80), "customer": one_line(about.customer, 80), "channel": about.channel}
    alone = {"desk": desk, "person": person, "about": row["kind"], "facts": facts}
    called = own_act(
        f"notice.{row['id']}",
        hub.now(),
        row["conversation_id"],
        "tell",
        data={"alone": alone},
    )
    await hub.intake.keep([called], 5.0)
    return "sent", 0.0


async def _found(hub: Hub, about: Called, whom: str) -> tuple[str, str, str] | None:
    """(desk, person there, agent) by which somebody is reached: at one desk only. None for people who are no agents, or whom no
    desk knows."""
    if ":" in whom:
        agent = await _agent(hub, about.desk, whom)
        return (about.desk, whom, agent) if agent or _members(hub, about.desk) else None
    there = [name for name, _ in about.threads if isinstance(hub.desks.get(DeskName(name)), SupportsDirect)]
    for name in there:
        if person := await person_at(hub, name, whom):
            return name, person, whom
    return None


def _members(hub: Hub, name: str) -> bool:
    desk = hub.desks.get(DeskName(name))
    return desk is not None and isinstance(desk, SupportsDirect) and desk.capabilities.speakers == "members"


async def _agent(hub: Hub, name: str, person: str) -> str:
    """The agent that somebody at a desk is; empty: none, or nobody can say now."""
    desk = hub.desks.get(DeskName(name))
    if not isinstance(desk, SupportsPeople):
        return ""
    try:
        return await agent_at(hub.store, DeskName(name), ExternalId(person), desk.person)
    except ConnectorError as exc:
        log.warning("reminder.person_unknown", desk=name, error=str(exc))
        return ""


async def _member(hub: Hub, name: str, person: str) -> Member:
    """Who that is, for the clock that they live by; a desk that does not say leaves it to the rules."""
    desk = hub.desks.get(DeskName(name))
    try:
        return await desk.person(ExternalId(person)) if isinstance(desk, SupportsPeople) else Member("", "")
    except ConnectorError:
        return Member("", "")
