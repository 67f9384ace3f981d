"""Where a call goes, and the places in a platform's pace that it needs there."""

from __future__ import annotations

import asyncio

from hub.calling import ALONE, URGENT, urgent_place
from hub.installs import SupportsParts
from hub.model import ChannelName, DeskName, ExternalId
from hub.ports import Connector, Desk, Pace, SupportsPaces
from hub.runtime import Hub
from hub.store.calls import Due

APART, SLOW = 0.95, 5.0
"""Of the distance between two calls, what is kept when they begin; and the calls a second beyond which nobody looks closely."""


def target_of(hub: Hub, name: str) -> Connector | Desk | None:
    """The connector or desk of this name."""
    return hub.connectors.get(ChannelName(name)) or hub.desks.get(DeskName(name))


def place_of(hub: Hub, head: Due) -> str:
    """What a platform's pace counts by: the desk's place, or the conversation."""
    desk = hub.desks.get(DeskName(head.target))
    if head.kind == URGENT:
        return urgent_place(hub, head.target, head.channel, head.team)
    return desk.place(ChannelName(head.channel), head.team) if desk is not None else head.conversation_id


def paces_of(hub: Hub, target: Connector | Desk, head: Due, *, everywhere: bool = False) -> dict[str, Pace]:
    """The paces that a call must keep, by what they count; with `everywhere` those that concern the whole channel or desk, where
    there are any."""
    there = target.capabilities
    if head.kind == ALONE:
        return {}  # each person is a place of their own, and their limit holds nobody else up
    if head.kind in ("card", "amend") and there.card_pace:
        part = target.part_of(place_of(hub, head)) if isinstance(target, SupportsParts) else ""
        return {f"{head.target}:#card{part}": there.card_pace}
    whole = {f"{head.target}:": there.total} if there.total else {}
    if everywhere and whole:
        return whole
    own = target.pace_of(ExternalId(head.address)) if isinstance(target, SupportsPaces) and head.address else None
    place, pace = own or (place_of(hub, head), there.pace)
    return {f"{head.target}:{place}": pace, **whole} if pace else whole


def paced(hub: Hub, head: Due) -> dict[str, Pace]:
    """The paces that a call must wait for: none for a question or a mark, nor where nobody is."""
    target = target_of(hub, head.target)
    unpaced = target is None or head.state == "unknown" or head.kind == "mark"
    return {} if target is None or unpaced else paces_of(hub, target, head)


async def place_for(hub: Hub, head: Due) -> float:
    """Seconds until the target's pace lets this call go; 0 takes the place."""
    paces = paced(hub, head)
    return await hub.limits.wait_all(paces, head.id) if paces else 0.0


async def give_back(hub: Hub, head: Due) -> None:
    """The place of a call that another process was faster with, or that may not go now."""
    if paces := paced(hub, head):
        await hub.limits.give_back(paces, head.id)


async def apart(hub: Hub, head: Due) -> None:
    """Let calls to a slow place begin as far apart as its pace says, in all processes: the way from claim to call takes one call
    longer than another, which would bring them together again."""
    paces = paced(hub, head) if head.kind != "card" else {}
    slow = {f"{key}:begun": Pace(pace.rate / APART) for key, pace in paces.items() if pace.burst < 2 and pace.rate <= SLOW}
    while slow and (wait := await hub.limits.wait_all(slow)) > 0:  # noqa: ASYNC110 -- Redis tells how long
        await asyncio.sleep(wait)
