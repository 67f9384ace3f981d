"""Who answers: the rules that admins write, and the pure decision to which team, agent and desks a message goes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hub.facts import MessageFacts
from hub.hours import Hours
from hub.keywords import Keywords, Names, Words

Strategy = Literal["weighted", "least_busy", "round_robin", "manual"]
Priority = Literal["low", "normal", "high", "urgent"]
Reason = Literal["sticky", "weighted", "least_busy", "round_robin", "manual", "closed", "nobody_present", "all_full"]
"""Why this agent, or why none."""


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Rules):
    """How much of a team's work one agent takes."""

    weight: float = Field(1.0, gt=0, description="of two agents, 2 gets twice as much as 1; for the strategy `weighted`")
    capacity: int | None = Field(None, ge=1, description="open conversations at most; the team's number when not given")


_Written = str | list[str | dict[str, Member | None]] | dict[str, Member | None]


def _members(value: Any) -> Any:
    """`[ann@example.com, bo@example.com]`, or `ann@example.com: {weight: 2}`."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple):
        named = [{entry: {}} if isinstance(entry, str) else entry for entry in value]
        if all(isinstance(entry, dict) for entry in named):
            value = {key: options for entry in named for key, options in entry.items()}
    if isinstance(value, dict):
        return {str(key).strip().lower(): options or {} for key, options in value.items()}
    return value


class Team(_Rules):
    """Agents who share work. What is not given here is taken from the top of the file."""

    members: Annotated[dict[str, Member], BeforeValidator(_members, json_schema_input_type=_Written)] = Field(
        {}, description="agents' e-mail addresses; nobody: every agent"
    )
    strategy: Strategy | None = None
    capacity: int | None = Field(None, ge=1)
    sticky: bool | None = None
    hours: str | None = Field(None, description="the name of one of `hours`")
    desks: Names | None = Field(None, description="the desks that show this team's conversations")


class Rule(_Rules):
    """Everything that is given must hold; of a list, one entry is enough."""

    channels: Names = Field((), description="names of channels")
    keywords: Words = Field((), description="words in the message")
    locales: Names = Field((), description="`zh` also means zh-CN")
    tags: Names = ()
    came_by: Names = Field(
        (), description="words in the link or QR code by which the customer came; `order_*` for all that begin so"
    )
    team: str
    priority: Priority = "normal"
    desks: Names | None = None

    @cached_property
    def ready(self) -> Keywords:
        """`keywords`, ready for many messages."""
        return Keywords(self.keywords)

    def holds(self, facts: MessageFacts) -> bool:
        """Whether the rule is about this message."""
        return (
            (not self.channels or facts.channel in self.channels)
            and (not self.locales or _speaks(facts.language, self.locales))
            and (not self.tags or not facts.tags.isdisjoint(self.tags))
            and (not self.came_by or any(fnmatchcase(facts.came_by, word) for word in self.came_by))
            and (not self.keywords or self.ready.any_in(facts.folded))
        )


def _speaks(locale: str, wanted: tuple[str, ...]) -> bool:
    spoken = locale.replace("_", "-").lower()
    return any(spoken == want.lower() or spoken.startswith(f"{want.lower()}-") for want in wanted)


class RoutingRules(_Rules):
    """`config/routing.yaml`. The first rule that holds decides; when none does, `team` gets the message, else any agent."""

    rules: tuple[Rule, ...] = ()
    team: str | None = Field(None, description="the team for what no rule catches")
    teams: dict[str, Team] = {}
    strategy: Strategy = Field("least_busy", description="`manual`: nobody is assigned, agents take what they want")
    capacity: int = Field(8, ge=1, description="open conversations that one agent takes at most")
    sticky: bool = Field(True, description="back to the agent who answered last, when present and below capacity")
    hours: dict[str, Hours] = Field({}, description="named business hours; `default` holds for every team that names no other")
    desks: Names | None = Field(None, description="the desks that show conversations; all when not given")

    @model_validator(mode="after")
    def _names_exist(self) -> RoutingRules:
        wrong = [
            f"rule {n}: no team is named “{rule.team}”" for n, rule in enumerate(self.rules, 1) if rule.team not in self.teams
        ]
        if self.team is not None and self.team not in self.teams:
            wrong.append(f"team: no team is named “{self.team}”")
        for name, team in self.teams.items():
            if team.hours is not None and team.hours not in self.hours:
                wrong.append(f"teams.{name}.hours: no hours are named “{team.hours}”")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def team_for(self, facts: MessageFacts) -> tuple[str | None, Rule | None]:
        """The team for a message, and the rule that says so."""
        if facts.team in self.teams:
            return facts.team, None
        for rule in self.rules:
            if rule.holds(facts):
                return rule.team, rule
        return self.team, None


@dataclass(frozen=True, slots=True)
class Present:
    """An agent who can be given work now. `load`: open conversations; `assigned_ms`: when one was given last, for round robin;
    `most`: how many they take by their own wish, never more than the rules say; 0: as many as those."""

    id: str
    email: str
    name: str = ""
    load: int = 0
    assigned_ms: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a conversation goes. Without an agent it waits for one of the team; `desks` None: all of them."""

    team: str | None
    agent: Present | None
    reason: Reason
    desks: tuple[str, ...] | None = None
    priority: Priority = "normal"


