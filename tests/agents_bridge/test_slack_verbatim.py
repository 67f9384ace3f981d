"""Nothing that customers write is parsed by Slack: every text is verbatim, and every post says so; tokens of ours still work.

The Slack server refuses whatever would be parsed, and every test that has it (`slack`) fails in the end if it had to.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents_bridge.slack.calls import Slack
from agents_bridge.slack.desk import SlackDesk
from agents_bridge.slack.errors import Refused, translated
from agents_bridge.slack.heard import Then
from agents_bridge.slack.text import mrkdwn, section
from hub.model import ExternalId
from hub.people import Health, Page, Seen, Trouble
from tests.agents_bridge.desks import NOON, PLACE, card, desk_at, line, new_key, opened, settings
from tests.servers.slack import SlackServer, slack_server
from tests.servers.slack_parsing import told_as_written

ANNA = ExternalId("T0TEAM:U1ANNA")
BAIT = "see evil.example/login @anna #general <!channel>"


@pytest.fixture
def seen() -> Seen:
    return Seen(
        conversation="0" * 32,
        channel="wechat",
        customer=BAIT,
        preview=BAIT,
        agent="",
        team="",
        waiting_since=NOON,
        url="https://hub.example/console/#c=c1",
        thread=f"{PLACE}:1700000000.000100",
    )


async def test_every_kind_of_post_is_as_it_was_written(slack: SlackServer, desk: SlackDesk, seen: Seen) -> None:
    slack.workspace.people["U1ANNA"]["email"] = "anna@shop.example"
    thread = await opened(desk, customer=BAIT, preview=BAIT)
    told = line(BAIT)
    sent = await desk.post(thread, [told], new_key())
    await desk.post(thread, [line(BAIT, kind="status", data={"state": "failed"}, delivery="d1")], new_key())
    await desk.amend(thread, sent, [told], card(customer=BAIT))
    await desk.update(thread, card(customer=BAIT, status="resolved"))
    await desk.digest(PLACE, [seen] * 3, new_key())
    await desk.escalate(PLACE, thread, BAIT, "https://hub.example", new_key())
    await desk.alert([Trouble("x", BAIT, BAIT)], [ANNA])
    await desk.direct(ANNA, "mention", {"by": BAIT, "customer": BAIT, "channel": "wechat"})
    for about in ("stranger", "theirs", "unchanged"):
        await desk.whisper(thread, ANNA, about, {"name": BAIT, "note": "T0TEAM:x"})
    numbers: dict[str, Any] = {"load": 1, "capacity": 8, "queued": 1, "here": 1, "new": 1, "answered": 1, "resolved": 1}
    broken = [Health("wechat", BAIT, BAIT), Health("slack")]
    who: dict[str, Any] = {"name": "Anna", "until": None, "reason": BAIT}
    await desk.show(ANNA, Page(mine=[seen], queue=[seen], may_act=True, present=False, health=broken, **numbers, **who))
    await desk.follow([Then("chat.postEphemeral", {"channel": PLACE, "user": "U1ANNA", "text": BAIT})])
    await desk.follow([Then("chat.postMessage", {"channel": PLACE, "text": BAIT})])
    await desk.follow([Then("respond", {"url": f"{slack.url}/response", "json": {"text": BAIT}})])
    said = [(method, given) for method, _, given in slack.calls if method.startswith("chat.")]
    assert {method for method, _ in said} == {"chat.postMessage", "chat.update", "chat.postEphemeral"}
    assert all((given["parse"], given["link_names"]) == ("none", False) for _, given in said)
    assert slack.accepted.of("response") and slack.accepted.of("home")
    texts = [found for method, _, given in slack.calls for found in formatted(given.get("blocks") or given.get("view"))]
    assert len(texts) > 20 and all(one["verbatim"] is True for one in texts)


def formatted(tree: Any) -> list[dict[str, Any]]:
    """Every text object that is formatted."""
    tree = json.loads(tree) if isinstance(tree, str) else tree
    inside = list(tree.values()) if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    own = [tree] if isinstance(tree, dict) and tree.get("type") == "mrkdwn" else []
    return own + [found for one in inside if isinstance(one, dict | list) for found in formatted(one)]


async def test_tokens_of_ours_call_and_lead_nevertheless(slack: SlackServer, desk: SlackDesk) -> None:
    """A verbatim text keeps what is written as a token (docs.slack.dev, text object)."""
    thread = await opened(desk, earlier=2, earlier_url="https://hub.example/c2", earlier_at=NOON)
    await desk.escalate(PLACE, thread, "late", "https://hub.example/c1", new_key())
    assert "<https://hub.example/c2|" in str(slack.workspace.thread(thread)[0]["blocks"])
    assert "<https://hub.example/c1|" in slack.posts()[-1]["text"]
    await desk.post(thread, [line("Look", kind="note", by="agent", mention="T0TEAM:U2BO")], new_key())
    assert "<@U2BO>" in slack.posts(thread)[-1]["text"]


LOOSE = {"type": "mrkdwn", "text": "x"}
PARSED: list[dict[str, Any]] = [
    {"parse": "full", "link_names": False},
    {"parse": "none", "link_names": True},
    {"link_names": False},
    {"parse": "none", "link_names": False, "blocks": [{"type": "section", "text": LOOSE}]},
    {
        "parse": "none",
        "link_names": False,
        "attachments": [{"blocks": [section("x") | {"fields": [LOOSE]}]}],
    },
]


@pytest.mark.parametrize("said", PARSED)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "chat.postEphemeral"])
async def test_the_server_refuses_what_slack_would_parse(method: str, said: dict[str, Any]) -> None:
    async with slack_server() as server, desk_at(server) as desk:
        channel, ts = (await opened(desk)).split(":")
        slack = Slack(settings(api_url=server.api_url))
        with pytest.raises(Refused, match="text_is_parsed"), translated(method):
            await slack.web.api_call(method, json={"channel": channel, "ts": ts, "user": "U1ANNA", "text": "x", **said})
        await slack.aclose()
        assert [one["method"] for one in server.accepted.of("parsed")] == [method]


def test_a_modal_that_is_an_answer_is_looked_at_too() -> None:
    for text, good in ((mrkdwn("x"), True), (LOOSE, False)):
        view = {"blocks": [{"type": "section", "text": text}]}
        assert told_as_written(json.dumps({"response_action": "update", "view": view}).encode()) is good
    assert told_as_written(b"") and told_as_written(b"ok")
