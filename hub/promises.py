"""What customers are promised: targets in business time by team, channel and priority, and when each conversation is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.batch import Batch
from hub.keywords import Names
from hub.notices import Seconds
from hub.routing import Priority, RoutingRules, hours_of
from hub.store.talks import Talk

Kind = Literal["", "first", "next", "resolve"]
LEVELS: tuple[Priority, ...] = ("normal", "low", "high", "urgent")
"""A conversation's priority is a place in this."""


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Rules):
    """How long something may take, in business hours of the conversation's team. Of conditions, all that are given must hold."""

    teams: Names = ()
    channels: Names = ()
    priorities: tuple[Priority, ...] = ()
    first: Seconds | None = Field(None, description="until the first answer: 90s, 15m, 4h")
    next: Seconds | None = Field(None, description="until every later answer")
    resolve: Seconds | None = Field(None, description="until it is resolved")

    @model_validator(mode="after")
    def _says_something(self) -> Target:
        if self.first is None and self.next is None and self.resolve is None:
            raise ValueError("give first, next or resolve")
        return self

    def holds(self, talk: Talk) -> bool:
        """Whether the target is about this conversation."""
        return (
            (not self.teams or talk.team in self.teams)
            and (not self.channels or talk.channel in self.channels)
            and (not self.priorities or LEVELS[talk.priority] in self.priorities)
        )


class Promises(_Rules):
    """`config/sla.yaml`: the first target that holds counts; without one nothing is promised."""

    targets: tuple[Target, ...] = ()
    warn: float = Field(
        0.8, gt=0, le=1, description="the share of a target's time after which its agent is called; 1: only once it is late"
    )


def promised(promises: Promises, routing: RoutingRules, batch: Batch) -> list[Talk]:
    """The conversations that a batch has made or changed, with when each is due now; their cards show that."""
    changed = [talk for talk in batch.talks.values() if talk.changed or talk.new]
    for talk in changed if promises.targets else ():
        before = (talk.due_kind, talk.due_ms)
        talk.due_kind, talk.due_ms, talk.warn_ms = due(promises, routing, talk)
        if (talk.due_kind, talk.due_ms) != before:
            batch.redraw(talk)
    return changed


def due(promises: Promises, routing: RoutingRules, talk: Talk) -> tuple[Kind, int, int]:
    """What is due next, when, and when its agent is called before (0: not); nothing of a conversation that is resolved or
    sleeps."""
    target = next((one for one in promises.targets if one.holds(talk)), None)
    if target is None or talk.status != "open" or talk.snooze_ms:
        return "", 0, 0
    found: list[tuple[int, Kind, datetime, float]] = []
    seconds = target.next if talk.answered else target.first
    if talk.waiting_ms and seconds is not None:
        waiting = datetime.fromtimestamp(talk.waiting_ms / 1000, UTC)
        found += [(_when(routing, talk.team, waiting, seconds), "next" if talk.answered else "first", waiting, seconds)]
    if target.resolve is not None:
        found += [(_when(routing, talk.team, talk.at, target.resolve), "resolve", talk.at, target.resolve)]
    at, kind, start, seconds = min((one for one in found if one[0]), default=(0, "", talk.at, 0.0))
    warned = at and promises.warn < 1
    return kind, at, _when(routing, talk.team, start, seconds * promises.warn) if warned else 0


def _when(routing: RoutingRules, team: str, start: datetime, seconds: float) -> int:
    hours = hours_of(routing, team)
    end = hours.after(start, seconds) if hours is not None else start + timedelta(seconds=seconds)
    return int(end.timestamp() * 1000) if end is not None else 0