@dataclass(frozen=True, slots=True)
class _Candidate:
    agent: Present
    weight: float
    capacity: int


def opening(rules: RoutingRules, team: str | None, now: datetime) -> tuple[bool, datetime | None]:
    """Whether a team (None: whoever gets what no rule catches) is at work, and when not, from when on."""
    hours = hours_of(rules, team or "")
    if hours is None or hours.open_at(now):
        return True, None
    return False, hours.next_opening(now)


def hours_of(rules: RoutingRules, team: str) -> Hours | None:
    """When a team (empty: whoever gets what no rule catches) is at work; None: always."""
    return _hours(rules, rules.teams.get(team or rules.team or "", Team()))


def _hours(rules: RoutingRules, team: Team) -> Hours | None:
    return rules.hours.get(team.hours or "default")


def route(facts: MessageFacts, present: Sequence[Present], rules: RoutingRules, now: datetime, seed: str) -> Assignment:
    """Decide. The same arguments give the same answer on every machine: chance comes from `seed` alone."""
    name, rule = rules.team_for(facts)
    team = rules.teams[name] if name is not None else Team()
    desks = next((d for d in (rule.desks if rule else None, team.desks, rules.desks) if d is not None), None)
    agent, reason = _choose(facts, present, rules, team, now, seed)
    return Assignment(name, agent, reason, desks, rule.priority if rule else "normal")


def _choose(
    facts: MessageFacts, present: Sequence[Present], rules: RoutingRules, team: Team, now: datetime, seed: str
) -> tuple[Present | None, Reason]:
    hours = _hours(rules, team)
    if hours is not None and not hours.open_at(now):
        return None, "closed"
    strategy = team.strategy or rules.strategy
    sticky = rules.sticky if team.sticky is None else team.sticky
    if strategy == "manual" and not sticky:
        return None, "manual"
    candidates = _candidates(present, team, team.capacity or rules.capacity)
    free = [c for c in candidates if c.agent.load < c.capacity]
    last = next((c.agent for c in free if c.agent.id == facts.last_agent), None) if sticky and facts.last_agent else None
    if last is not None:
        return last, "sticky"
    if strategy == "manual":
        return None, "manual"
    if not free:
        return None, "all_full" if candidates else "nobody_present"
    return _pick(free, strategy, seed), strategy


def _candidates(present: Sequence[Present], team: Team, capacity: int) -> list[_Candidate]:
    if not team.members:
        return [_Candidate(agent, 1.0, _taken(agent, capacity)) for agent in present]
    named = ((agent, team.members.get(agent.email.lower())) for agent in present)
    return [_Candidate(agent, m.weight, _taken(agent, m.capacity or capacity)) for agent, m in named if m is not None]


def _taken(agent: Present, capacity: int) -> int:
    return min(agent.most, capacity) if agent.most else capacity


def _pick(free: list[_Candidate], strategy: Strategy, seed: str) -> Present:
    if strategy == "least_busy":
        least = min(c.agent.load / c.capacity for c in free)
        free = [c for c in free if c.agent.load / c.capacity == least]
    elif strategy == "round_robin":
        longest = min(c.agent.assigned_ms for c in free)
        free = [c for c in free if c.agent.assigned_ms == longest]
    free.sort(key=lambda c: c.agent.id)
    weights = [c.weight if strategy == "weighted" else 1.0 for c in free]
    place = _chance(seed) * sum(weights)
    for candidate, weight in zip(free, weights, strict=True):
        place -= weight
        if place < 0:
            return candidate.agent
    return free[-1].agent


def _chance(seed: str) -> float:
    """A number in [0, 1)."""
    return int.from_bytes(hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:6], "big") / 2**48
