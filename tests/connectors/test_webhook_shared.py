"""Real payloads of other hubs and platforms from ../shared, read by declared channels by paths alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.webhook import Webhook
from connectors.webhook_settings import WebhookSettings
from hub.errors import Malformed
from hub.model import ChannelName, Message, Text
from hub.ports import Hook, Kit
from tests.connectors.conftest import Shelf
from tests.connectors.webhook_channel import WHSEC

SHARED = Path(__file__).parents[3] / "shared" / "payloads" / "unified"
INDEX: list[dict[str, Any]] = json.loads((SHARED / "INDEX.json").read_text("utf-8")) if SHARED.is_dir() else []
PATHS: dict[str, dict[str, str]] = {
    "bf": {"id": "id", "customer": "from.id", "text": "text", "name": "from.name", "time": "timestamp"},
    "bf_directline": {"id": "activities[0].id", "customer": "activities[0].from.id", "text": "activities[0].text"},
    "sm": {
        "id": "messages[0]._id",
        "customer": "messages[0].authorId",
        "text": "messages[0].text",
        "name": "messages[0].name",
        "time": "messages[0].received",
    },
    "sc2": {
        "id": "events[0].payload.message.id",
        "customer": "events[0].payload.message.author.userId",
        "text": "events[0].payload.message.content.text",
        "name": "events[0].payload.message.author.displayName",
    },
    "cw": {"id": "id", "customer": "sender.id", "text": "content", "media": "attachments[0].data_url"},
    "rc": {"id": "messages[0]._id", "customer": "visitor._id", "text": "messages[0].msg", "name": "messages[0].u.name"},
    "ln": {
        "id": "events[0].message.id",
        "customer": "events[0].source.userId",
        "text": "events[0].message.text",
        "time": "events[0].timestamp",
    },
}
"""Where everything stands, by whose payload it is."""
OWN_WORDS = "no path tells a customer's message from others: a provider is told to call for customers' messages alone"
DIFFERENT = {
    "002_bf_input_hint_expecting.json": OWN_WORDS,
    "004_bf_media_data_uri.json": OWN_WORDS,
    "006_bf_adaptive_card.json": OWN_WORDS,
    "008_bf_reply.json": OWN_WORDS,
    "010_bf_speak.json": OWN_WORDS,
    "016_sm_carousel.json": OWN_WORDS,
    "024_sm_delivery_failure.json": OWN_WORDS,
    "018_sm_location.json": "a place comes as the provider's own words for it: a declared channel knows text and files",
    "029_cw_image_no_content.json": "the file's address was blackened in this copy: it is shown as something unreadable",
    "031_rc_livechat_session.json": "a transcript: a declared channel takes one message from each request",
    "035_ln_image.json": "the file has an id and no address: fetching it takes a connector",
    "037_ln_file.json": "the file has an id and no address: fetching it takes a connector",
}
"""Where a declared channel decides otherwise than the index expects, with the reason."""
pytestmark = pytest.mark.skipif(not INDEX, reason="no ../shared/payloads/unified beside the repository")


def declared(file: str) -> Webhook:
    """The channel that an admin would declare for it."""
    name = "bf_directline" if "directline" in file else file.split("_")[1]
    asked = {"inbound": {"paths": PATHS[name], "unsigned": True}, "outbound": {"url": "https://crm.example", "secret": WHSEC}}
    kit = Kit(files=Shelf(), public_url="https://hub.example", now=lambda: datetime.now(UTC))
    return Webhook(ChannelName("crm"), WebhookSettings.model_validate(asked), kit)


@pytest.mark.parametrize("entry", INDEX, ids=[one["file"] for one in INDEX])
async def test_real_payloads_say_what_is_expected_or_why_not(entry: dict[str, Any]) -> None:
    file, expect = entry["file"], entry["expect"]
    wanted = [one for one in expect["messages"] if not one["ignore"]]
    hook = Hook("POST", {}, {"content-type": "application/json"}, (SHARED / file).read_bytes())
    try:
        items = (await declared(file).receive(hook)).items
    except Malformed:
        assert not wanted or file in DIFFERENT, "4xx for what holds no message"
        return
    found = [item for item in items if isinstance(item, Message)]
    assert len(found) == len(items) <= 1
    if file in DIFFERENT:
        return
    assert len(found) == len(wanted)
    for item, said in zip(found, wanted, strict=True):
        assert item.parts == (Text(text=said["text"]),)
        assert item.customer == said["sender_id"]
        assert item.id.endswith(said["message_id"]) or "message_id" not in said
        assert item.profile.name == said.get("sender_name", item.profile.name)
        if "timestamp_ms" in said:
            assert int(item.at.timestamp() * 1000) == said["timestamp_ms"]


def test_every_difference_is_about_a_payload_that_is_there() -> None:
    assert set(DIFFERENT) <= {one["file"] for one in INDEX}
