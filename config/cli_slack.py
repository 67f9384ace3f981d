"""Commands about Slack: the app's manifest for this installation."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Any

import typer

from config.cli import ConfigOption, JsonOption, pass_on
from hub.errors import ConfigError

slack = typer.Typer(no_args_is_help=True, help="Agents in Slack.")


@slack.callback()
def _slack() -> None:
    """Keeps `manifest` a command of its own while it is the only one."""


@slack.command("manifest", epilog="Example: frontdesk slack manifest --url https://help.example.com")
def manifest(
    url: Annotated[str, typer.Option(help="the hub's public address, where hub.yaml's public_url is not it")] = "",
    desk: Annotated[str, typer.Option(help="the name of the desk's file, without .yaml")] = "slack",
    socket_mode: Annotated[bool, typer.Option("--socket-mode", help="for a machine without a public address")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Print the manifest of the Slack app: paste it at https://api.slack.com/apps, Create New App, From a manifest.

    It needs no tokens: they come from the app that is made of it.
    """
    from agents_bridge.slack.manifest import manifest as made_for

    pass_on(config)
    polls = socket_mode or _said(f"desks/{desk}.yaml").get("socket_mode") is True
    base = (url or os.environ.get("PUBLIC_URL", "") or str(_said("hub.yaml").get("public_url") or "")).rstrip("/")
    if not polls and not base.startswith("https://"):
        raise ConfigError("Slack wants a public https address: give it with --url or as public_url, or use --socket-mode")
    found = made_for(f"{base}/hooks/{desk}", socket_mode=polls)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.dump(found, sys.stdout)


def _said(file: str) -> dict[str, Any]:
    """What a file of the configuration says, whether or not all of it holds yet."""
    from config.load import folder_of
    from config.source import Source

    path = folder_of() / file
    values = Source(path, dict(os.environ)).values if path.is_file() else None
    return values if isinstance(values, dict) else {}
