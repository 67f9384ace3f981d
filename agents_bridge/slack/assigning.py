"""The modal of Assign: who shall have a conversation, of a list that shows what each agent has, takes, and their local time.

The modal opens before anything is looked up. Where the list does not come, Slack's own of the workspace's people takes its place.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import structlog

from agents_bridge.slack.heard import Then
from agents_bridge.slack.modals import ASSIGN, Locale, labelled, reason_field, team_field, told_view, view_for
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.text import short
from hub.model import DeskName, ExternalId
from hub.people import Colleague, Roster, Who
from hub.ports import Kit

log = structlog.get_logger()
ASSIGNING = "assigning"
"""Of a `Then`: open the modal, and ask for colleagues."""
LOOK_S = 8.0
"""How long the list is waited for."""
MOST, GROUP, WIDTH = 500, 100, 75
"""Agents that are listed at most. Slack takes 100 choices in a group, and 75 characters in each."""
ROOM = 240_000
"""Characters of a view as it is sent; Slack takes 250 KB. The SDK escapes what is not ASCII: a name in Chinese is six times as
long there, and one of emoji twelve."""
Zones = Callable[[Sequence[str]], Awaitable[Mapping[str, tzinfo]]]
"""Where members are, as far as Slack tells it soon."""


def assign(trigger: str, agent: str, thread: str, conversation: str) -> Then:
    """What the button sets going."""
    return Then(ASSIGNING, {"trigger": trigger, "agent": agent, "thread": thread, "conversation": conversation})


def waiting_view(locale: Locale) -> dict[str, Any]:
    """What is there at once."""
    return told_view(SAYINGS[locale]["one_moment"], locale, SAYINGS[locale]["assign"])


def people_view(thread: str, teams: Sequence[str], locale: Locale) -> dict[str, Any]:
    """Without what the database knows: Slack itself lists and searches the workspace's people."""
    person = labelled("person", SAYINGS[locale]["person"], {"type": "users_select"})
    return view_for(ASSIGN, thread, SAYINGS[locale]["assign"], [person, *_rest(teams, locale)], locale)


def agents_view(
    thread: str, found: Roster, times: Mapping[str, str], teams: Sequence[str], locale: Locale, *, anybody: bool
) -> dict[str, Any]:
    """Agents in their order, those of the conversation's team in a group of their own; `times` by agent. `anybody`: people of the
    workspace who are no agents may have a conversation too."""
    shown = min(len(found.people), MOST)
    while sent(view := _listing(thread, found, shown, times, teams, locale, anybody=anybody)) > ROOM and shown:
        shown = min(shown - 1, shown * ROOM // sent(view))
    return view


def sent(view: dict[str, Any]) -> int:
    """How long a view is on its way."""
    return len(json.dumps(view))


def _listing(
    thread: str, found: Roster, most: int, times: Mapping[str, str], teams: Sequence[str], locale: Locale, *, anybody: bool
) -> dict[str, Any]:
    """With the first `most` of them."""
    w, shown = SAYINGS[locale], found.people[:most]
    title = w["of_team"].format(team=found.team) if found.team else w["of_all"]
    groups = [*_groups(title, [one for one in shown if one.fits], times)]
    groups += _groups(w["of_others"], [one for one in shown if not one.fits], times)
    blocks = [labelled("agent", w["person"], {"type": "static_select", "option_groups": groups})] if groups else []
    legend = _legend(most, len(found.people), w)
    blocks += [{"type": "context", "elements": [{"type": "plain_text", "text": legend}]}] if groups else []
    other = w["somebody_else"] if groups else w["person"]
    blocks += [labelled("person", other, {"type": "users_select"})] if anybody or not groups else []
    return view_for(ASSIGN, thread, w["assign"], [*blocks, *_rest(teams, locale)], locale)


def _rest(teams: Sequence[str], locale: Locale) -> list[dict[str, Any]]:
    return [*team_field(teams, locale), *reason_field(locale)]


def _legend(most: int, count: int, w: dict[str, str]) -> str:
    return w["agents_legend"] if count <= most else f"{w['agents_legend']} {w['agents_more'].format(shown=most, n=count)}"


def _groups(title: str, people: Sequence[Colleague], times: Mapping[str, str]) -> list[dict[str, Any]]:
    """As many groups as their people need, with their numbers where these are several."""
    made = []
    for start in range(0, len(people), GROUP):
        some = people[start : start + GROUP]
        name = f"{short(title, 55)} ({start + 1}–{start + len(some)})" if len(people) > GROUP else short(title, WIDTH)
        made.append({"label": {"type": "plain_text", "text": name}, "options": [_option(one, times) for one in some]})
    return made


def _option(one: Colleague, times: Mapping[str, str]) -> dict[str, Any]:
    facts = " · ".join(["", f"{one.load}/{one.capacity}", *([times[one.agent]] if one.agent in times else [])])
    text = f"{'🟢' if one.present else '⚪'} {short(one.name, WIDTH - 4 - len(facts))}{facts}"
    return {"text": {"type": "plain_text", "text": text, "emoji": True}, "value": one.agent}


async def prepared(call: Then, desk: DeskName, kit: Kit, who: Who, zones: Zones, locale: Locale, *, anybody: bool) -> Then:
    """The modal with what was looked up in it."""
    asked = call.arguments
    thread, agent = asked["thread"], asked["agent"]
    try:
        async with asyncio.timeout(LOOK_S):
            found = await kit.colleagues(desk, ExternalId(agent), who, asked["conversation"]) if kit.colleagues else None
        if found is not None:
            times = await _times(found, agent.split(":")[0], zones, kit.now())
            view = agents_view(thread, found, times, kit.teams, locale, anybody=anybody)
        elif anybody:
            view = people_view(thread, kit.teams, locale)
        else:
            view = told_view(SAYINGS[locale]["no_agent"], locale)
    except Exception as exc:  # whatever keeps the list away: who is to have it can be said without
        log.warning("slack.no_colleagues", desk=desk, error=str(exc) or type(exc).__name__)
        view = people_view(thread, kit.teams, locale)
    return Then("views.update", {"view_id": asked["view_id"], "view": view})


async def _times(found: Roster, team: str, zones: Zones, now: datetime) -> dict[str, str]:
    """What time it is for agents whom Slack knows in this workspace, as far as it tells soon."""
    ids = {one.agent: id for one in found.people[:MOST] for id in one.ids if id.startswith(f"{team}:")}
    known = await zones(list(ids.values()))
    return {agent: f"{now.astimezone(known[id]):%H:%M}" for agent, id in ids.items() if id in known}
