"""What the mutation fuzz found in frames, kept as it was."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.store.store import Store
from tests.widget.consoles import House
from tests.widget.customers import customer, web_house


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path) as made:
        yield made


@pytest.mark.parametrize("name", ["choice", "form"])
async def test_a_number_that_no_machine_word_holds_is_malformed(home: House, name: str) -> None:
    """Beside half an emoji, which has the body read by Python's own parser: that one keeps such numbers whole."""
    own = await customer(home)
    frame = {"t": "send", "id": "m1", "d": {name: {"title": 10**25, "text": "\ud83d", "fields": []}}}
    body = json.dumps({"tok": own.token, "epoch": own.epoch, "since": 0, "up": [frame]})
    answer = await own.api.post("/chat/web/poll", content=body)
    assert answer.status_code == 200, answer.text
    (said,) = answer.json()["down"]
    assert (said["t"], said["code"], said["retry"]) == ("no", "malformed", False)
