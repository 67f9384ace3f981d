"""Desks where agents already are: hub message ⇄ thread. This dict is all there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents_bridge.slack.settings import SlackSettings, WorkspacesSettings
from hub.ports import Settings

if TYPE_CHECKING:
    from hub.ports import Desk


@dataclass(frozen=True, slots=True)
class DeskType:
    """What `type:` in a desk's YAML stands for. `load` imports the platform's SDK; reading settings never does."""

    settings: type[Settings]
    load: Callable[[], Callable[..., Desk]]


def _slack() -> Any:
    from agents_bridge.slack.desk import SlackDesk

    return SlackDesk


def _slack_workspaces() -> Any:
    from agents_bridge.slack.workspaces import SlackWorkspaces

    return SlackWorkspaces


DESKS: dict[str, DeskType] = {
    "slack": DeskType(SlackSettings, _slack),
    "slack_workspaces": DeskType(WorkspacesSettings, _slack_workspaces),
}
