"""Commands about WeChat: codes with scenes, which say where somebody came from."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from config.cli import ConfigOption, JsonOption, pass_on
from hub.errors import ConfigError, ConnectorError

wechat = typer.Typer(no_args_is_help=True, help="Customers in WeChat.")


@wechat.callback()
def about() -> None:
    """Commands for WeChat Official Accounts."""


@wechat.command("code", epilog="Example: frontdesk wechat code wechat shop7 --days 7")
def code(
    channel: Annotated[str, typer.Argument(help="the name of the channel's file, without .yaml")],
    scene: Annotated[str, typer.Argument(help="what came_by in routing.yaml knows it by, at most 64 characters")],
    days: Annotated[int, typer.Option(help="how long the code is good, 1 to 30")] = 30,
    forever: Annotated[bool, typer.Option("--forever", help="for ever; an account has 100 000 of these")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Make a QR code that leads to the account and says where somebody came from; print the address of its picture.

    Exit code 1 when WeChat does not make it, 2 when what you asked for is a mistake.
    """
    from config.load import load
    from connectors.wechat.codes import code_for
    from hub.model import ChannelName

    pass_on(config)
    settings = load().channels.get(ChannelName(channel))
    if settings is None:
        raise ConfigError(f"there is no channels/{channel}.yaml")
    try:
        made = asyncio.run(code_for(settings, scene, None if forever else days))
    except ConnectorError as exc:
        typer.echo(f"no code was made: {exc}", err=True)
        raise typer.Exit(1) from None
    until = made.until.isoformat(timespec="seconds") if made.until else None
    if as_json:
        typer.echo(json.dumps({"scene": made.scene, "picture": made.picture, "holds": made.holds, "until": until}))
    else:
        typer.echo(f"{made.picture}\nscene {made.scene}, good {f'until {until}' if until else 'for ever'}")
