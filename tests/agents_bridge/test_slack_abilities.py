"""What a desk of one workspace can do, a desk of several can do too: the hub asks each of them by its abilities."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any

from agents_bridge.slack.desk import SlackDesk
from agents_bridge.slack.workspaces import SlackWorkspaces
from hub import abilities, installs, people
from hub.model import DeskName
from hub.ports import Desk, Kit
from tests.agents_bridge.desks import MemoryFiles, bare_desk
from tests.agents_bridge.several import settings
from tests.servers.slack import SlackServer

ABILITIES = [
    one
    for module in (abilities, installs, people)
    for name, one in vars(module).items()
    if name.startswith("Supports") and getattr(one, "_is_runtime_protocol", False)
]


def able(desk: Any) -> set[str]:
    return {one.__name__ for one in ABILITIES if isinstance(desk, one)}


async def test_a_desk_of_several_workspaces_has_every_ability_of_a_desk_of_one(slack: SlackServer) -> None:
    kit = Kit(files=MemoryFiles(), public_url="", now=lambda: datetime.now(UTC))
    one, several = bare_desk(), SlackWorkspaces(DeskName("slack"), settings(slack), kit)
    assert {"SupportsAmend", "SupportsDirect", "SupportsDigest", "SupportsEscalation", "SupportsThreadTyping"} <= able(one)
    assert able(one) <= able(several)
    assert able(several) - able(one) == {"SupportsInstall", "SupportsParts"}
    held = [Desk, *(wanted for wanted in ABILITIES if isinstance(one, wanted))]
    for name in {name for wanted in held for name in vars(wanted) if name[0] != "_"}:
        asked = [getattr(kind, name, None) for kind in (SlackDesk, SlackWorkspaces)]
        if all(inspect.isfunction(found) for found in asked):
            first, second = (list(inspect.signature(found).parameters) for found in asked if found is not None)
            assert first == second, name
