"""Commands about Slack: the app's manifest for this installation, and the workspaces that install it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Annotated, Any

import typer

from config.cli import ConfigOption, DataOption, JsonOption, pass_on
from hub.errors import ConfigError

slack = typer.Typer(no_args_is_help=True, help="Agents in Slack.")


@slack.command("manifest", epilog="Example: frontdesk slack manifest --url https://help.example.com")
def manifest(
    url: Annotated[str, typer.Option(help="the hub's public address, where hub.yaml's public_url is not it")] = "",
    desk: Annotated[str, typer.Option(help="the name of the desk's file, without .yaml")] = "slack",
    socket_mode: Annotated[bool, typer.Option("--socket-mode", help="for a machine without a public address")] = False,
    workspaces: Annotated[bool, typer.Option("--workspaces", help="for an app that several workspaces install")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Print the manifest of the Slack app: paste it at https://api.slack.com/apps, Create New App, From a manifest.

    It needs no tokens: they come from the app that is made of it.
    """
    from agents_bridge.slack.manifest import manifest as made_for

    pass_on(config)
    written = _said(f"desks/{desk}.yaml")
    polls = socket_mode or written.get("socket_mode") is True
    base = (url or os.environ.get("PUBLIC_URL", "") or str(_said("hub.yaml").get("public_url") or "")).rstrip("/")
    if not polls and not base.startswith("https://"):
        raise ConfigError("Slack wants a public https address: give it with --url or as public_url, or use --socket-mode")
    several = workspaces or "client_id" in written
    if several and not base.startswith("https://"):
        raise ConfigError("Slack leads admins back to a public https address: give it with --url or as public_url")
    found = made_for(f"{base}/hooks/{desk}", socket_mode=polls, back=f"{base}/connect/{desk}/back" if several else "")
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.dump(found, sys.stdout)


@slack.command("install", epilog="Example: frontdesk slack install --desk slack")
def install(
    desk: Annotated[str, typer.Option(help="the name of the desk's file, without .yaml")] = "slack",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Print a link that installs the app into a workspace: open it as an admin there. It works once, for 15 minutes."""
    from config.commands import install_link

    pass_on(config, DATA=data)
    url = asyncio.run(install_link(desk))
    typer.echo(json.dumps({"url": url, "expires_s": 900}) if as_json else url)


@slack.command("workspaces", epilog="Example: frontdesk slack workspaces --json")
def workspaces(
    desk: Annotated[str, typer.Option(help="the name of the desk's file, without .yaml")] = "slack",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """List the workspaces that the app is or was in, with what is missing there. Exit code 1 when one needs an admin."""
    from config.commands import workspaces_of

    pass_on(config, DATA=data)
    found = asyncio.run(workspaces_of(desk))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        for one in found:
            typer.echo(
                f"{one['workspace']}  {one['state']:6}  {one['name']}{'' if one['mapped'] else '  (has no conversations)'}"
            )
            typer.echo("".join(f"    {one_missing}\n" for one_missing in one["needs"]), nl=False)
        if not found:
            typer.echo("no workspace has installed it yet: frontdesk slack install")
    if any(one["needs"] for one in found):
        raise typer.Exit(1)


def _said(file: str) -> dict[str, Any]:
    """What a file of the configuration says, whether or not all of it holds yet."""
    from config.load import folder_of
    from config.source import Source

    path = folder_of() / file
    values = Source(path, dict(os.environ)).values if path.is_file() else None
    return values if isinstance(values, dict) else {}
