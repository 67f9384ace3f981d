"""The port to a service that translates, and what admins write about its use (`config/translation.yaml`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from hub.notices import Seconds
from hub.shelter import Glossary
from hub.tongues import tongue

CODE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"
Language = Annotated[str, Field(pattern=CODE)]


@dataclass(frozen=True, slots=True)
class Translated:
    """What a service made of several texts, in their order; `language` is what it took them for, empty where it does not say."""

    texts: tuple[str, ...]
    language: str = ""


class Translator(Protocol):
    """A service that translates. SDK types stay inside."""

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Translated:
        """Plain texts into the language `target`; an empty `source` asks the service to find it out. As many texts come back.
        Raises `Temporary` when later may help, `Undeliverable` when it won't; nothing else of a foreign kind."""
        ...

    async def aclose(self) -> None: ...


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChannelRule(_Rules):
    """What is different on one channel."""

    on: bool = Field(True, description="whether conversations of this channel are translated")
    customers: Language | None = Field(None, description="the language of its customers as long as nothing else says it")


def _as_rule(value: object) -> object:
    return {"on": value} if isinstance(value, bool) else value


class TranslationRules(_Rules):
    """Who reads what, and how long an answer may wait for its translation."""

    enabled: bool = Field(False, description="whether conversations are translated unless somebody says otherwise")
    agents: Language = Field("en", description="the language that agents read and write")
    teams: dict[str, Language] = Field({}, description="team → the language of its agents, where it is another")
    desks: dict[str, Language] = Field({}, description="desk → the language that is read there, where it is another")
    customers: Language | None = Field(None, description="the language of customers as long as nothing else says it")
    channels: dict[str, Annotated[ChannelRule, BeforeValidator(_as_rule, json_schema_input_type=ChannelRule | bool)]] = Field(
        {}, description="channel → on or off, or a mapping with `on` and `customers`"
    )
    glossary: tuple[dict[str, str], ...] = Field(
        (), description="terms with a fixed word in each language: {en: tea caddy, zh: 茶叶罐}; `*` is every other language"
    )
    keep: tuple[str, ...] = Field((), description="names and words that stay as they are in every language")
    hold: Seconds = Field(10.0, gt=0, le=120, description="how long an answer waits for its translation: 5s, 10s, 1m")
    late: Literal["send", "ask"] = Field(
        "send", description="what becomes of an answer that is not translated by then: the original leaves, or its author decides"
    )
    tries: int = Field(5, ge=1, le=20, description="how often a customer's line is tried")
    longest: int = Field(4000, ge=100, le=50_000, description="characters of one message; a longer one is not translated")

    @field_validator("glossary")
    @classmethod
    def _terms(cls, value: tuple[dict[str, str], ...]) -> tuple[dict[str, str], ...]:
        for term in value:
            if len(term) < 2 or not all(word.strip() for word in term.values()):
                raise ValueError("each term needs a word in at least two languages, as {en: tea caddy, zh: 茶叶罐}")
        return value

    @field_validator("keep")
    @classmethod
    def _kept(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in value):
            raise ValueError("an empty word can't be kept")
        return value

    @cached_property
    def terms(self) -> Glossary:
        """The glossary, with the words that stay as they are."""
        return Glossary([*self.glossary, *({"*": word} for word in self.keep)])

    def on_for(self, channel: str, chosen: str = "") -> bool:
        """Whether a conversation is translated; `chosen` is `on` or `off` where somebody has said it of this one."""
        if chosen:
            return chosen == "on"
        rule = self.channels.get(channel)
        return self.enabled and (rule is None or rule.on)

    def read_by(self, team: str = "", desk: str = "") -> str:
        """The language that agents read: at a desk, in a team, or everywhere."""
        return tongue(self.desks.get(desk) or self.teams.get(team) or self.agents)

    def spoken_on(self, channel: str) -> str:
        """The language of a channel's customers where nothing else says it; empty when nobody knows."""
        rule = self.channels.get(channel)
        return tongue((rule.customers if rule else None) or self.customers or "")
