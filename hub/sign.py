"""What somebody at a desk does that is about no conversation: they look at their own page there, come, or go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from hub.model import DeskName, ExternalId, Frozen

SignKind = Literal["looks", "present", "away", "admit"]
LONGEST_S = 16 * 3600
"""How long an agent who came at a desk stays there without a sign of life."""
LONGEST_AWAY_S = 14 * 86_400


class Sign(Frozen):
    """`id` is unique within `desk`, `agent` the person's id there. `data` by kind: present {seconds, until_ms}, away {reason,
    seconds, until_ms}, of which a moment counts before a time from now on; admit {person, email}: who at the desk is the agent
    with that address."""

    what: Literal["sign"] = "sign"
    desk: DeskName
    id: ExternalId
    at: AwareDatetime
    agent: ExternalId
    kind: SignKind
    data: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a sign came to, for those who must hear of it after the commit; `state` is the agent's new one, if any."""

    sign: Sign
    agent_id: str = ""
    name: str = ""
    state: str = ""
