"""Payloads of our own writing: enough of them, on every platform that calls us, each with what must come of it."""

from __future__ import annotations

from tests.payload_counts import counts, payloads

LEAST = 150
PLATFORMS = {"miniprogram", "slack", "telegram", "wechat", "wecom_kf"}


def test_there_are_enough_and_none_without_an_expectation() -> None:
    assert sum(counts().values()) >= LEAST
    assert set(counts()) >= PLATFORMS
    assert [f"{platform}/{name}" for platform, name, expected in payloads() if expected is None] == []
