"""The bot that greets, answers from a list and hands over: the rules that admins write, and the pure turn that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.answers import Answer, Answers, Button, filled, in_language
from hub.facts import MessageFacts
from hub.keywords import Keywords, Words, fold
from hub.model import Choices, Part, Text


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Faq(_Rules):
    """One question. Of `keywords` one must be in the message, of `all` every one, of `none` not one."""

    name: str
    keywords: Words = ()
    all: Words = ()
    none: Words = ()
    answer: Answers
    handover: bool = Field(False, description="hand over to a person after this answer")

    @cached_property
    def ready(self) -> tuple[Keywords, Keywords, Keywords]:
        """`keywords`, `all` and `none`, ready for many messages."""
        return Keywords(self.keywords), Keywords(self.all), Keywords(self.none)

    def matches(self, folded: str) -> bool:
        """Whether a message asks this."""
        keywords, every, none = self.ready
        if self.keywords and not keywords.any_in(folded):
            return False
        return bool(self.keywords or self.all) and every.all_in(folded) and not none.any_in(folded)


HUMAN_WORDS = (
    "转人工", "转接人工", "人工客服", "人工服务", "真人", "找客服", "=人工", "轉人工", "真人客服",
    "human", "real person", "live agent", "live chat", "operator", "representative", "talk to an agent", "speak to an agent",
    "talk to someone", "speak to someone", "=agent",
)  # fmt: skip
HANDOVER = {"zh": "正在为您转接人工客服，请稍候。", "*": "I am handing you over to a colleague. One moment, please."}
FALLBACK = {
    "zh": "抱歉，我没有听懂。请换个说法，或回复“转人工”。",
    "*": "Sorry, I did not understand that. Please put it another way, or write “human” to reach a person.",
}
CLOSED = {
    "zh": "现在是非工作时间，我们 {opens_at} 回来。您可以留言，我们会尽快回复。",
    "*": "We are closed now and will be back {opens_at}. Leave your message here and we will answer.",
}


class BotRules(_Rules):
    """`config/bot.yaml`. Without greeting and questions the bot says nothing and people get every message at once."""

    enabled: bool = True
    channels: dict[str, bool] = Field({}, description="channel → on or off; a channel not named is on")
    greeting: Answers | None = None
    faq: tuple[Faq, ...] = ()
    human_words: Words = Field(HUMAN_WORDS, description="words that call a person")
    handover: Answers | None = Field(HANDOVER, validate_default=True, description="said when a person takes over; null: nothing")
    fallback: tuple[Answers, ...] = Field(
        (FALLBACK,), validate_default=True, description="said in turn when nothing matches; after the last comes a person"
    )
    closed: Answers | None = Field(CLOSED, validate_default=True, description="said instead of `handover` outside business hours")
    repeat_after_s: float = Field(600.0, ge=0, description="the same answer is not given twice within this time")

    @cached_property
    def human(self) -> Keywords:
        """`human_words`, ready for many messages."""
        return Keywords(self.human_words)

    @model_validator(mode="after")
    def _names_exist(self) -> BotRules:
        wrong = []
        names = [entry.name for entry in self.faq]
        wrong += [f"faq: two entries are named “{name}”" for name in sorted({n for n in names if names.count(n) > 1})]
        wrong += [f"faq “{e.name}”: give keywords or all, or a button that leads to it" for e in self._unreachable()]
        wrong += [f"a button leads to “{b.faq}”, which is not in faq" for b in self._buttons() if b.faq and b.faq not in names]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def speaks_on(self, channel: str) -> bool:
        """Whether the bot has anything to say on a channel."""
        return self.enabled and self.channels.get(channel, True) and bool(self.greeting or self.faq)

    def calls_person(self, folded: str) -> bool:
        """Whether a message asks for a person."""
        return self.human.any_in(folded)

    def find(self, choice: str, folded: str) -> Faq | None:
        """The first entry that answers a message, or the one behind a button."""
        if choice.startswith("faq:"):
            return next((entry for entry in self.faq if entry.name == choice[4:]), None)
        for entry in self.faq:
            if entry.matches(folded):
                return entry
        return None

    def _buttons(self) -> list[Button]:
        spoken = [self.greeting, self.handover, self.closed, *self.fallback, *(entry.answer for entry in self.faq)]
        said = [answer for answers in spoken if answers for answer in answers.values()]
        groups = [group for answer in said for group in (answer.choices, *(card.choices for card in answer.cards))]
        return [button for group in groups for button in group]

    def _unreachable(self) -> list[Faq]:
        led_to = {button.faq for button in self._buttons()}
        return [entry for entry in self.faq if not entry.keywords and not entry.all and entry.name not in led_to]


Reason = Literal["off", "silent", "event", "greeted", "answered", "fallback", "asked", "missed", "wordless"]
HELLO = Keywords(
    f"={word}"
    for word in (
        "hi", "hello", "hey", "hi there", "hello there", "good morning", "good afternoon", "good evening", "/start", "start",
        "你好", "您好", "你好啊", "嗨", "哈喽", "在吗", "在么", "有人吗", "早上好", "下午好", "晚上好", "你好 在吗", "您好 在吗",
    )
)  # fmt: skip
"""What needs no answer but a greeting."""


@dataclass(frozen=True, slots=True)
class BotTurn:
    """What the bot says. `handover`: from now on the conversation is people's, whether or not the bot had it before."""

    parts: tuple[Part, ...]
    state: dict[str, Any]
    handover: bool
    reason: Reason


