"""A Redis of their own for tests that kill processes: what these leave behind in it goes with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import own_valkey


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Valkey that nobody else uses."""
    with own_valkey() as url:
        yield url
