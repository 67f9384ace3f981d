"""What leaves through a channel by YAML alone is signed and carries its key, and each answer says what happens next."""

from __future__ import annotations

import json
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Standard
from starlette.responses import Response

from connectors.webhook import retry_after
from hub.capabilities import Capabilities
from hub.errors import Temporary, Uncertain, Undeliverable
from hub.model import ExternalId, FileId, Media, Text
from hub.outcomes import pauses
from tests.connectors.webhook_channel import KEY, WHSEC, channel, other_side, sent
from tests.servers.serving import serving


async def test_an_answer_is_signed_and_carries_its_key() -> None:
    async with other_side() as (there, url):
        body = {"to": {"id": "{customer}"}, "text": "Shop: {text}", "file": "{media_url}", "v": 2}
        one = channel(private=True, url=url, body=body, headers={"x-api-key": "k"})
        media = Media(kind="image", file=FileId("f1"), name="a.png", mime="image/png")
        assert await sent(one, media, Text(text='"你好" {id}')) == ExternalId(KEY)
    ((headers, got),) = there.asked
    assert json.loads(got) == {"to": {"id": "7"}, "text": 'Shop: "你好" {id}', "file": "https://hub.example/files/f1", "v": 2}
    assert Standard(WHSEC).verify(got, headers) == json.loads(got)
    assert (headers["webhook-id"], headers["idempotency-key"], headers["x-api-key"]) == (KEY, KEY, "k")
    assert headers["host"] == url.split("/")[2]


@pytest.mark.parametrize(
    ("status", "headers", "error", "wait"),
    [
        (410, {}, Undeliverable, None),
        (400, {}, Undeliverable, None),
        (404, {}, Undeliverable, None),
        (429, {"retry-after": "120"}, Temporary, 120.0),
        (503, {"retry-after": "0"}, Temporary, 1.0),
        (500, {}, Temporary, None),
        (302, {"location": "http://169.254.169.254/"}, Temporary, None),
    ],
)
async def test_answers_say_what_happens_next(status: int, headers: dict[str, str], error: type[Exception], wait: Any) -> None:
    async with other_side() as (there, url):
        there.answer = Response(status_code=status, headers=headers)
        with pytest.raises(error) as caught:
            await sent(channel(private=True, url=url))
    assert len(there.asked) == 1, "a redirect was followed"
    assert getattr(caught.value, "retry_after", None) == wait
    if error is Undeliverable:
        assert getattr(caught.value, "code", None) == str(status)


async def test_who_hangs_up_may_have_taken_it() -> None:
    with pytest.raises(Temporary):
        await sent(channel(private=True))
    async with serving(_hangs) as url:
        with pytest.raises(Uncertain):
            await sent(channel(private=True, url=f"{url}/in", timeout=0.2))


async def _hangs(scope: Any, receive: Any, send: Any) -> None:
    """Answers the start-up and nothing else."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    while (await receive())["type"] != "http.disconnect":
        pass


def test_a_call_with_a_key_is_tried_for_hours() -> None:
    capabilities: Capabilities = channel().capabilities
    assert capabilities.idempotency == "key"
    assert len(pauses(capabilities)) >= 8
    assert sum(pauses(capabilities)) > 4 * 3600


@pytest.mark.parametrize("value", ["", "x", "-1", "1e9", "9" * 30, "Thu, 99 Foo"])
def test_what_is_no_time_to_wait_is_none(value: str) -> None:
    assert retry_after(value) is None


def test_nobody_can_make_us_wait_for_ever() -> None:
    assert retry_after("999999999") == retry_after("Thu, 01 Jan 2099 00:00:00 GMT") == 6 * 3600