def silence(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state once a person has taken over; an empty state gives the word back to the bot."""
    return {**state, "silent": True}


def respond(rules: BotRules, state: Mapping[str, Any], facts: MessageFacts, now: datetime) -> BotTurn:
    """The bot's turn after a customer's message. `state` is what the last turn returned, {} at first."""
    if not rules.speaks_on(facts.channel):
        return BotTurn((), dict(state), True, "off")
    if state.get("silent"):
        return BotTurn((), dict(state), True, "silent")
    return _Turn(rules, state, facts, now).take()


class _Turn:
    def __init__(self, rules: BotRules, state: Mapping[str, Any], facts: MessageFacts, now: datetime) -> None:
        self.rules = rules
        self.facts = facts
        self.now = now
        self.parts: list[Part] = []
        self.greeted = bool(state.get("greeted"))
        self.misses = int(state.get("misses", 0))
        self.before: list[list[str]] = state.get("offered", [])
        self.offered: list[list[str]] = []
        oldest = now.timestamp() - rules.repeat_after_s
        self.said = {name: at for name, at in state.get("said", {}).items() if at > oldest}

    def take(self) -> BotTurn:
        facts = self.facts
        if facts.event:
            if not self.greeted and facts.event in ("followed", "opened", "started"):
                self._greet()
            return self._end("event")
        choice, words = self._chosen()
        if choice == "human" or self.rules.calls_person(words):
            return self._hand_over("asked")
        first = not self.greeted
        self._greet()
        if facts.wordless:
            return self._hand_over("wordless")
        entry = self.rules.find(choice, words)
        if entry is not None and entry.name not in self.said:
            return self._answer(entry)
        if first and self.parts and not self.rules.faq:
            return self._hand_over("greeted", quietly=facts.open)
        if first and self.parts and HELLO.any_in(words):
            return self._end("greeted")
        return self._miss()

    def _chosen(self) -> tuple[str, str]:
        """The button pressed and the words said; a number counts as the button that was offered under it."""
        words = self.facts.folded
        number = words.rstrip(".)、。")
        if not self.facts.choice and len(number) <= 2 and number.isdecimal() and 1 <= int(number) <= len(self.before):
            choice, text = self.before[int(number) - 1]
            return choice, fold(text)
        return self.facts.choice, words

    def _greet(self) -> None:
        if not self.greeted and self.rules.greeting:
            self._say(self.rules.greeting)
        self.greeted = True

    def _answer(self, entry: Faq) -> BotTurn:
        self._say(entry.answer)
        self.said[entry.name] = int(self.now.timestamp())
        self.misses = 0
        return self._hand_over("answered", quietly=True) if entry.handover else self._end("answered")

    def _miss(self) -> BotTurn:
        if self.misses >= len(self.rules.fallback):
            return self._hand_over("missed")
        self._say(self.rules.fallback[self.misses])
        self.misses += 1
        self.offered = self.offered or self.before
        return self._end("fallback")

    def _hand_over(self, reason: Reason, *, quietly: bool = False) -> BotTurn:
        answers = self.rules.handover if self.facts.open else self.rules.closed
        if answers and not (quietly and self.facts.open):
            self._say(answers)
        return self._end(reason, silent=True)

    def _say(self, answers: Mapping[str, Answer]) -> None:
        answer = in_language(answers, self.facts.language)
        text = filled(answer.text, self.facts, self.now)
        options = tuple(button.option() for button in answer.choices)
        self.offered = [[option.id, option.text] for option in options] or self.offered
        self.parts.append(Choices(text=text, options=options) if options else Text(text=text))
        self.parts += answer.offered()

    def _end(self, reason: Reason, *, silent: bool = False) -> BotTurn:
        state: dict[str, Any] = {"greeted": True} if self.greeted else {}
        if silent:
            return BotTurn(tuple(self.parts), silence(state), True, reason)
        if self.misses:
            state["misses"] = self.misses
        if self.offered:
            state["offered"] = self.offered
        if self.said:
            state["said"] = self.said
        return BotTurn(tuple(self.parts), state, False, reason)
