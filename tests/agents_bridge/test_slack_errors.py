"""What a failing Slack means: one test for each row of the table of outcomes (reliability.md, B.6)."""

from __future__ import annotations

import pytest

from agents_bridge.slack.desk import SlackDesk
from hub.errors import Temporary, Uncertain
from hub.model import Media
from tests.agents_bridge.desks import PLACE, MemoryFiles, card, desk_at, line, looked_up, new_key, opened
from tests.conftest import until
from tests.servers.slack import SlackServer

UNCERTAIN = ["refuse:500", "refuse:502", "refuse:503", "accept_hang", "accept_reset", "accept_late:1.2", "garbage"]


@pytest.mark.parametrize("act", UNCERTAIN)
async def test_no_clear_answer_is_uncertain_and_a_lookup_tells(slack: SlackServer, desk: SlackDesk, act: str) -> None:
    thread = await opened(desk)
    slack.behaviour.next(act)
    with pytest.raises(Uncertain):
        await desk.post(thread, [line("Hi", key="k1"), line("there", key="k2")], new_key())
    arrives = not act.startswith("refuse")
    await until(lambda: len(slack.posts(thread)) == arrives, 3)
    assert len(slack.calls) == 2, "nothing was sent twice"
    for key in ("k1", "k2"):
        assert bool(await looked_up(desk, key, thread)) is arrives


@pytest.mark.parametrize("act", ["accept_hang", "refuse:503"])
async def test_an_uncertain_card(slack: SlackServer, desk: SlackDesk, act: str) -> None:
    slack.behaviour.next(act)
    key = new_key()
    with pytest.raises(Uncertain):
        await desk.open(PLACE, card(), key)
    found = await looked_up(desk, key, PLACE)
    assert bool(found) is (act == "accept_hang")


@pytest.mark.parametrize("act", ["accept_hang", "accept_reset", "garbage", "refuse:503"])
async def test_only_the_last_call_of_an_upload_can_be_uncertain(
    slack: SlackServer, desk: SlackDesk, files: MemoryFiles, act: str
) -> None:
    thread = await opened(desk)
    picture = Media(kind="image", file=files.keep("a.png", b"1"), name="a.png")
    slack.behaviour.next(act)
    with pytest.raises(Temporary):
        await desk.post(thread, [line("", picture, key="k")], new_key())
    assert slack.posts(thread) == []
    slack.behaviour.next("ok", act)
    with pytest.raises(Uncertain):
        await desk.post(thread, [line("", picture, key="k")], new_key())
    assert bool(await looked_up(desk, "k", thread)) is (act != "refuse:503")
    assert len(slack.posts(thread)) == (act != "refuse:503")


async def test_a_limit_pauses_and_says_for_how_long(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    slack.behaviour.next("limit:7")
    with pytest.raises(Temporary) as told:
        await desk.post(thread, [line("Hi")], new_key())
    assert told.value.paused and told.value.retry_after == 7
    slack.behaviour.next("limit:7")
    with pytest.raises(Temporary) as told:
        await looked_up(desk, new_key(), thread)
    assert not told.value.paused and told.value.retry_after == 7
    assert slack.posts(thread) == []


async def test_one_post_a_second_where_slack_insists(slack: SlackServer, desk: SlackDesk) -> None:
    slack.limit_posts = True
    slack.workspace.place(PLACE)
    thread = await opened(desk)
    with pytest.raises(Temporary) as told:
        await desk.post(thread, [line("Hi")], new_key())
    assert told.value.paused and told.value.retry_after == 1


async def test_a_revoked_token_waits_for_an_admin(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    slack.behaviour.next("revoked")
    with pytest.raises(Temporary, match="bot_token") as told:
        await desk.post(thread, [line("Hi")], new_key())
    assert told.value.paused and told.value.retry_after == 60


async def test_a_missing_invitation_waits_for_an_admin(slack: SlackServer, desk: SlackDesk) -> None:
    slack.workspace.place(PLACE).member = False
    with pytest.raises(Temporary, match="invite the app"):
        await desk.open(PLACE, card(), new_key())


async def test_an_archived_channel_is_waited_for_and_goes_on(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    slack.workspace.place(PLACE).archived = True
    with pytest.raises(Temporary, match="unarchive it"):
        await desk.post(thread, [line("Hi")], new_key())
    slack.workspace.place(PLACE).archived = False
    await desk.post(thread, [line("Hi")], new_key())


async def test_new_threads_go_to_the_fallback_while_their_channel_is_archived(slack: SlackServer) -> None:
    async with desk_at(slack, fallback="C0SPARE") as desk:
        slack.workspace.place(PLACE).archived = True
        assert (await opened(desk)).startswith("C0SPARE:")
        slack.workspace.place(PLACE).archived = False
        assert (await opened(desk)).startswith(f"{PLACE}:")
        slack.behaviour.next("revoked")
        with pytest.raises(Temporary, match="token_revoked"):
            await opened(desk)


async def test_nobody_at_home_is_temporary() -> None:
    async with desk_at(SlackServer(), api_url="http://127.0.0.1:9/api/") as desk:
        with pytest.raises(Temporary, match="cannot be reached"):
            await desk.open(PLACE, card(), new_key())
        with pytest.raises(Temporary):
            await looked_up(desk, new_key(), PLACE)


@pytest.mark.parametrize("act", ["accept_hang", "accept_reset", "garbage", "refuse:500"])
async def test_what_can_simply_be_repeated_is_never_uncertain(slack: SlackServer, desk: SlackDesk, act: str) -> None:
    thread = await opened(desk)
    ts = slack.reply(thread, "On its way").ts
    for call in (
        lambda: looked_up(desk, new_key(), thread),
        lambda: desk.person("T0TEAM:U1ANNA"),  # type: ignore[arg-type]
        lambda: desk.mark(f"T0TEAM:{PLACE}:{ts}", "sent", thread),  # type: ignore[arg-type]
    ):
        slack.behaviour.reset({act: 1.0})
        with pytest.raises(Temporary):
            await call()
