"""Commands about agents."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from config.cli import ConfigOption, DataOption, pass_on

agent = typer.Typer(no_args_is_help=True, help="People who answer.")


def first_admin(config: ConfigOption = None, data: DataOption = None) -> None:
    """Print the one-time link for the first admin; nothing when there is an admin."""
    from config.commands import first_link

    pass_on(config, DATA=data)
    typer.echo(asyncio.run(first_link()))


@agent.command("add", epilog="Example: frontdesk agent add ann@example.com --name Ann --role agent")
def add(
    email: str,
    name: Annotated[str, typer.Option(help="as customers see it")] = "",
    role: Annotated[str, typer.Option(help="admin, supervisor, agent, viewer, or one of access.yaml")] = "agent",
    token: Annotated[bool, typer.Option("--token", help="print an API token instead of an invitation")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Add somebody who answers, and print the link by which they choose a password; again for one who has lost it."""
    from config.commands import add_agent

    pass_on(config, DATA=data)
    typer.echo(asyncio.run(add_agent(email, name or email.split("@")[0], role, token)))


@agent.command("reset-factor", epilog="Example: frontdesk agent reset-factor ann@example.com")
def reset_factor(email: str, config: ConfigOption = None, data: DataOption = None) -> None:
    """Take the second factor from an agent whose device and recovery codes are lost; every session of theirs ends."""
    from config.commands import reset_factor as reset

    pass_on(config, DATA=data)
    typer.echo(asyncio.run(reset(email)))


agent.command("invite", epilog="Example: frontdesk agent invite ann@example.com")(add)
