"""Commands about what could not be handled or delivered."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from config.cli import ConfigOption, JsonOption, pass_on

dlq = typer.Typer(no_args_is_help=True, help="What could not be handled or delivered: list it, look at it, try it again.")


@dlq.command("list", epilog="Example: frontdesk dlq list --state unknown --json")
def listed(
    state: Annotated[str, typer.Option(help="parked, failed or unknown")] = "parked",
    target: Annotated[str, typer.Option(help="only this channel or desk")] = "",
    before: Annotated[str, typer.Option(help="the last id of the page before")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Parked messages, or deliveries that failed or whose fate is unknown; newest first."""
    from config.commands import dead

    pass_on(config)
    rows = asyncio.run(dead(state, target, before, limit))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['at']}  {row['about']}  {row['reason']}")
    typer.echo(f"{len(rows)} shown", err=True)


@dlq.command("show", epilog="Example: frontdesk dlq show 4711")
def show(id: Annotated[str, typer.Argument(help="as `list` prints it")], config: ConfigOption = None) -> None:
    """One of them, whole, as JSON."""
    from config.commands import dead_one

    pass_on(config)
    found = asyncio.run(dead_one(id))
    if found is None:
        typer.echo(f"there is no {id}", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))


@dlq.command("replay", epilog="Example: frontdesk dlq replay 4711 4712 --dry-run")
def again(
    ids: Annotated[list[str], typer.Argument(help="as `list` prints them")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be done")] = False,
    config: ConfigOption = None,
) -> None:
    """Try them again: the same rows with the same keys, never copies. A delivery whose fate is unknown may arrive twice."""
    from config.commands import replay

    pass_on(config)
    typer.echo(asyncio.run(replay(ids, dry_run)))
