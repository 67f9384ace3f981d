"""What an admin lets the bot say: a text with buttons for each language, its placeholders filled when it is said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from hub.facts import MessageFacts
from hub.model import Card, Form, FormField, Option, Part


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Button(_Rules):
    """A button: an answer from the list, a page, a person, or just its own words said by the customer."""

    text: str
    faq: str | None = Field(None, description="the name of the answer that it gives")
    url: str | None = None
    human: bool = Field(False, description="hands over to a person")

    def option(self) -> Option:
        """The button as channels show it; its id says what pressing it means."""
        meaning = "human" if self.human else f"faq:{self.faq}" if self.faq else self.text
        return Option(id=meaning, text=self.text, url=self.url or "")


def _buttons(value: Any) -> Any:
    return [{"text": entry} if isinstance(entry, str) else entry for entry in value] if isinstance(value, list | tuple) else value


class BotCard(_Rules):
    """A card: a title with a text, a page and buttons. Two or more stand side by side where the channel can show that."""

    title: str = Field(min_length=1)
    text: str = ""
    url: str = ""
    choices: Annotated[tuple[Button, ...], BeforeValidator(_buttons, json_schema_input_type=list[Button | str])] = ()

    def part(self) -> Card:
        """The card as channels show it."""
        return Card(title=self.title, text=self.text, url=self.url, options=tuple(button.option() for button in self.choices))


class BotField(_Rules):
    """One question of a form."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: str
    kind: Literal["text", "email", "phone", "number", "choice", "multiline"] = "text"
    required: bool = False
    options: tuple[str, ...] = ()

    def field(self) -> FormField:
        """The question as channels show it."""
        options = tuple(Option(id=str(n), text=text) for n, text in enumerate(self.options))
        return FormField(name=self.name, label=self.label, kind=self.kind, required=self.required, options=options)


class Answer(_Rules):
    """What the bot says in one language. `{name}` stands for the customer, `{opens_at}` for when people are back."""

    text: str = Field(min_length=1)
    choices: Annotated[tuple[Button, ...], BeforeValidator(_buttons, json_schema_input_type=list[Button | str])] = ()
    cards: tuple[BotCard, ...] = Field((), max_length=10, description="offered after the text")
    form: tuple[BotField, ...] = Field((), description="questions to fill in, after the text; the answers are the next message")

    def offered(self) -> list[Part]:
        """What comes after the text."""
        form = [Form(fields=tuple(one.field() for one in self.form))] if self.form else []
        return [*(card.part() for card in self.cards), *form]


def _answer(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


def _by_locale(value: Any) -> Any:
    """A text or an answer alone is for every language: the key is then `*`."""
    return {"*": value} if isinstance(value, str) or (isinstance(value, dict) and "text" in value) else value


_Said = Annotated[Answer, BeforeValidator(_answer, json_schema_input_type=Answer | str)]
_Written = str | Answer | dict[str, Answer | str]
Answers = Annotated[dict[str, _Said], Field(min_length=1), BeforeValidator(_by_locale, json_schema_input_type=_Written)]
"""Locale → answer; `zh` serves zh-CN too, `*` every other."""


_T = TypeVar("_T")


def in_language(answers: Mapping[str, _T], language: str) -> _T:
    """The answer for a locale: its own, its language's, that for every other (`*`), English, or the first."""
    wanted = language.replace("_", "-").lower()
    by_key = {key.replace("_", "-").lower(): answer for key, answer in answers.items()}
    for key in (wanted, wanted.split("-")[0], "*", "en"):
        if key in by_key:
            return by_key[key]
    return next(iter(answers.values()))


_PLACEHOLDER = re.compile(r"\{(name|opens_at)\}")
_DAYS = {
    "en": ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
_NEAR = {"en": ("today", "tomorrow"), "zh": ("今天", "明天")}
_LATER = {"en": "later", "zh": "稍后"}


def filled(text: str, facts: MessageFacts, now: datetime) -> str:
    """An admin's text with its two placeholders filled, in one pass: what a customer wrote is never read as a template."""
    if "{" not in text:
        return text
    name = " ".join(facts.name.split())[:60]
    return _PLACEHOLDER.sub(lambda m: name if m[1] == "name" else _when(facts.opens_at, now, facts.language), text)


def _when(opens_at: datetime | None, now: datetime, language: str) -> str:
    key = "zh" if language.lower().startswith("zh") else "en"
    if opens_at is None:
        return _LATER[key]
    ahead = (opens_at.date() - now.astimezone(opens_at.tzinfo).date()).days
    day = _DAYS[key][opens_at.weekday()] if ahead < 7 else opens_at.date().isoformat()
    if ahead < 2:
        day = _NEAR[key][max(ahead, 0)]
    return f"{day} {opens_at:%H:%M}" if key == "zh" else f"{day} at {opens_at:%H:%M}"
