"""`frontdesk sandbox`: a local playground, where a newcomer is customer and agent at once and needs no account."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from config.cli_run import ROOT, become
from hub.errors import ConfigError

PLAYGROUND = ROOT / "tests" / "sandbox" / "__main__.py"
"""The platforms are played by the servers that tests use; a checkout has them, an installed package has not."""


def sandbox(
    port: Annotated[int, typer.Option(min=1, max=65535, help="where Frontdesk listens")] = 8000,
    page: Annotated[int, typer.Option(min=1, max=65535, help="where the playground's page is")] = 8010,
    lang: Annotated[str, typer.Option(help="en or zh; as your terminal's when left out")] = "",
) -> None:
    """Try everything without an account: write as a customer on Telegram and WeChat, answer as an agent in Slack, all played on
    this machine. Ctrl-C ends it, and nothing of it stays."""
    if not PLAYGROUND.is_file():
        raise ConfigError(
            "the sandbox plays Telegram, WeChat and Slack with the servers of tests/, which the installed package leaves out; "
            "run it from a checkout: make sandbox"
        )
    if lang not in ("", "en", "zh"):
        raise ConfigError(f"--lang {lang}: must be en or zh")
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    chosen = lang or ("zh" if spoken.startswith("zh") else "en")
    os.chdir(ROOT)
    become("tests.sandbox", "--port", str(port), "--page", str(page), "--lang", chosen)
