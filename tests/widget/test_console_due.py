"""What is due, and when, in the console's lists."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hub.promises import Promises
from hub.store.store import Store
from tests.widget.consoles import house


async def test_a_conversation_says_what_is_due(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    promises = Promises.model_validate({"targets": [{"first": "15m"}]})
    async with house(store, redis_url, prefix, tmp_path / "files", promises=promises) as home:
        bo = await home.agent()
        talk = await home.customer_says("Hello?")
        (row,) = (await bo.api.get("/console/api/conversations")).json()["items"]
        whole = (await bo.api.get(f"/console/api/conversations/{talk}")).json()
        assert row["due"] == whole["due"]
        assert row["due"]["kind"] == "first"
        left = datetime.fromisoformat(row["due"]["at"]) - datetime.now(UTC)
        assert 870 < left.total_seconds() <= 901
        assert (await bo.say(talk, "Hi")).status_code == 201
        await home.work()
        assert (await bo.api.get(f"/console/api/conversations/{talk}")).json()["due"] is None
