"""The `frontdesk` command. What needs the store or an SDK is imported by the command itself: `up` must stay small."""

from __future__ import annotations

import typer

from config.cli_bench import bench
from config.cli_dead import dlq
from config.cli_files import check, schema, seal_key, settings
from config.cli_people import agent, first_admin
from config.cli_replies import replies
from config.cli_run import up, web, worker
from config.cli_sandbox import sandbox
from config.cli_slack import slack
from config.cli_wechat import wechat
from hub.errors import ConfigError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Frontdesk, a customer-service hub. Start with: frontdesk up",
)
app.command(epilog="Example: frontdesk up --port 8080 --data /var/lib/frontdesk --workers 2")(up)
app.command(epilog="Example: DATABASE_URL=postgresql://… REDIS_URL=redis://… frontdesk web")(web)
app.command(epilog="Example: DATABASE_URL=postgresql://… REDIS_URL=redis://… frontdesk worker")(worker)
app.command(epilog="Example: frontdesk sandbox --lang zh")(sandbox)
app.command(epilog="Example: frontdesk check --config /etc/frontdesk --json")(check)
app.command(epilog="Example: frontdesk schema schemas/")(schema)
app.command(epilog="Example: frontdesk bench --only accepted,latency --database postgresql://… --redis redis://… --json")(bench)
app.command("first-admin", epilog="Example: frontdesk first-admin")(first_admin)
app.command("seal-key", epilog="Example: frontdesk seal-key")(seal_key)
app.add_typer(settings, name="config")
app.add_typer(agent, name="agent")
app.add_typer(dlq, name="dlq")
app.add_typer(replies, name="replies")
app.add_typer(slack, name="slack")
app.add_typer(wechat, name="wechat")


def main() -> None:
    """The console script."""
    try:
        app()
    except ConfigError as exc:
        typer.echo(str(exc), err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
