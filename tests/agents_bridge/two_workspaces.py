"""The two workspaces of one app, as tests look at their threads."""

from __future__ import annotations

from tests.agents_bridge.several import Hall
from tests.servers.slack_people import Elsewhere


def shop(at: Hall) -> Elsewhere:
    return at.slack.elsewhere["T1SHOP"]


def partner(at: Hall) -> Elsewhere:
    return at.slack.elsewhere["T2PARTNER"]


def threads(there: Elsewhere) -> list[str]:
    """The threads of a workspace, "channel:ts"."""
    return list(dict.fromkeys(f"{one['channel']}:{one['thread_ts']}" for one in there.posts() if one["thread_ts"]))
