"""The survey after a matter is settled: what admins write about it, the question that follows, and how an answer is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from hub.answers import in_language
from hub.capabilities import Capabilities
from hub.model import Choice, Choices, Form, FormField, Option, Part, Text

BEST = 5
COMMENT = 2000
"""Characters of a comment that are kept."""
_BUTTON = re.compile(r"rate:([0-9a-f]{32}):([1-5])")
_QUESTION = re.compile(r"rate:([0-9a-f]{32})")
_FACES = ("😞", "🙁", "😐", "🙂", "😀")
_WORDS = {
    "zh": ("很不满意", "不满意", "一般", "满意", "很满意"),
    "*": ("Very bad", "Bad", "OK", "Good", "Very good"),
}
_TEXTS = BeforeValidator(
    lambda value: {"*": value} if isinstance(value, str) else value, json_schema_input_type=dict[str, str] | str
)
Texts = Annotated[dict[str, str], Field(min_length=1), _TEXTS]
"""Language → text; `*` is every other."""


class SurveyRules(BaseModel):
    """`config/survey.yaml`. A conversation is asked about once, when it is resolved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    channels: dict[str, bool] = Field({}, description="channel → on or off; a channel not named is on")
    when: Literal["always", "chosen"] = Field(
        "always", description="always: unless whoever resolves says no; chosen: only when they say so"
    )
    look: Literal["stars", "faces"] = "stars"
    question: Texts = Field({"zh": "您对本次服务满意吗？", "*": "How did we do?"}, validate_default=True)
    comment: Texts | None = Field(
        {"zh": "想补充些什么？（选填）", "*": "Anything to add? (optional)"},
        validate_default=True,
        description="asked beside the rating where the channel has forms; null: no comment",
    )
    thanks: Texts = Field(
        {"zh": "感谢您的评价！", "*": "Thank you for telling us."},
        validate_default=True,
        description="said where the answer itself shows no thanks",
    )
    answer_days: float = Field(7, gt=0, description="how long after it was asked an answer counts")
    change_hours: float = Field(24, ge=0, description="how long an answer may be changed")

    def asks(self, channel: str, wish: bool | None) -> bool:
        """Whether a conversation of this channel is asked about; `wish` is what whoever resolves it said."""
        wanted = self.when == "always" if wish is None else wish
        return self.enabled and wanted and self.channels.get(channel, True)

    def question_for(self, conversation: str, capabilities: Capabilities, language: str) -> tuple[Part, ...]:
        """The question as the channel can ask it: a form with a comment where there are forms, buttons elsewhere (and where there
        are none, the lines with numbers that `fit` makes of them)."""
        asked = in_language(self.question, language)
        scale = self._scale(language)
        if "form" not in capabilities.parts:
            buttons = tuple(Option(id=f"rate:{conversation}:{one.id}", text=one.text) for one in scale)
            return (Choices(text=asked, options=buttons),)
        fields = [FormField(name=f"rate:{conversation}", label=asked, kind="rating", required=True, options=scale)]
        if self.comment:
            fields.append(FormField(name="comment", label=in_language(self.comment, language), kind="multiline"))
        return (Form(fields=tuple(fields)),)

    def thanks_for(self, language: str) -> str:
        """What is said after a first answer."""
        return in_language(self.thanks, language)

    def _scale(self, language: str) -> tuple[Option, ...]:
        words = in_language(_WORDS, language)
        signs = _FACES if self.look == "faces" else ["★" * n + "☆" * (BEST - n) for n in range(1, BEST + 1)]
        return tuple(Option(id=str(n), text=f"{signs[n - 1]} {words[n - 1]}") for n in range(1, BEST + 1))


@dataclass(frozen=True, slots=True)
class Rated:
    """A customer's answer."""

    conversation: str
    score: int
    comment: str | None = None
    """None where no comment could be given."""


def rated(parts: Sequence[Part]) -> Rated | None:
    """The answer in a message, if it is one."""
    for part in parts:
        if isinstance(part, Choice) and (found := _BUTTON.fullmatch(part.id)):
            return Rated(found[1], int(found[2]))
        if isinstance(part, Form) and part.submitted:
            return _filled({field.name: (field.value or "").strip() for field in part.fields})
    return None


def _filled(given: Mapping[str, str]) -> Rated | None:
    for name, value in given.items():
        if (found := _QUESTION.fullmatch(name)) and value in "12345" and len(value) == 1:
            return Rated(found[1], int(value), given.get("comment", "")[:COMMENT])
    return None


def number(parts: Sequence[Part]) -> int:
    """The lone digit that a message is, 1 to 5: an answer to numbered lines. 0: it is something else."""
    if len(parts) != 1 or not isinstance(parts[0], Text):
        return 0
    text = parts[0].text.strip()
    return int(text) if len(text) == 1 and text in "12345" else 0
