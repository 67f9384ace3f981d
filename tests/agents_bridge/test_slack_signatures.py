"""Who may speak as Slack: signed, lately, well-formed; anything else is refused and nothing crashes."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents_bridge.slack.desk import SlackDesk
from hub.errors import Malformed, Rejected
from hub.ports import Hook
from tests.agents_bridge.desks import bare_desk, event, hook
from tests.servers.slack_events import signed

BODY = json.dumps(event()).encode()


@pytest.fixture
def desk() -> SlackDesk:
    return bare_desk()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-slack-request-timestamp": "", "x-slack-signature": ""},
        {"x-slack-request-timestamp": "abc", "x-slack-signature": "v0=00"},
        {"x-slack-request-timestamp": "1" * 5000, "x-slack-signature": "v0=00"},
        {"x-slack-request-timestamp": "-1700000000", "x-slack-signature": "v0=00"},
        {"x-slack-request-timestamp": "\u0661\u0662\u0663", "x-slack-signature": "v0=00"},
        {"x-slack-request-timestamp": str(int(time.time())), "x-slack-signature": "v0=\u00e9"},
        {"x-slack-request-timestamp": str(int(time.time())), "x-slack-signature": ""},
        signed("another secret", BODY),
        signed("8f742231b10e8888abcd99yyyzzz85a5", BODY + b" "),
    ],
)
async def test_forged_and_malformed_signatures_are_refused(desk: SlackDesk, headers: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        await desk.receive(Hook("POST", {}, {"content-type": "application/json", **headers}, BODY))


async def test_the_raw_body_is_what_is_signed(desk: SlackDesk) -> None:
    good = hook(event())
    again = json.dumps(json.loads(good.body), indent=1).encode()
    with pytest.raises(Rejected):
        await desk.receive(Hook("POST", {}, good.headers, again))
    with pytest.raises(Rejected):
        await desk.receive(Hook("POST", {}, good.headers, b"\xff\xfe" + good.body))


@pytest.mark.parametrize(("age", "fresh"), [(-299, True), (299, True), (-302, False), (302, False)])
async def test_five_minutes_in_both_directions(age: int, fresh: bool) -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    desk, request = bare_desk(now), hook(event(), at=now.timestamp() + age)
    if fresh:
        assert (await desk.receive(request)).items
    else:
        with pytest.raises(Rejected):
            await desk.receive(request)


async def test_the_challenge_is_answered_only_when_signed(desk: SlackDesk) -> None:
    body = {"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}
    found = await desk.receive(hook(body))
    assert (found.status, found.body, list(found.items)) == (200, body["challenge"].encode(), [])
    assert found.content_type.startswith("text/plain")
    with pytest.raises(Rejected):
        await desk.receive(hook(body, x_slack_signature="v0=00"))
    with pytest.raises(Malformed):
        await desk.receive(hook(body | {"challenge": "<script>"}))


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'"x"', b"[" * 100_000, b'{"a":' + b"[" * 700 + b"]" * 700 + b"}", b"1" * 6000, b"payload=%7B"],
)
async def test_what_is_not_json_is_malformed_and_never_a_crash(desk: SlackDesk, body: bytes) -> None:
    for form in (False, True):
        request = hook(body)
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        try:
            found = await desk.receive(Hook("POST", {}, {**request.headers, "content-type": kind}, body))
        except Malformed:
            continue
        assert not found.items


async def test_a_body_above_the_limit_is_not_even_hashed(desk: SlackDesk) -> None:
    with pytest.raises(Malformed) as refused:
        await desk.receive(hook(b"x" * 1_048_577))
    assert refused.value.too_large


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(event()["event"])), JSON, max_size=4),
    st.sampled_from(["message_changed", "message_deleted", None]),
)
async def test_wrong_types_anywhere_are_refused_or_left_alone(wrong: dict[str, Any], subtype: str | None) -> None:
    body = event(subtype=subtype, message={"user": "U1", **wrong}, previous_message=wrong, **wrong)
    with suppress(Malformed):
        await bare_desk().receive(hook(json.dumps(body).encode()))
