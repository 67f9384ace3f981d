"""Who somebody in Slack is, as `users.info` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.people import Member, Standing


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
