"""Asking Slack what arrived: of a card, of each line, on every page, no further back than the call, and never by guessing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from agents_bridge.slack.desk import SlackDesk
from hub.errors import Temporary, Uncertain
from hub.model import Media
from tests.agents_bridge.desks import PLACE, MemoryFiles, card, line, looked_up, new_key, opened
from tests.servers.slack import SlackServer


async def test_a_failure_after_the_first_call_is_uncertain_and_each_line_can_be_asked_for(
    slack: SlackServer, desk: SlackDesk, files: MemoryFiles
) -> None:
    thread = await opened(desk)
    picture = Media(kind="image", file=files.keep("a.png", b"1"), name="a.png")
    slack.behaviour.next("ok", "limit:1")
    with pytest.raises(Uncertain):
        await desk.post(thread, [line("first", key="a"), line("", picture, key="b"), line("last", key="c")], new_key())
    assert await looked_up(desk, "a", thread)
    assert await looked_up(desk, "b", thread) is None
    assert await looked_up(desk, "c", thread) is None


async def test_lookup_of_a_card_and_of_nothing(slack: SlackServer, desk: SlackDesk) -> None:
    key = new_key()
    thread = await desk.open(PLACE, card(), key)
    assert str(await looked_up(desk, key, PLACE)) == str(thread)
    assert await looked_up(desk, new_key(), PLACE) is None
    assert await looked_up(desk, new_key(), thread) is None


async def test_lookup_reads_every_page_and_never_guesses(
    slack: SlackServer, desk: SlackDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await opened(desk)
    slack.echo = False
    for n in range(430):
        slack.workspace.post(PLACE, thread.split(":")[1], user="U1ANNA", text=str(n))
    await desk.post(thread, [line("last", key="last")], new_key())
    assert await looked_up(desk, "last", thread)
    monkeypatch.setattr("agents_bridge.slack.lookup.PAGES", 2)
    with pytest.raises(Temporary):
        await looked_up(desk, "last", thread)
    monkeypatch.setattr("agents_bridge.slack.desk.BACK", timedelta(0))
    assert await looked_up(desk, "last", thread) is None


async def test_lookup_in_a_busy_channel_reads_no_further_back_than_the_call(
    slack: SlackServer, desk: SlackDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people wrote in the channel before the call says nothing about it, however much that is."""
    monkeypatch.setattr("agents_bridge.slack.lookup.PAGES", 1)
    monkeypatch.setattr("agents_bridge.slack.desk.SKEW", timedelta(0))
    slack.echo = False
    before = datetime.now(UTC)
    for n in range(230):
        slack.workspace.post(PLACE, None, user="U1ANNA", text=str(n))
    await asyncio.sleep(0.01)
    called = datetime.now(UTC)
    key = new_key()
    thread = await desk.open(PLACE, card(), key)
    assert await looked_up(desk, key, PLACE, called) == str(thread)
    with pytest.raises(Temporary):
        await looked_up(desk, new_key(), PLACE, before)
