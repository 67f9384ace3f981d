"""Commands about the configuration's files: check them, show what they say, write schemas for editors."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from config.cli import ConfigOption, JsonOption, pass_on
from hub.errors import ConfigError

settings = typer.Typer(no_args_is_help=True, help="What this installation is told to be.")


def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Read every file of the configuration and say every mistake. Exit code 0: none; 1: mistakes; 2: no configuration there."""
    from config.load import Faulty, load

    pass_on(config)
    try:
        found = load()
    except Faulty as exc:
        if as_json:
            typer.echo(json.dumps({"ok": False, "problems": [asdict(problem) for problem in exc.problems]}, ensure_ascii=False))
        else:
            typer.echo(exc.told(), err=True)
        raise typer.Exit(1) from None
    channels = {str(name): one.type for name, one in found.channels.items()}
    desks = {str(name): one.type for name, one in found.desks.items()}
    if as_json:
        typer.echo(json.dumps({"ok": True, "folder": str(found.folder), "channels": channels, "desks": desks}))
    else:
        typer.echo(f"{found.folder}: no mistakes; channels {_names(channels)}; desks {_names(desks)}")


def _names(places: dict[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" if name != kind else name for name, kind in sorted(places.items())) or "none"


def schema(folder: Annotated[Path, typer.Argument(help="where to write the files")] = Path("schemas")) -> None:
    """Write a JSON Schema for every kind of file, for editors that complete and check while you type."""
    from config.schema import schemas

    for name, made in schemas().items():
        path = folder / f"{name}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
        except OSError as exc:
            raise ConfigError(f"{path} can't be written: {exc.strerror}; give another folder") from exc
        typer.echo(path)


@settings.command("show", epilog="Example: frontdesk config show --config /etc/frontdesk")
def show(config: ConfigOption = None) -> None:
    """Everything that holds, defaults and environment included, as JSON; secrets are masked."""
    from config.load import load
    from config.schema import shown

    pass_on(config)
    typer.echo(json.dumps(shown(load()), indent=2, ensure_ascii=False))


@settings.command("path")
def path() -> None:
    """The folder that is read."""
    from config.load import folder_of

    found = folder_of()
    if not found.is_dir():
        raise ConfigError(f"{found}: there is no such folder")
    typer.echo(found.resolve())


def seal_key(as_json: JsonOption = False) -> None:
    """Print a new key for seal_keys: it seals tokens in the database. Keep it where backups of the database are not kept."""
    from hub.sealing import new_key

    typer.echo(json.dumps({"key": new_key()}) if as_json else new_key())
