"""Who somebody in Slack is and where, as `users.info` tells it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from typing import Any

from agents_bridge.slack.calls import Slack
from agents_bridge.slack.clocks import zone_of
from agents_bridge.slack.errors import translated
from hub.errors import Temporary
from hub.model import ExternalId
from hub.people import Member, Standing

PEOPLE_S, ZONE_S = 3600.0, 86_400.0
"""How long what Slack said of somebody is believed, and how long it does for what time it is where they live."""
ASK_MOST, ASK_S = 10, 1.0
"""People for whose zones Slack is asked at one time, and for how long."""
SHARE, MINUTE_S = 30, 60.0
"""Questions in a minute of one process after which nobody is asked for zones: Slack takes about a hundred in a workspace, and the
others are needed to tell who speaks."""


class People:
    """The members of one workspace, as one process knows them."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._known: dict[str, tuple[float, Member, tzinfo | None]] = {}
        self._tried: dict[str, float] = {}
        self._asked: deque[float] = deque(maxlen=SHARE)
        self._limited = 0.0

    async def person(self, agent: ExternalId) -> Member:
        """Who somebody is; asked once an hour."""
        if self._age(str(agent)) < PEOPLE_S:
            return self._known[str(agent)][1]
        self._tried[str(agent)] = time.monotonic()
        with self._question():
            user = (await self._slack.web.users_info(user=str(agent).split(":")[-1]))["user"]
            found, zone = member_of(user, str(agent).split(":")[0]), zone_of(user)
        self._known[str(agent)] = (time.monotonic(), found, zone)
        return found

    async def zones(self, people: Sequence[str]) -> dict[str, tzinfo]:
        """Where these are, as far as it is known or Slack tells it soon. No more are asked for than it answers in a moment; the
        next time asks for others."""
        unknown = sorted((one for one in people if self._age(one) >= PEOPLE_S), key=lambda one: self._tried.get(one, 0.0))
        tasks = [asyncio.create_task(self.person(ExternalId(one))) for one in unknown[: self._room()]]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=ASK_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        known = {one: self._known[one][2] for one in people if self._age(one) < ZONE_S}
        return {one: zone for one, zone in known.items() if zone is not None}

    def _age(self, agent: str) -> float:
        known = self._known.get(agent)
        return math.inf if known is None else time.monotonic() - known[0]

    def _room(self) -> int:
        """How many questions may be spent on zones at this moment: none while Slack asks to slow down."""
        now = time.monotonic()
        lately = sum(at > now - MINUTE_S for at in self._asked)
        return 0 if now < self._limited else min(ASK_MOST, SHARE - lately)

    @contextmanager
    def _question(self) -> Iterator[None]:
        """Around a question, whoever needs the answer."""
        self._asked.append(time.monotonic())
        try:
            with translated("users.info", posts=False):
                yield
        except Temporary as exc:
            self._limited = max(self._limited, time.monotonic() + (exc.retry_after or 0.0))
            raise

    async def zone(self, user: str) -> tzinfo | None:
        """Where somebody is; asked each time, for they travel."""
        with self._question():
            return zone_of((await self._slack.web.users_info(user=user))["user"])


def member_of(found: Mapping[str, Any], team: str) -> Member:
    """A member of the workspace `team`; guests and people of other workspaces are told apart from full members."""
    profile = found.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or found.get("real_name") or found.get("name")
    email, zone = str(profile.get("email") or ""), str(found.get("tz") or "")
    return Member(str(name or ""), email, _standing(found, team), zone[:64])


def _standing(found: Mapping[str, Any], team: str) -> Standing:
    home = str(found.get("team_id") or team)
    if found.get("is_stranger") or (home != team and not found.get("enterprise_user")):
        return "outside"
    if found.get("is_restricted") or found.get("is_ultra_restricted") or found.get("deleted") or found.get("is_bot"):
        return "guest"
    return "member"
