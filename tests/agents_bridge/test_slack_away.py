"""Agents go away for a time, from a Slack channel or their page, are shown until when, and are there again by themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agents_bridge.slack.clocks import next_at, zone_of
from agents_bridge.slack.status import Meant, meant, unclear
from hub import sweep
from hub.model import ExternalId
from hub.sign import Sign
from hub.store.agent_tables import Agent
from hub.store.store import Store
from tests.agents_bridge.desk_hubs import Room, polled, room
from tests.agents_bridge.test_slack_home import answer_to, drawn
from tests.conftest import until
from tests.databases import fresh_store
from tests.hub.hubs import only, put, settle
from tests.servers.slack import SlackServer


@pytest.fixture(params=["http", "socket"])
async def at(
    request: pytest.FixtureRequest, slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path
) -> AsyncIterator[Room]:
    """Whichever way Slack tells what people say."""
    socket = request.param == "socket"
    store = await fresh_store(tmp_path)
    await store.agents.invite("anna@shop.example", "Anna", "agent")
    async with room(slack, store, redis_url, prefix, tmp_path / "files", who_answers="agents", socket_mode=socket) as made:
        slack.sender.factor = 0.1  # the smallest with which a socket is given its three seconds
        async with polled(made) if socket else nullcontext():
            yield made
    await store.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("away 30m", Meant("away", "", 1800)),
        ("me away 1h30m lunch", Meant("away", "lunch", 5400)),
        ("status away 2h", Meant("away", "", 7200)),
        ("离开 30分钟", Meant("away", "", 1800)),
        ("我 离开 2小时 午饭", Meant("away", "午饭", 7200)),
        ("me available", Meant("present")),
        ("available 2 hours", Meant("present", "", 7200)),
        ("away lunch", Meant("away", "lunch")),
        ("away 3 meetings", Meant("away", "3 meetings")),
        ("away 14:30", Meant("away", clock=time(14, 30))),
        ("me away until 14:30 the dentist", Meant("away", "the dentist", clock=time(14, 30))),
        ("status away 9:05", Meant("away", clock=time(9, 5))),
        ("away 2:30pm lunch", Meant("away", "lunch", clock=time(14, 30))),
        ("away 12:10 am", Meant("away", clock=time(0, 10))),
        ("away 14:30 amazing", Meant("away", "amazing", clock=time(14, 30))),
        ("离开 14：30午饭", Meant("away", "午饭", clock=time(14, 30))),
        ("我 离开 到下午2:30", Meant("away", clock=time(14, 30))),
        ("available 18:00", Meant("present", clock=time(18))),
        ("away 25:10", Meant("away", wrong=True)),
        ("away 14:30 pm", Meant("away", wrong=True)),
        ("away 10:70 x", Meant("away", "x", wrong=True)),
        ("away 5pm", Meant("away", clock=time(17))),
        ("away until 5 p.m. dentist", Meant("away", "dentist", clock=time(17))),
        ("away till 12am", Meant("away", clock=time())),
        ("available until 6pm", Meant("present", clock=time(18))),
        ("away 14.30", Meant("away", clock=time(14, 30))),
        ("me away until 2.30 pm lunch", Meant("away", "lunch", clock=time(14, 30))),
        ("离开 下午2点", Meant("away", clock=time(14))),
        ("我 离开 到下午2点半 开会", Meant("away", "开会", clock=time(14, 30))),
        ("离开 至14点05分", Meant("away", clock=time(14, 5))),
        ("离开 直到晚上8点一刻", Meant("away", clock=time(20, 15))),
        ("离开 中午12点", Meant("away", clock=time(12))),
        ("离开 上午9点会诊", Meant("away", "会诊", clock=time(9))),
        ("away 1.5h lunch", Meant("away", "lunch", 5400)),
        ("away for 2hrs", Meant("away", "", 7200)),
        ("离开 2个小时", Meant("away", "", 7200)),
        ("离开 半小时", Meant("away", "", 1800)),
        ("away 1 week", Meant("away", "", 604_800)),
        ("away 3 amazing meetings", Meant("away", "3 amazing meetings")),
        ("away 1:1 with Bo", Meant("away", "1:1 with Bo")),
        ("away for lunch", Meant("away", "for lunch")),
        ("离开 下午请假", Meant("away", "下午请假")),
        ("me", Meant()),
        ("status", Meant()),
    ],
)
def test_for_how_long_somebody_goes(text: str, found: Meant) -> None:
    assert meant(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *(
            "away until tomorrow 9:00",
            "away till Monday",
            "me away until",
            "away until 5",
            "离开 到明天",
            "离开 至周一",
            "离开 直到下班",
        ),
        *("away 14h30", "away until 14h30", "away 1h30 lunch", "away 14:30ish", "away 14.30h", "away 12.11.2026", "away 25pm"),
        *("away 14:30-15:00", "away 2pm to 3pm", "away 2-3pm", "离开 下午两点", "离开 晚上12点", "离开 25点", "离开 2点至3点"),
    ],
)
def test_a_time_that_is_not_understood_is_refused_not_left_without_an_end(text: str) -> None:
    found = meant(text)
    assert found.wrong and found.clock is None and not found.seconds
    assert "Nothing was changed" in unclear(found, UTC, "en") and "未作更改" in unclear(found, UTC, "zh")


async def seconds_left(at: Room) -> float:
    until_ms: int = (await only(at.hub.store, Agent))["until_ms"]
    return (until_ms - await at.hub.store.sweeping.clock()) / 1000


async def test_a_time_away_is_said_shown_and_ends_by_itself(at: Room) -> None:
    assert "*away* until <!date^" in await answer_to(at, "me away 30m lunch")
    assert 1700 < await seconds_left(at) <= 1800
    shown = await answer_to(at, "status")
    assert "*away* until <!date^" in shown and "(lunch)" in shown
    assert "until <!date^" in await drawn(at, at.slack.opens_home())
    await sweep.run(at.hub)
    assert (await only(at.hub.store, Agent))["state"] == "away", "the time is not over"
    await put(at.hub.store, Agent, {}, until_ms=1)
    await sweep.run(at.hub)
    assert (await only(at.hub.store, Agent))["state"] == "present" and await seconds_left(at) > 3600
    assert "(lunch)" not in await answer_to(at, "status")


NEW_YORK, TOKYO = ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("now", "clock", "zone", "found"),
    [
        ("2026-11-29T05:00+00:00", time(14, 30), TOKYO, "2026-11-29T05:30+00:00"),
        ("2026-11-29T05:30+00:00", time(14, 30), TOKYO, "2026-11-30T05:30+00:00"),  # that very minute: tomorrow
        ("2026-11-29T15:30+00:00", time(1), TOKYO, "2026-11-29T16:00+00:00"),  # it is the 30th there
        ("2026-03-08T05:30+00:00", time(2, 30), NEW_YORK, "2026-03-08T07:30+00:00"),  # skipped: 3:30 there
        ("2026-11-01T05:00+00:00", time(1, 30), NEW_YORK, "2026-11-01T05:30+00:00"),
        ("2026-11-01T05:40+00:00", time(1, 30), NEW_YORK, "2026-11-01T06:30+00:00"),  # repeated: the second time
        ("2026-11-01T06:40+00:00", time(1, 30), NEW_YORK, "2026-11-02T06:30+00:00"),
        ("2026-11-29T05:00+00:00", time(14, 30), timezone(timedelta(hours=5, minutes=45)), "2026-11-29T08:45+00:00"),
    ],
)
def test_when_it_is_a_time_of_day_again(now: str, clock: time, zone: tzinfo, found: str) -> None:
    assert next_at(clock, zone, datetime.fromisoformat(now)) == datetime.fromisoformat(found)


@pytest.mark.parametrize(
    ("told", "hours"),
    [
        ({"tz": "Asia/Tokyo", "tz_offset": 0}, 9),
        ({"tz": "No/Where", "tz_offset": 19_800}, 5.5),
        ({"tz_offset": -12_600}, -3.5),
        ({"tz": None, "tz_offset": None}, None),
        ({"tz": "../../etc/passwd", "tz_offset": 90_000}, None),
        ({"tz_offset": True}, None),
    ],
)
def test_where_slack_says_that_somebody_is(told: dict[str, Any], hours: float | None) -> None:
    zone = zone_of(told)
    offset = zone.utcoffset(datetime(2026, 1, 1)) if zone else None
    assert offset == (None if hours is None else timedelta(hours=hours))


async def gone_until(at: Room) -> datetime:
    """When somebody is there again, as the database has it."""
    return datetime.fromtimestamp((await only(at.hub.store, Agent))["until_ms"] / 1000, UTC)


@pytest.mark.parametrize("words", ["away {} lunch", "me away until {} lunch"])
async def test_a_time_of_day_is_one_of_the_authors_own_zone(at: Room, words: str) -> None:
    at.slack.workspace.people["U1ANNA"] |= {"tz": "Pacific/Kiritimati", "tz_offset": 50_400}
    there = datetime.now(ZoneInfo("Pacific/Kiritimati")).replace(second=0, microsecond=0)
    soon, past = there + timedelta(minutes=90), there - timedelta(minutes=90)
    said = await answer_to(at, words.format(f"{soon:%H:%M}"))
    assert f"*away* until <!date^{int(soon.timestamp())}^" in said and "(lunch)" in said
    assert await gone_until(at) == soon and (await only(at.hub.store, Agent))["state"] == "away"
    said = await answer_to(at, words.format(f"{past:%H:%M}"))
    assert f"<!date^{int((past + timedelta(days=1)).timestamp())}^" in said, "what is past today is meant for tomorrow"
    assert await gone_until(at) == past + timedelta(days=1)


async def refused(at: Room, text: str) -> str:
    """The answer to a command that came to nothing."""
    told = await at.slack.command(text).done()
    assert told.statuses == [200] and (await only(at.hub.store, Agent))["state"] == "present"
    return str(json.loads(told.answer)["text"])


async def test_where_slack_does_not_say_the_zone_nothing_changes_and_a_span_is_asked_for(at: Room) -> None:
    await answer_to(at, "available")
    assert "time zone" in await refused(at, "away 14:30"), "Slack knows none"
    at.slack.workspace.people["U1ANNA"] |= {"tz": "Asia/Tokyo"}
    for act in ("refuse:503", "limit:30", "slow:2.5", "accept_hang", "garbage"):
        at.slack.behaviour.next(act)
        began = monotonic()
        assert "30m" in await refused(at, "away 14:30"), act
        assert monotonic() - began < 2.9, "Slack waits three seconds for an answer"
    for text in ("me away 25:70", "away until tomorrow 9:00", "away 14h30"):
        assert "no such time" in await refused(at, text)
    assert "time zone" not in await answer_to(at, "away 14:30"), "and as soon as it does, it counts"


async def test_a_command_without_a_time_of_day_asks_slack_nothing(at: Room) -> None:
    await answer_to(at, "status")
    asked = [name for name, *_ in at.slack.calls]
    await answer_to(at, "away 30m 14:30 train")
    assert [name for name, *_ in at.slack.calls][len(asked) :].count("users.info") == 0


async def test_a_time_that_comes_late_to_the_hub_is_still_that_time(at: Room) -> None:
    """A worker may have been away for an hour; a span begins when it is read, a moment does not move."""
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    anna, now = ExternalId("T0TEAM:U1ANNA"), datetime.now(UTC) - timedelta(hours=1)
    await at.desk.person(anna)
    await answer_to(at, "status")
    data = {"reason": "", "until_ms": int(until.timestamp() * 1000)}
    await at.hub.intake.keep([Sign(desk=at.desk.name, id=ExternalId("s1"), at=now, agent=anna, kind="away", data=data)], 5.0)
    await settle(at.hub)
    assert await gone_until(at) == until


async def test_the_page_has_times_and_its_modal_a_moment(at: Room) -> None:
    await drawn(at, at.slack.opens_home())
    await at.hears(at.slack.press_home("fd_gone_for_1800"))
    assert (await only(at.hub.store, Agent))["state"] == "away" and 1700 < await seconds_left(at) <= 1800
    await at.hears(at.slack.press_home("fd_gone_for_3600"))
    assert 3500 < await seconds_left(at) <= 3600
    count = len(at.slack.accepted.of("view"))
    await at.hears(at.slack.press_home("fd_away"))
    await until(lambda: len(at.slack.accepted.of("view")) > count)
    over = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp())
    told = await at.hears(at.slack.submit(until={"selected_date_time": over}))
    assert b"passed" in told.answer
    later = int((datetime.now(UTC) + timedelta(hours=3)).timestamp())
    await at.hears(at.slack.submit(until={"selected_date_time": later}, reason={"value": "dentist"}))
    assert 3 * 3600 - 60 < await seconds_left(at) <= 3 * 3600
    assert (await only(at.hub.store, Agent))["reason"] == "dentist"


async def test_who_is_back_is_back_once_and_others_stay_away(store: Store) -> None:
    """On every database."""
    for name in ("anna", "bo", "cy"):
        await store.agents.invite(f"{name}@shop.example", name, "agent")
    await put(store, Agent, {"email": "anna@shop.example"}, state="away", until_ms=1)
    await put(store, Agent, {"email": "bo@shop.example"}, state="away", until_ms=0)
    await put(store, Agent, {"email": "cy@shop.example"}, state="away", until_ms=2**52)
    assert [name for _, name in await store.pages.back(60)] == ["anna"]
    assert await store.pages.back(60) == []
    cy = await only(store, Agent, email="cy@shop.example")
    await store.agents.be(cy["id"], "present")
    assert (await only(store, Agent, email="cy@shop.example"))["until_ms"] == 0, "an end of being away is none of being there"
