"""Who somebody in Slack is and where, as `users.info` tells it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from agents_bridge.slack.calls import Slack
from agents_bridge.slack.clocks import zone_of
from agents_bridge.slack.errors import translated
from hub.model import ExternalId
from hub.people import Member, Standing

PEOPLE_S = 3600.0
"""How long what Slack said of somebody is believed."""
ASK_MOST, ASK_S = 40, 1.0
"""People for whose zones Slack is asked at one time (it takes about a hundred such questions a minute), and for how long."""


class People:
    """The members of one workspace, as one process knows them."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._known: dict[str, tuple[float, Member]] = {}

    async def person(self, agent: ExternalId) -> Member:
        """Who somebody is; asked once an hour."""
        if self._fresh(str(agent)):
            return self._known[str(agent)][1]
        with translated("users.info", posts=False):
            answer = await self._slack.web.users_info(user=str(agent).split(":")[-1])
            found = member_of(answer["user"], str(agent).split(":")[0])
        self._known[str(agent)] = (time.monotonic() + PEOPLE_S, found)
        return found

    async def zones(self, people: Sequence[str]) -> dict[str, tzinfo]:
        """Where these are, as far as it is known or Slack tells it soon. No more are asked for than it answers in a moment; the
        next time asks for others."""
        unknown = [one for one in people if not self._fresh(one)][:ASK_MOST]
        tasks = [asyncio.create_task(self.person(ExternalId(one))) for one in unknown]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=ASK_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        known = {one: self._known[one][1].zone for one in people if self._fresh(one)}
        return {one: zone for one, name in known.items() if (zone := zone_of({"tz": name})) is not None}

    def _fresh(self, agent: str) -> bool:
        known = self._known.get(agent)
        return known is not None and known[0] > time.monotonic()

    async def zone(self, user: str) -> tzinfo | None:
        """Where somebody is; asked each time, for they travel."""
        with translated("users.info", posts=False):
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
