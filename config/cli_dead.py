"""Commands about what could not be handled or delivered."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Optional

import typer

from config.cli import ConfigOption, DataOption, JsonOption, pass_on
from hub.errors import ConfigError

dlq = typer.Typer(no_args_is_help=True, help="What could not be handled or delivered: list it, look at it, try it again.")
TargetOption = Annotated[str, typer.Option("--target", help="only this channel or desk")]
SinceOption = Annotated[
    str, typer.Option("--since", help="not older: 2026-11-28T10:00+01:00 (UTC without a zone), 90m, 24h or 7d")
]


@dlq.command("list", epilog="Example: frontdesk dlq list --state unknown --target telegram --since 24h --json")
def listed(
    state: Annotated[str, typer.Option(help="parked, failed or unknown")] = "parked",
    target: TargetOption = "",
    since: SinceOption = "",
    before: Annotated[str, typer.Option(help="the last id of the page before")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Parked messages, or deliveries that failed or whose fate is unknown; newest first."""
    pass_on(config, DATA=data)
    from config.dead_letters import Chosen, dead

    rows = asyncio.run(dead(Chosen(state, target, since), before, limit))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['at']}  {row['about']}  {row['reason']}")
    typer.echo(f"{len(rows)} shown", err=True)


@dlq.command("show", epilog="Example: frontdesk dlq show 4711")
def show(
    id: Annotated[str, typer.Argument(help="as `list` prints it")], config: ConfigOption = None, data: DataOption = None
) -> None:
    """One of them, whole, as JSON."""
    pass_on(config, DATA=data)
    from config.dead_letters import dead_one

    found = asyncio.run(dead_one(id))
    if found is None:
        typer.echo(f"there is no {id}", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))


@dlq.command("replay", epilog="Example: frontdesk dlq replay --state failed --target telegram --since 24h --dry-run")
def again(
    ids: Annotated[Optional[list[str]], typer.Argument(help="as `list` prints them")] = None,  # noqa: UP045
    state: Annotated[str, typer.Option(help="instead of ids, all of a kind: parked, failed or unknown")] = "",
    target: TargetOption = "",
    since: SinceOption = "",
    rate: Annotated[int, typer.Option(min=1, max=1000, help="how many a second: new messages wait behind them")] = 20,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be done")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Try them again: the same rows with the same keys, never copies. A delivery whose fate is unknown may arrive twice.

    Exit code 1: some are not tried again; each is named with the reason.
    """
    if bool(ids) == bool(state) or (ids and (target or since)):
        raise ConfigError("say which: ids as `frontdesk dlq list` prints them, or --state with --target and --since as wanted")
    pass_on(config, DATA=data)
    from config.dead_letters import Chosen, replay

    done = asyncio.run(replay(ids or [], Chosen(state, target, since) if state else None, dry_run=dry_run, rate=rate))
    typer.echo(done.said)
    if done.left:
        typer.echo("\n".join(done.left), err=True)
        raise typer.Exit(1)
