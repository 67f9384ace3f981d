"""Commands about agents, and the words with which `frontdesk up` greets whoever started it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from config.cli import ConfigOption, pass_on

agent = typer.Typer(no_args_is_help=True, help="People who answer.")


def first_admin(config: ConfigOption = None) -> None:
    """Print the one-time link for the first admin; nothing when there is an admin."""
    from config.commands import first_link

    pass_on(config)
    typer.echo(asyncio.run(first_link()))


def welcome(url: str, demo: Annotated[bool, typer.Option("--demo")] = False) -> None:
    """Say where to click, and how the first admin gets in."""
    from rich.console import Console
    from rich.markup import escape

    from config.commands import first_link

    lines = [f"[bold green]Frontdesk is ready[/]: {url}"]
    lines += [f"  demo page   [cyan]{url}/demo[/]"] if demo else []
    lines += [f"  console     [cyan]{url}/console/[/]"]
    link = asyncio.run(first_link())
    if link:
        lines += [f"  first admin [bold cyan]{escape(link)}[/]", "              (open it once; it is good for a day)"]
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    for line in lines:
        console.print(line)


@agent.command("add", epilog="Example: frontdesk agent add ann@example.com --name Ann --role agent")
def add(
    email: str,
    name: Annotated[str, typer.Option(help="as customers see it")] = "",
    role: Annotated[str, typer.Option(help="admin, supervisor, agent or viewer")] = "agent",
    token: Annotated[bool, typer.Option("--token", help="print an API token instead of an invitation")] = False,
    config: ConfigOption = None,
) -> None:
    """Add somebody who answers, and print the link by which they choose a password; again for one who has lost it."""
    from config.commands import add_agent

    pass_on(config)
    typer.echo(asyncio.run(add_agent(email, name or email.split("@")[0], role, token)))


agent.command("invite", epilog="Example: frontdesk agent invite ann@example.com")(add)
