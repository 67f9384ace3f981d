"""Routing: which rule, which team, which agent, and why nobody."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.facts import MessageFacts, facts_of
from hub.keywords import Keywords, fold
from hub.model import ChannelName, Choice, Event, ExternalId, Media, Message, Part, Text
from hub.routing import Present, RoutingRules, opening, route

MONDAY_NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
SUNDAY = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ANN = Present(id="a1", email="ann@example.com", name="Ann")
BO = Present(id="a2", email="Bo@Example.com", name="Bo")
CHEN = Present(id="a3", email="chen@example.com", name="Chen")
RULES = RoutingRules.model_validate(
    {
        "rules": [
            {"keywords": ["退款", "refund"], "channels": "web", "team": "billing", "priority": "high"},
            {"locales": "zh", "team": "china", "desks": ["slack-cn"]},
            {"tags": ["vip"], "team": "billing", "priority": "urgent"},
        ],
        "team": "support",
        "teams": {
            "billing": {"members": ["ann@example.com", "BO@example.com"], "strategy": "weighted", "desks": "slack-money"},
            "china": {"members": [{"chen@example.com": {"capacity": 2}}], "hours": "office", "strategy": "round_robin"},
            "support": {},
        },
        "hours": {"office": {"timezone": "Asia/Shanghai", "week": {"mon-fri": "09:00-18:00"}}},
        "capacity": 3,
    }
)


def said(text: str = "", **more: Any) -> MessageFacts:
    return MessageFacts(channel=more.pop("channel", "web"), text=text, locale=more.pop("locale", "en"), **more)


def where(
    facts: MessageFacts, present: list[Present], rules: RoutingRules = RULES, now: datetime = MONDAY_NOON
) -> tuple[Any, ...]:
    found = route(facts, present, rules, now, "seed")
    return found.team, found.agent.id if found.agent else None, found.reason


class TestRules:
    def test_the_first_rule_that_holds_decides(self) -> None:
        found = route(said("I want a REFUND!", locale="zh-CN"), [ANN], RULES, MONDAY_NOON, "x")
        assert (found.team, found.priority, found.desks) == ("billing", "high", ("slack-money",))

    def test_everything_in_a_rule_must_hold(self) -> None:
        assert where(said("refund", channel="telegram"), [ANN])[0] == "support"

    def test_by_locale_given_or_written(self) -> None:
        assert where(said(locale="zh_Hant"), [CHEN]) == ("china", "a3", "round_robin")
        assert where(said("你们好", locale=""), [CHEN])[0] == "china"
        assert route(said(locale="zh"), [], RULES, MONDAY_NOON, "x").desks == ("slack-cn",)

    def test_by_tag(self) -> None:
        assert route(said(tags=frozenset({"vip"})), [], RULES, MONDAY_NOON, "x").priority == "urgent"

    def test_a_team_that_has_it_keeps_it(self) -> None:
        assert where(said("refund", team="support"), [ANN])[0] == "support"
        assert where(said("refund", team="gone"), [ANN])[0] == "billing"

    def test_without_any_rules_every_present_agent_serves(self) -> None:
        found = route(said("hi"), [ANN], RoutingRules(), MONDAY_NOON, "x")
        assert (found.team, found.agent, found.reason, found.desks) == (None, ANN, "least_busy", None)

    @pytest.mark.parametrize(
        ("broken", "hint"),
        [
            ({"team": "nobody"}, "no team is named “nobody”"),
            ({"rules": [{"team": "nobody"}]}, "rule 1: no team"),
            ({"teams": {"a": {"hours": "nine"}}}, "teams.a.hours: no hours"),
            ({"teams": {"a": {"members": {"x@y.z": {"weight": 0}}}}}, "greater than 0"),
            ({"strategy": "best"}, "least_busy"),
            ({"rules": [{"team": "a", "keywords": [""]}], "teams": {"a": {}}}, "empty word"),
        ],
    )
    def test_mistakes_are_named(self, broken: dict[str, Any], hint: str) -> None:
        with pytest.raises(ValidationError, match=hint):
            RoutingRules.model_validate(broken)


class TestAgents:
    def test_least_busy_goes_by_load_in_relation_to_capacity(self) -> None:
        rules = RoutingRules.model_validate(
            {"team": "t", "teams": {"t": {"members": {"ann@example.com": {"capacity": 10}, "bo@example.com": {"capacity": 2}}}}}
        )
        assert where(said(), [replace(ANN, load=4), replace(BO, load=1)], rules) == ("t", "a1", "least_busy")

    def test_weighted_follows_the_weights_and_only_the_seed(self) -> None:
        rules = RoutingRules.model_validate(
            {
                "team": "t",
                "strategy": "weighted",
                "teams": {"t": {"members": {"ann@example.com": {"weight": 3}, "bo@example.com": None}}},
            }
        )
        picked = [route(said(), [ANN, BO], rules, MONDAY_NOON, str(n)).agent for n in range(4000)]
        assert picked == [route(said(), [BO, ANN], rules, MONDAY_NOON, str(n)).agent for n in range(4000)]
        assert 0.72 < Counter(a.id for a in picked if a)["a1"] / 4000 < 0.78

    def test_round_robin_takes_who_has_waited_longest(self) -> None:
        rules = RoutingRules(strategy="round_robin")
        agents = {a.id: a for a in (ANN, BO, CHEN)}
        order = []
        for turn in range(1, 7):
            found = route(said(), list(agents.values()), rules, MONDAY_NOON, str(turn)).agent
            assert found is not None
            agents[found.id] = replace(found, assigned_ms=turn)
            order.append(found.id)
        assert order[:3] == order[3:]
        assert sorted(order[:3]) == ["a1", "a2", "a3"]

    def test_sticky_wins_while_present_and_below_capacity(self) -> None:
        back = said("refund", last_agent="a2")
        assert where(back, [ANN, replace(BO, load=2)]) == ("billing", "a2", "sticky")
        assert where(back, [ANN, replace(BO, load=3)]) == ("billing", "a1", "weighted")
        assert where(back, [ANN]) == ("billing", "a1", "weighted")
        assert where(said("refund", last_agent="a3"), [ANN, CHEN]) == ("billing", "a1", "weighted")

    def test_sticky_can_be_off(self) -> None:
        rules = RoutingRules(sticky=False)
        assert where(said(last_agent="a1"), [replace(ANN, load=1), BO], rules) == (None, "a2", "least_busy")

    def test_nobody_and_why(self) -> None:
        assert where(said("refund"), [CHEN]) == ("billing", None, "nobody_present")
        assert where(said("refund"), [replace(ANN, load=3)]) == ("billing", None, "all_full")
        assert where(said(locale="zh"), [replace(CHEN, load=2)]) == ("china", None, "all_full")
        assert where(said(locale="zh"), [CHEN], now=SUNDAY) == ("china", None, "closed")
        assert where(said(), [ANN], RoutingRules(strategy="manual", sticky=False)) == (None, None, "manual")

    def test_manual_still_returns_customers_to_their_agent(self) -> None:
        rules = RoutingRules(strategy="manual")
        assert where(said(last_agent="a1"), [ANN], rules) == (None, "a1", "sticky")
        assert where(said(), [ANN], rules) == (None, None, "manual")

    @given(
        st.lists(st.builds(Present, st.uuids().map(str), st.just("x@y.z"), load=st.integers(0, 9)), max_size=8),
        st.sampled_from(["weighted", "least_busy", "round_robin"]),
        st.text(max_size=5),
    )
    def test_never_beyond_capacity_and_never_nobody_while_somebody_is_free(
        self, present: list[Present], strategy: Any, seed: str
    ) -> None:
        found = route(said(), present, RoutingRules(strategy=strategy, capacity=5), MONDAY_NOON, seed)
        free = [agent for agent in present if agent.load < 5]
        assert (found.agent in free) if free else (found.agent is None)


def test_opening() -> None:
    assert opening(RULES, "china", MONDAY_NOON) == (True, None)
    is_open, opens_at = opening(RULES, "china", SUNDAY)
    assert not is_open
    assert opens_at == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert opening(RULES, None, SUNDAY) == (True, None)
    default = RoutingRules.model_validate({"hours": {"default": {"week": {"mon": "09:00-10:00"}}}})
    assert opening(default, None, SUNDAY)[0] is False


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (["refund"], "Refund?", True),
        (["refund"], "refunds", False),
        (["refund*"], "refunds", True),
        (["art"], "start", False),
        (["art"], "我要art课", True),
        (["退款"], "我要退 款吗", False),
        (["退款"], "请给我退款啊", True),
        (["ｒｅｆｕｎｄ"], "a ＲＥＦＵＮＤ please", True),
        (["=人工"], "人工智能", False),
        (["=人工"], " 人工！", True),
        (["opening hours"], "Your opening\n hours?", True),
        (["환불"], "환불은 어떻게", True),
        (["straße"], "STRASSE 5", True),
        (["c++"], "do you know C++?", True),
        (["退款"], "退\u200b款", True),
    ],
)
def test_keywords(words: list[str], text: str, found: bool) -> None:
    assert Keywords(words).any_in(fold(text)) is found


def test_facts_of_a_message() -> None:
    def facts(*parts: Part) -> MessageFacts:
        message = Message(
            channel=ChannelName("web"), id=ExternalId("1"), customer=ExternalId("c"), at=MONDAY_NOON, parts=parts, locale="en"
        )
        return facts_of(message)

    assert facts(Text(text="a"), Choice(id="x", text="b")).text == "a\nb"
    assert facts(Choice(id="x", text="b")).choice == "x"
    assert facts(Media(kind="voice")).wordless
    assert not facts(Media(kind="image"), Text(text="look")).wordless
    assert facts(Event(kind="followed")).event == "followed"
    assert not facts(Event(kind="followed")).wordless
