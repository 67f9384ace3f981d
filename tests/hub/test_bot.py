"""The bot: it greets once, answers what it knows, never goes round in circles, and hands over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.bot import BotRules, BotTurn, respond, silence
from hub.facts import MessageFacts
from hub.model import Card, Choices, Form, Part, Text

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = BotRules.model_validate(
    {
        "greeting": {
            "zh": "您好，{name}！",
            "*": {"text": "Hello {name}!", "choices": ["Hours", {"text": "Refund", "faq": "refund"}]},
        },
        "faq": [
            {"name": "hours", "keywords": ["hours", "营业时间"], "answer": {"en": "9 to 18.", "zh": "9点到18点。"}},
            {"name": "refund", "all": ["refund", "order"], "none": "cancel", "answer": "Within 7 days.", "handover": True},
            {
                "name": "help",
                "keywords": "help",
                "answer": {"en": {"text": "About?", "choices": ["Hours", {"text": "Person", "human": True}]}},
            },
        ],
        "fallback": [{"*": "Pardon?", "zh": "没听懂。"}, {"*": "Once more?"}],
        "channels": {"quiet": False},
    }
)


class Talk:
    """A customer who writes one message after another."""

    def __init__(self, rules: BotRules = RULES, **facts: Any) -> None:
        self.rules, self.facts, self.state, self.now = rules, {"channel": "web", "locale": "en", **facts}, dict[str, Any](), NOW

    def says(self, text: str = "", **facts: Any) -> BotTurn:
        turn = respond(self.rules, self.state, MessageFacts(**{**self.facts, "text": text, **facts}), self.now)
        self.state = json.loads(json.dumps(turn.state))
        return turn


def words(turn: BotTurn) -> list[str]:
    def text(part: Part) -> str:
        assert isinstance(part, Text | Choices)
        return part.text

    return [text(part) for part in turn.parts]


class TestGreeting:
    def test_once_and_with_the_customers_name(self) -> None:
        talk = Talk(name="Li\n Wei")
        assert words(talk.says("hi")) == ["Hello Li Wei!"]
        assert words(talk.says("what are your hours?")) == ["9 to 18."]

    def test_in_the_customers_language(self) -> None:
        assert words(Talk(name="李", locale="zh-CN").says("你好")) == ["您好，李！"]
        assert words(Talk(name="李", locale="").says("你好")) == ["您好，李！"]
        assert words(Talk(locale="fr").says("hello")) == ["Hello !"]

    def test_a_question_is_answered_at_once(self) -> None:
        turn = Talk(name="A").says("opening hours?")
        assert (words(turn), turn.handover, turn.reason) == (["Hello A!", "9 to 18."], False, "answered")

    def test_what_customers_write_is_no_template(self) -> None:
        assert words(Talk(name="{opens_at}{0.__class__}{{7*7}}").says("hi")) == ["Hello {opens_at}{0.__class__}{{7*7}}!"]

    def test_who_follows_is_greeted_and_other_events_are_not_answered(self) -> None:
        talk = Talk(name="A")
        assert words(talk.says(event="followed")) == ["Hello A!"]
        assert talk.says(event="typing").parts == ()
        assert words(talk.says("hours")) == ["9 to 18."]

    def test_alone_it_leaves_the_rest_to_people(self) -> None:
        turn = Talk(BotRules.model_validate({"greeting": "Hi!"})).says("my order is broken")
        assert (words(turn), turn.handover, turn.reason) == (["Hi!"], True, "greeted")
        closed = Talk(BotRules.model_validate({"greeting": "Hi!"}), open=False).says("my order is broken")
        assert words(closed) == ["Hi!", "We are closed now and will be back later. Leave your message here and we will answer."]


class TestAnswers:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("营业时间是？", "answered"),
            ("ＨＯＵＲＳ", "answered"),
            ("refund my order", "answered"),
            ("refund please", "fallback"),
            ("refund the order I cancel", "fallback"),
            ("ours", "fallback"),
        ],
    )
    def test_by_words(self, text: str, reason: str) -> None:
        talk = Talk()
        talk.says("hi")
        assert talk.says(text).reason == reason

    def test_buttons_lead_to_answers(self) -> None:
        talk = Talk()
        [greeting] = talk.says("hi").parts
        assert isinstance(greeting, Choices)
        assert [(o.id, o.text) for o in greeting.options] == [("Hours", "Hours"), ("faq:refund", "Refund")]
        assert words(talk.says("Refund", choice="faq:refund")) == ["Within 7 days."]

    @pytest.mark.parametrize("number", ["2", "2.", "２", "2。"])
    def test_numbers_stand_for_buttons_where_there_are_none(self, number: str) -> None:
        talk = Talk()
        talk.says("hi")
        assert words(talk.says(number)) == ["Within 7 days."]

    def test_a_number_stays_a_number_otherwise(self) -> None:
        talk = Talk()
        talk.says("hi")
        assert talk.says("7").reason == "fallback"
        assert words(talk.says("1")) == ["9 to 18."]
        assert talk.says("1").reason == "fallback"

    def test_a_button_calls_a_person(self) -> None:
        talk = Talk()
        talk.says("help")
        assert talk.says("Person", choice="human").reason == "asked"

    def test_a_button_that_is_gone_is_not_understood(self) -> None:
        talk = Talk()
        talk.says("hi")
        assert talk.says("x", choice="faq:removed").reason == "fallback"


class TestHandover:
    @pytest.mark.parametrize("text", ["转人工", "我要转人工！", "人工", "Human please", "can I talk to an agent?", "人工客服"])
    def test_when_asked(self, text: str) -> None:
        turn = Talk(locale="").says(text)
        assert (turn.handover, turn.reason, len(turn.parts)) == (True, "asked", 1)

    @pytest.mark.parametrize("text", ["人工智能是什么", "humanity", "travel agent fees", "cooperator"])
    def test_not_when_it_only_looks_so(self, text: str) -> None:
        assert not Talk().says(text).handover

    def test_after_the_last_fallback(self) -> None:
        talk = Talk(locale="zh")
        talk.says("你好")
        turns = [talk.says("？？") for _ in range(3)]
        assert [words(turn)[0] for turn in turns] == ["没听懂。", "Once more?", "正在为您转接人工客服，请稍候。"]
        assert [turn.handover for turn in turns] == [False, False, True]

    def test_an_answer_resets_the_count(self) -> None:
        talk = Talk()
        for text in ("hi", "?", "?", "hours", "?", "?"):
            assert not talk.says(text).handover
        assert talk.says("?").reason == "missed"

    def test_then_it_is_silent(self) -> None:
        talk = Talk()
        talk.says("human")
        turn = talk.says("hours")
        assert (turn.parts, turn.handover, turn.reason) == ((), True, "silent")

    def test_a_person_who_answers_silences_it(self) -> None:
        talk = Talk()
        talk.says("hi")
        talk.state = silence(talk.state)
        assert talk.says("hours").parts == ()

    def test_of_what_it_cannot_read(self) -> None:
        turn = Talk(name="A").says(wordless=True)
        assert (turn.reason, turn.handover) == ("wordless", True)

    def test_outside_business_hours_it_says_when(self) -> None:
        opens = NOW.replace(hour=9) + timedelta(days=1)
        said = {
            n: Talk(locale=loc, open=False, opens_at=opens + timedelta(days=n)).says("human") for n, loc in enumerate(["en"] * 8)
        }
        assert words(said[0]) == [
            "We are closed now and will be back tomorrow at 09:00. Leave your message here and we will answer."
        ]
        assert "on Wednesday at 09:00" in words(said[1])[0]
        assert "2026-12-01 at 09:00" in words(said[7])[0]
        assert "今天 13:00" in words(Talk(locale="zh", open=False, opens_at=NOW.replace(hour=13)).says("人工"))[0]

    def test_texts_can_be_taken_away(self) -> None:
        rules = BotRules.model_validate({"greeting": "Hi", "handover": None, "closed": None})
        turn = Talk(rules).says("human")
        assert (turn.parts, turn.handover) == ((), True)

    def test_where_it_is_off(self) -> None:
        for talk in (Talk(channel="quiet"), Talk(BotRules()), Talk(RULES.model_copy(update={"enabled": False}))):
            turn = talk.says("hours")
            assert (turn.parts, turn.state, turn.handover, turn.reason) == ((), {}, True, "off")


class TestLoops:
    def test_the_same_answer_is_not_given_twice_in_a_row(self) -> None:
        talk = Talk()
        talk.says("hi")
        assert [talk.says("hours").reason for _ in range(4)] == ["answered", "fallback", "fallback", "missed"]

    def test_later_it_is(self) -> None:
        talk = Talk()
        talk.says("hours")
        talk.now += timedelta(minutes=11)
        assert words(talk.says("hours")) == ["9 to 18."]

    @given(st.lists(st.sampled_from(["hours", "refund order", "help", "hi", "?", "1", "2"]), min_size=30, max_size=40))
    def test_against_another_machine_it_falls_silent(self, lines: list[str]) -> None:
        talk = Talk()
        turns = [talk.says(line) for line in lines]
        assert sum(bool(turn.parts) for turn in turns) <= 16
        assert talk.state == {"greeted": True, "silent": True}
        assert len(json.dumps(turns[5].state)) < 400


class TestRules:
    @pytest.mark.parametrize(
        ("broken", "hint"),
        [
            ({"faq": [{"name": "a", "answer": "x"}]}, "give keywords"),
            ({"faq": [{"name": "a", "keywords": "x", "answer": "x"}] * 2}, "two entries are named “a”"),
            ({"greeting": {"text": "x", "choices": [{"text": "b", "faq": "gone"}]}}, "leads to “gone”"),
            ({"greeting": {"en": ""}}, "at least 1 character"),
            ({"greeting": {}}, "at least 1 item"),
            ({"faq": [{"name": "a", "keywords": ["​"], "answer": "x"}]}, "empty word"),
            ({"greetings": "x"}, "Extra inputs"),
        ],
    )
    def test_mistakes_are_named(self, broken: dict[str, Any], hint: str) -> None:
        with pytest.raises(ValidationError, match=hint):
            BotRules.model_validate(broken)


GREEN = {"title": "Green", "text": "50 g", "url": "https://shop.example/green", "choices": [{"text": "More", "faq": "green"}]}
CITY = {"name": "city", "label": "City", "kind": "choice", "options": ["A", "B"]}
SHOP = [
    {
        "name": "tea",
        "keywords": ["tea"],
        "answer": {"text": "Our best:", "cards": [GREEN, {"title": "Black", "choices": ["Take it"]}]},
    },
    {"name": "green", "answer": {"text": "Where to?", "form": [CITY]}},
]


class TestCardsAndForms:
    def test_an_answer_offers_cards_whose_buttons_lead_on(self) -> None:
        talk = Talk(BotRules.model_validate({"faq": SHOP}))
        _, green, black = talk.says("which tea?").parts
        assert isinstance(green, Card) and isinstance(black, Card)
        assert (green.title, green.options[0].id, black.options[0].id) == ("Green", "faq:green", "Take it")
        _, form = talk.says("", choice="faq:green").parts
        assert isinstance(form, Form) and form.fields[0].options[1].text == "B"

    def test_a_card_s_button_to_nowhere_is_told(self) -> None:
        with pytest.raises(ValidationError, match="leads to “green”"):
            BotRules.model_validate({"faq": SHOP[:1]})
