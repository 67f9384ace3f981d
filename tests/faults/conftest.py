"""A Redis of their own for tests that kill processes: what these leave behind in it goes with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import start_valkey


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Valkey that nobody else uses."""
    with tempfile.TemporaryDirectory(prefix="fd") as folder:
        server, url = start_valkey(Path(folder))
        try:
            yield url
        finally:
            server.terminate()
            server.wait(10)
