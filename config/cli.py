"""What commands have in common: options, and how they are passed on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Optional

import typer

ConfigOption = Annotated[Optional[Path], typer.Option("--config", help="the configuration's folder")]  # noqa: UP045
DataOption = Annotated[  # its default is what hub.yaml says
    Optional[Path],  # noqa: UP045
    typer.Option("--data", help="the data folder of the installation, where it is not ./data"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON, for scripts")]


def pass_on(config: Path | None, **values: object) -> None:
    """What a command was told goes to children and to the loader alike."""
    if config is not None:
        os.environ["FRONTDESK_CONFIG"] = str(config.resolve())
    for name, value in values.items():
        if value is not None:
            os.environ[name] = str(value)
