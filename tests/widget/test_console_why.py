"""Why nobody has a conversation, and why somebody does, as agents are told."""

from __future__ import annotations

from pathlib import Path

from hub.routing import RoutingRules
from hub.store.store import Store
from tests.widget.consoles import house

RULES = RoutingRules.model_validate({"strategy": "least_busy", "capacity": 1})


async def test_agents_see_why_somebody_waits_and_why_somebody_has_it(
    store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    async with house(store, redis_url, prefix, tmp_path / "files", routing=RULES) as home:
        bo = await home.agent()
        api = "/console/api"

        async def why(talk: str) -> str | None:
            found: str | None = (await bo.api.get(f"{api}/conversations/{talk}")).json()["waits_for"]
            return found

        first = await home.customer_says("Hello?", customer="ann", channel="page")
        assert await why(first) == "nobody_present"
        await bo.api.put(f"{api}/me/presence", json={"state": "present"})
        await home.work()
        assert await why(first) is None, "who waits is given to whoever comes"
        items = (await bo.api.get(f"{api}/conversations/{first}/entries")).json()["items"]
        assert [item["d"]["data"]["reason"] for item in items if item["k"] == "assigned"] == ["least_busy"]
        second = await home.customer_says("Hello?", customer="ben", channel="page")
        assert await why(second) == "all_full"
        await bo.api.post(f"{api}/conversations/{first}/resolve", json={"id": "r1"})
        await home.work()
        assert await why(second) is None
