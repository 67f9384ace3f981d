"""`frontdesk bench`: measure this machine with this release, beside the budgets."""

from __future__ import annotations

import asyncio
from typing import Annotated, Optional

import typer

from config.cli import JsonOption

SOCKETS = "idle widget sockets; 10 000, or as many as this machine lets a process open"
ONLY = "some measurements only, with commas: ready, idle, sockets, one, accepted, sustained, latency, console, desk"


def bench(
    only: Annotated[str, typer.Option(help=ONLY)] = "",
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="how long each measurement lasts")] = 8.0,
    messages: Annotated[int, typer.Option(min=10, max=5_000_000, help="messages of one flood at most")] = 20_000,
    sockets: Annotated[Optional[int], typer.Option(min=10, max=20_000, help=SOCKETS)] = None,  # noqa: UP045
    conversations: Annotated[int, typer.Option(min=10, max=200_000, help="open conversations of the console's list")] = 10_000,
    database: Annotated[Optional[str], typer.Option(help="postgresql://… or mysql://…, instead of SQLite")] = None,  # noqa: UP045
    redis: Annotated[Optional[str], typer.Option(help="redis://…, instead of the bundled Valkey")] = None,  # noqa: UP045
    as_json: JsonOption = False,
) -> None:
    """Start Frontdesk with throw-away data, put load on it, and show each figure beside its budget.

    Exit code 1: a message was lost.
    """
    from config.bench.measures import NAMES, most_sockets
    from config.bench.run import Options, bench_all
    from config.bench.servers import Servers, check

    asked = tuple(filter(None, (name.strip() for name in only.split(",")))) or NAMES
    if unknown := sorted(set(asked) - set(NAMES)):
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(NAMES)}", param_hint="--only")
    servers = Servers(database or "", redis or "")
    check(servers)
    report = asyncio.run(bench_all(Options(asked, servers, seconds, messages, sockets or most_sockets(), conversations)))
    if as_json:
        import orjson

        typer.echo(orjson.dumps(report.as_json()).decode())
    else:
        report.show()
    raise typer.Exit(1 if report.lost else 0)
