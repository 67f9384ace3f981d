"""Providers that nobody has written code for: an admin describes their JSON in YAML, and their customers are answered."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook as Standard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.conftest import until
from tests.servers.installation import installed
from tests.servers.serving import serving

THEIRS, OURS = "a-secret-of-the-marketplace", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
MARKET = """
type: webhook
inbound:
  paths:
    id: data.messages[0].mid
    customer: data.buyer.login
    text: data.messages[0].body
    name: data.buyer.title
    time: sent
  signature: {{scheme: hmac-sha256, secret: {theirs}, header: X-Hub-Signature-256, prefix: sha256=}}
outbound:
  url: {url}/v2/send
  secret: {ours}
  headers: {{x-shop: "17"}}
  body: {{to: {{login: "{{customer}}"}}, messages: [{{type: text, body: "{{text}}"}}], ref: "{{id}}"}}
private_networks: [127.0.0.0/8]
"""
GAME = """
type: webhook
inbound: {{paths: {{id: event, customer: player, text: say}}, unsigned: true}}
outbound: {{url: "{url}/v2/send", secret: {ours}, body: ["{{customer}}", "{{text}}"]}}
private_networks: [127.0.0.0/8]
"""


@pytest.mark.timeout(120)
async def test_two_providers_are_connected_by_yaml_alone(tmp_path: Path) -> None:
    got: list[tuple[dict[str, str], Any]] = []

    async def send(request: Request) -> Response:
        body = await request.body()
        Standard(OURS).verify(body, dict(request.headers))
        got.append((dict(request.headers), json.loads(body)))
        return Response()

    async with serving(Starlette(routes=[Route("/v2/send", send, methods=["POST"])])) as url:
        files = {
            "channels/market.yaml": MARKET.format(url=url, theirs=THEIRS, ours=OURS),
            "channels/game.yaml": GAME.format(url=url, ours=OURS),
            "bot.yaml": "enabled: false\n",
        }
        async with installed(tmp_path, files=files) as hub, httpx.AsyncClient() as http:
            token = (await hub.command("agent", "add", "bo@example.com", "--token")).strip()
            http.headers["authorization"] = f"Bearer {token}"
            message = {"mid": 91, "body": "Is it new?"}
            said = json.dumps({"sent": 1772357400, "data": {"buyer": {"login": "ana_7", "title": "Ana"}, "messages": [message]}})
            proof = "sha256=" + hmac.new(THEIRS.encode(), said.encode(), hashlib.sha256).hexdigest()
            assert (await http.post(hub.hook("market"), content=said)).status_code == 401
            for _ in range(2):
                assert (
                    await http.post(hub.hook("market"), content=said, headers={"x-hub-signature-256": proof})
                ).status_code == 200
            assert (
                await http.post(hub.hook("game"), json={"event": "e1", "player": 5, "say": "stuck in level 3"})
            ).status_code == 200
            api = f"{hub.url()}/console/api/conversations"

            async def both() -> bool:
                return len((await http.get(api)).json()["items"]) == 2

            await until(both, 20)
            items = {one["channel"]: one for one in (await http.get(api)).json()["items"]}
            assert (items["market"]["customer"]["name"], items["market"]["preview"]) == ("Ana", "Is it new?")
            for name, text in (("market", "Yes, it is"), ("game", "Jump twice")):
                made = await http.post(f"{api}/{items[name]['id']}/entries", json={"id": name, "text": text})
                assert made.status_code == 201, made.text
            await until(lambda: len(got) == 2, 20)
            (head, answer), (_, other) = sorted(got, key=lambda one: isinstance(one[1], list))
            assert answer == {
                "to": {"login": "ana_7"},
                "messages": [{"type": "text", "body": "Yes, it is"}],
                "ref": head["webhook-id"],
            }
            assert (head["x-shop"], head["idempotency-key"]) == ("17", head["webhook-id"])
            assert other == ["5", "Jump twice"]
