"""The log: one JSON object a line, whatever is in it, without secrets, with personal data masked at any depth."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from hub import journal

HOSTILE = ["two\nlines", '{"event":"forged"}', "\x1b[31mred", "nul\x00", "\u2028separator", "\udc80 surrogate"]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    before = structlog.get_config()
    written = io.StringIO()
    journal.set_up(to=written)
    yield written
    structlog.configure(**before)


@pytest.mark.parametrize("said", HOSTILE)
def test_whatever_is_logged_is_one_object_on_one_line(lines: io.StringIO, said: str) -> None:
    structlog.get_logger().warning("hook.refused", why=said, nested={"deep": [said]})
    (line, _) = lines.getvalue().split("\n")
    found = json.loads(line)
    assert (found["event"], found["level"]) == ("hook.refused", "warning")


def test_an_exception_is_part_of_its_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("first\nsecond ann@example.com")
    except ValueError as exc:
        structlog.get_logger().error("inbound.failed", exc_info=exc)
    (line, _) = lines.getvalue().split("\n")
    assert "ValueError" in json.loads(line)["exception"]
    assert "ann@example.com" not in line


def test_people_and_secrets_are_masked_at_any_depth(lines: io.StringIO) -> None:
    nested = {"who": [{"mail": "ann@example.com"}], "bot_token": "123:abc"}
    structlog.get_logger().info("x", phone="call 13800138000", nested=nested, password="hunter2")
    line = lines.getvalue()
    assert not [secret for secret in ("ann@example.com", "123:abc", "13800138000", "hunter2") if secret in line]
