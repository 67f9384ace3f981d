"""What Slack is asked about its members: a little for the times in lists, so that who speaks can always be told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from agents_bridge.slack.desk import SlackDesk
from agents_bridge.slack.members import ASK_MOST, PEOPLE_S, SHARE, ZONE_S, People
from hub.errors import Temporary
from hub.model import ExternalId
from hub.people import Member
from tests.agents_bridge.desk_hubs import Room
from tests.agents_bridge.desks import desk_at
from tests.agents_bridge.test_slack_assigning import at as at
from tests.agents_bridge.test_slack_assigning import opened
from tests.servers.slack import SlackServer

TOKYO = ZoneInfo("Asia/Tokyo")


def asked(slack: SlackServer) -> list[str]:
    """About whom Slack was asked."""
    return [str(given["user"]) for name, _, given in slack.calls if name == "users.info"]


def crowd(slack: SlackServer, count: int) -> list[str]:
    """Members of the workspace."""
    for n in range(count):
        slack.workspace.people[f"U5N{n}"] = {"name": f"N{n}", "email": f"n{n}@shop.example", "tz": "Asia/Tokyo"}
    return [f"T0TEAM:U5N{n}" for n in range(count)]


async def test_presses_of_assign_leave_questions_for_who_speaks(at: Room) -> None:
    thread = await at.customer("Hello")
    await at.desk.person(ExternalId("T0TEAM:U1ANNA"))
    for n, id in enumerate(crowd(at.slack, 60)):
        await at.hub.store.agents.invite(f"n{n}@shop.example", f"N{n}", "agent")
        await at.hub.store.staff.introduce("slack", id, Member(f"N{n}", f"n{n}@shop.example"))
    spent = []
    for _ in range(5):
        before = len(asked(at.slack))
        assert "N59" in str(await opened(at, thread))
        spent.append(len(asked(at.slack)) - before)
    assert spent[:2] == [ASK_MOST, ASK_MOST] and max(spent) == ASK_MOST and sum(spent) < SHARE
    assert (await at.desk.person(ExternalId("T0TEAM:U5N59"))).name == "N59"


async def test_each_time_others_are_asked_for_and_what_fails_keeps_nobody_out(slack: SlackServer) -> None:
    people = [*(f"T0TEAM:U0GONE{n}" for n in range(ASK_MOST)), *crowd(slack, 15)]
    async with desk_at(slack) as desk:
        assert await desk._people.zones(people) == {}
        assert list(await desk._people.zones(people)) == people[ASK_MOST : 2 * ASK_MOST]
        assert await desk._people.zones(people) == dict.fromkeys(people[ASK_MOST:], TOKYO)
        assert len(set(asked(slack))) == len(people)


async def test_while_slack_asks_to_slow_down_nobody_is_asked_for_zones(slack: SlackServer) -> None:
    people = crowd(slack, 20)
    async with desk_at(slack) as desk:
        slack.behaviour.next("limit:1")
        with pytest.raises(Temporary):
            await desk.person(ExternalId(people[0]))
        assert await desk._people.zones(people) == {} and len(asked(slack)) == 1
        assert (await desk.person(ExternalId(people[0]))).name == "N0", "who speaks is asked nevertheless"
        assert list(await desk._people.zones(people)) == people[:1]
        desk._people._limited -= 1.0
        assert len(await desk._people.zones(people)) == 1 + ASK_MOST


def later(desk: SlackDesk, people: Sequence[str], seconds: float) -> People:
    """As if it had been asked for these so much earlier."""
    found = desk._people
    for one in people:
        at, member, zone = found._known[one]
        found._known[one] = (at - seconds, member, zone)
    found._asked.clear()
    return found


async def test_a_zone_is_kept_with_its_person_while_that_is_asked_anew(slack: SlackServer) -> None:
    people = crowd(slack, 5)
    slack.workspace.people["U5N4"] |= {"tz": "", "tz_offset": 19_800}
    async with desk_at(slack) as desk:
        known = await desk._people.zones(people)
        assert len(known) == 5 and len(asked(slack)) == 5, "an offset is a zone, too"
        assert await desk._people.zones(people) == known and len(asked(slack)) == 5
        found = later(desk, people, PEOPLE_S)
        found._limited = time.monotonic() + 60
        assert await found.zones(people) == known and len(asked(slack)) == 5
        assert await later(desk, people, ZONE_S).zones(people) == {}
