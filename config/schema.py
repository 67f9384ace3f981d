"""The configuration as data: JSON Schemas of its files, and all that holds with secrets masked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agents_bridge import DESKS
from config.load import RULES, Installation
from config.settings import HubSettings
from connectors import CONNECTORS

REFERENCE = {"type": "string", "pattern": r"\$\{[A-Za-z_]"}
"""Any value may be `${NAME}`; an editor must not call that a mistake."""


def models() -> dict[str, type[BaseModel]]:
    """Every kind of file and the type that it is read into."""
    found: dict[str, type[BaseModel]] = {"hub": HubSettings, **{Path(file).stem: model for file, model in RULES.items()}}
    found |= {f"channel-{name}": kind.settings for name, kind in CONNECTORS.items()}
    return found | {f"desk-{name}": kind.settings for name, kind in DESKS.items()}


def schemas() -> dict[str, dict[str, Any]]:
    """A JSON Schema for every kind of file."""
    made = {}
    for name, model in models().items():
        whole = _open(model.model_json_schema())
        if "type" in whole.get("properties", {}):
            whole["required"] = sorted({"type", *whole.get("required", ())})
        made[name] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}
    return made


def _open(node: Any) -> Any:
    """The schema with references to the environment allowed where numbers, switches and choices stand."""
    if isinstance(node, list):
        return [_open(value) for value in node]
    if not isinstance(node, dict):
        return node
    made = {key: _open(value) for key, value in node.items()}
    if node.get("type") in ("integer", "number", "boolean") or ("enum" in node and node.get("type") == "string"):
        about = {key: made.pop(key) for key in ("title", "description", "default") if key in made}
        return {**about, "anyOf": [made, REFERENCE]}
    return made


def shown(installation: Installation) -> dict[str, Any]:
    """All that holds; a secret is shown as stars."""
    return {
        "folder": str(installation.folder.resolve()),
        "hub": installation.hub.model_dump(mode="json"),
        "channels": {str(name): one.model_dump(mode="json") for name, one in installation.channels.items()},
        "desks": {str(name): one.model_dump(mode="json") for name, one in installation.desks.items()},
        "routing": installation.routing.model_dump(mode="json"),
        "bot": installation.bot.model_dump(mode="json"),
        "notices": installation.notices.model_dump(mode="json"),
        "replies": installation.canned.model_dump(mode="json"),
        "survey": installation.survey.model_dump(mode="json"),
        "console": installation.workbench.model_dump(mode="json", exclude_unset=True),
        "access": installation.access.model_dump(mode="json"),
        "sla": installation.promises.model_dump(mode="json"),
        "tasks": installation.tasks.model_dump(mode="json"),
        "translation": installation.translation.model_dump(mode="json"),
    }
