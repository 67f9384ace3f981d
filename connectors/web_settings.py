"""What an admin writes for a web chat."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.identity_settings import IdentitySettings
from hub.notices import Seconds
from hub.ports import Settings

ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
"""What browsers send as a page's origin; it is written into headers too, so that nothing else may stand in it."""


class Question(BaseModel):
    """One thing that is asked before the chat. Labels and options by language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: dict[str, str] = Field(min_length=1)
    kind: Literal["text", "email", "phone", "number", "choice", "multiline"] = "text"
    required: bool = False
    options: tuple[dict[str, str], ...] = Field((), description="of a choice; a single one is a box to tick")


class Greeting(BaseModel):
    """A line that comes by itself beside the closed chat, once in a visit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: dict[str, str] = Field(min_length=1, description="what it says, by language")
    after: Seconds = Field(20.0, description="how long the customer has been on such a page")
    pages: tuple[str, ...] = Field((), description="paths on which it comes, as /pricing or /shop/*; none: every page")

    def rule(self) -> list[Any]:
        """As the loader reads it: a regular expression of paths, milliseconds, the text by language."""
        paths = "|".join(".*".join(re.escape(piece) for piece in page.split("*")) for page in self.pages)
        return [f"^(?:{paths})$" if paths else "", int(self.after * 1000), self.text]


class Before(BaseModel):
    """What is asked before the first message. The answers are the conversation's first message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: dict[str, str] = Field({}, description="above the questions, by language")
    questions: tuple[Question, ...] = ()
    consent: dict[str, str] = Field({}, description="what must be agreed to, by language; addresses in it become links")

    def form(self, language: str) -> dict[str, Any]:
        """The questions as a `Form` of hub.model, in one language."""
        asked = [
            {
                "name": one.name,
                "label": spoken(one.label, language),
                "kind": one.kind,
                "required": one.required,
                "options": [{"id": str(n), "text": spoken(option, language)} for n, option in enumerate(one.options)],
            }
            for one in self.questions
        ]
        if self.consent:
            agreed = {"id": "yes", "text": "是" if language == "zh" else "✓"}
            label = spoken(self.consent, language)
            asked.append({"name": "consent", "label": label, "kind": "choice", "required": True, "options": [agreed]})
        return {"type": "form", "title": spoken(self.title, language), "fields": asked}


def spoken(texts: dict[str, str], language: str) -> str:
    """The text in this language, or in the first that was written."""
    return texts.get(language) or next(iter(texts.values()), "")


class WebSettings(Settings):
    """A chat on web pages; customers fetch their own log, so that there is nothing to send."""

    type: Literal["web"] = "web"
    title: dict[str, str] = Field({"zh": "在线客服", "en": "Chat with us"}, description="the chat's title, by language")
    greeting: dict[str, str] = Field({}, description="shown before the first message, by language; nothing is stored")
    origins: tuple[str, ...] = Field(
        (),
        description="pages that may embed the chat, as https://shop.example, also in a frame; "
        "none given: every page may embed it, and none may frame it",
    )
    locale: str = Field("", description="a fixed language; empty: the browser's")
    accent: str = Field("#0b6bcb", pattern=r"^#[0-9a-fA-F]{6}$", description="the colour of buttons and of the customer's lines")
    position: Literal["right", "left"] = "right"
    before: Before | None = Field(None, description="questions and consent before the first message")
    greetings: tuple[Greeting, ...] = Field((), max_length=5, description="lines that come by themselves; the first that holds")
    hidden_outside_hours: bool = Field(False, description="no chat on the page while nobody is at work")
    preview: bool = Field(False, description="agents see what the customer is writing before it is sent; the customer is told so")
    identity: IdentitySettings | None = Field(
        None, description="keys by which your own backend says who a customer is; none: customers say it themselves"
    )

    @field_validator("origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"“{origin}” is not how browsers name a page's origin; write https://shop.example")
        return tuple(origin.lower() for origin in origins)

    def loader(self, is_open: bool) -> dict[str, Any]:
        """What the loader must know before anything is asked for; {} when that is nothing."""
        said = {"say": [greeting.rule() for greeting in self.greetings]} if self.greetings and is_open else {}
        return said | ({"hide": True} if self.hidden_outside_hours and not is_open else {})

    def look(self, language: str) -> dict[str, Any]:
        """How the chat presents itself in this language: the `cfg` of a welcome frame."""
        short = (self.locale or language).split("-")[0]
        return {
            "title": spoken(self.title, short),
            "greeting": spoken(self.greeting, short),
            "lang": self.locale,
            "accent": self.accent,
            "position": self.position,
            **({"preview": True} if self.preview else {}),
            **({"form": self.before.form(short)} if self.before else {}),
        }
