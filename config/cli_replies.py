"""Commands about canned replies: those of the file, and those that agents have saved."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from config.cli import ConfigOption, DataOption, JsonOption, pass_on

replies = typer.Typer(no_args_is_help=True, help="Canned replies: see them, and delete one that an agent has saved.")
NameArgument = Annotated[str, typer.Argument(help="as `list` prints it; case does not matter")]


@replies.command("list", epilog="Example: frontdesk replies list --json")
def listed(as_json: JsonOption = False, config: ConfigOption = None, data: DataOption = None) -> None:
    """All canned replies, and where each comes from: `file` or `saved`. Where both have one name, the file's holds."""
    pass_on(config, DATA=data)
    from config.commands import all_replies

    found = asyncio.run(all_replies())
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        typer.echo("  ".join(filter(None, (one["name"], one["source"], one["title"], one["by"]))))
    typer.echo(f"{len(found)} shown", err=True)


@replies.command("show", epilog="Example: frontdesk replies show thanks")
def show(name: NameArgument, as_json: JsonOption = False, config: ConfigOption = None, data: DataOption = None) -> None:
    """One of them with its texts. Exit code 1: there is none of that name."""
    pass_on(config, DATA=data)
    from config.commands import all_replies

    found = next((one for one in asyncio.run(all_replies()) if one["name"].casefold() == name.casefold()), None)
    if found is None:
        typer.echo(f"there is no canned reply named {name}", err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for locale, text in found["text"].items():
        typer.echo(f"[{locale}]\n{text}")


@replies.command("remove", epilog="Example: frontdesk replies remove sent")
def remove(name: NameArgument, config: ConfigOption = None, data: DataOption = None) -> None:
    """Delete a reply that an agent has saved; the audit log has it. Exit code 1: there is no saved one of that name."""
    pass_on(config, DATA=data)
    from config.commands import forget_reply

    if not asyncio.run(forget_reply(name)):
        typer.echo(f"no agent has saved a canned reply named {name}; those of the file are changed in replies.yaml", err=True)
        raise typer.Exit(1)
