"""Notices to people who are not looking: agents when nobody answers or comes, customers who left before the answer came."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from hub.hours import Zone
from hub.keywords import Names
from hub.masking import mask

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)?")
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.strip().lower())
    if match is None:
        raise ValueError(f"“{value}” is not a time; write 90, 90s, 5m or 1h")
    return float(match[1]) * _SECONDS[match[2] or ""]


Seconds = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=float | str), Field(gt=0)]
"""A number of seconds, or `90s`, `5m`, `1h`."""


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Unanswered(_Rules):
    """A customer waits and nobody answers."""

    after: Seconds = Field(120.0, description="how long the customer has waited: 90s, 5m, 1h")
    mention: bool = Field(True, description="call the agent, or everybody, in the conversation's thread at the desk")
    apprise: tuple[SecretStr, ...] = Field(
        (), description="apprise URLs (phone, e-mail, chat apps); they hold secrets: write ${NAME}"
    )
    teams: Names = Field((), description="only for these teams; all when empty")
    escalate: Seconds = Field(
        600.0, description="after how long a wait it is posted where a desk wants what is urgent, if there is such a place"
    )


class Unseen(_Rules):
    """An agent was called in a thread, or given a conversation, and has not been there: they get a message to them alone."""

    after: Seconds = Field(600.0, description="how long they have not been there")


class Left(_Rules):
    """A customer left before the answer came and gave an e-mail address: the answer follows by e-mail."""

    after: Seconds = Field(300.0, description="how long the answer has not been seen")


class Smtp(_Rules):
    """The mail server for e-mails to customers."""

    host: str
    port: int = Field(587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(description="the address that customers see, as `Example <help@example.com>`")
    reply_to: str = ""
    timeout: float = Field(15.0, gt=0)


class QuietHours(_Rules):
    """No notices in this part of the day; they come when it is over, if they still matter."""

    timezone: Zone = "UTC"
    start: str = Field("22:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    end: str = Field("07:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")


class NoticeRules(_Rules):
    """`config/notices.yaml`. What is not given is off."""

    unanswered: Unanswered | None = None
    unseen: Unseen | None = None
    left: Left | None = None
    smtp: Smtp | None = None
    quiet_hours: QuietHours | None = None
    locale: Literal["en", "zh"] = Field("en", description="the language of notices to agents")

    @model_validator(mode="after")
    def _mail_has_a_server(self) -> NoticeRules:
        if self.left is not None and self.smtp is None:
            raise ValueError("`left` sends e-mail: give `smtp` too")
        return self


Stage = Literal["waiting", "soon", "late"]
TEXTS = {
    "en": {
        "waiting": "{name} has been waiting on {channel} for {minutes} min",
        "late": "{name} on {channel}: what was promised is {minutes} min late",
        "soon": "{name} on {channel}: what was promised is due in {minutes} min",
        "said": "Last message: {preview}",
        "somebody": "A customer",
        "mail_subject": "We answered you",
        "mail_greeting": "Hello {name},",
        "mail_body": "you left before our answer came. It says:\n\n{preview}\n\nGo on here: {url}",
        "mail_body_without_page": "you left before our answer came. It says:\n\n{preview}",
    },
    "zh": {
        "waiting": "{name} 在 {channel} 上已等待 {minutes} 分钟",
        "late": "{channel} 上的 {name}：已超出承诺时限 {minutes} 分钟",
        "soon": "{channel} 上的 {name}：距离承诺时限还有 {minutes} 分钟",
        "said": "最近一条消息：{preview}",
        "somebody": "一位客户",
        "mail_subject": "我们已回复您的消息",
        "mail_greeting": "{name}，您好：",
        "mail_body": "您离开后，我们回复了您的消息：\n\n{preview}\n\n继续对话：{url}",
        "mail_body_without_page": "您离开后，我们回复了您的消息：\n\n{preview}",
    },
}
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_UNPRINTABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
LINE_MOST = 200
TEXT_MOST = 2000


def quiet(rules: NoticeRules, now: datetime) -> bool:
    """Whether agents are to be left alone at this moment (aware)."""
    return rules.quiet_hours is not None and in_quiet_hours(rules.quiet_hours, now)


def in_quiet_hours(hours: QuietHours, now: datetime) -> bool:
    """Whether a moment (aware) lies in these hours, by their own clock."""
    local = now.astimezone(ZoneInfo(hours.timezone)).time()
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    return start <= local < end if start <= end else local >= start or local < end


def quiet_s(rules: NoticeRules, now: datetime, zone: str) -> float:
    """For how many seconds from a moment (aware) somebody is to be left alone, by the clock of their own time zone; of one whose
    zone nobody knows (empty, or a name that is none), by the rules' own."""
    hours = rules.quiet_hours
    if hours is None:
        return 0.0
    try:
        there = ZoneInfo(zone or hours.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        there = ZoneInfo(hours.timezone)
    local = now.astimezone(there)
    if not in_quiet_hours(hours.model_copy(update={"timezone": there.key}), now):
        return 0.0
    end = datetime.combine(local.date(), time.fromisoformat(hours.end), there)
    end = end if end > local else datetime.combine(local.date() + timedelta(days=1), end.timetz())
    return max(1.0, end.timestamp() - now.timestamp())


def calls_agents(rules: NoticeRules, team: str) -> bool:
    """Whether agents want to hear of customers of a team who wait."""
    return rules.unanswered is not None and (not rules.unanswered.teams or team in rules.unanswered.teams)


def one_line(text: str, most: int = LINE_MOST) -> str:
    """What strangers wrote as one line: no line ends (which would begin a new header), no control or direction characters."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:most]


def several_lines(text: str, most: int = TEXT_MOST) -> str:
    """What strangers wrote as lines of plain text."""
    return "\n".join(one_line(line, most) for line in text.splitlines())[:most].strip()


def notice_text(
    locale: str, customer: str, channel: str, preview: str, minutes: int, about: Stage = "waiting"
) -> tuple[str, str]:
    """Title and body of a notice to agents; personal data in what the customer wrote is masked."""
    said = TEXTS[_language(locale)]
    facts = {"name": one_line(mask(customer), 80) or said["somebody"], "channel": one_line(channel), "minutes": str(minutes)}
    title = _filled(said[about], facts)
    return title, "\n".join([title, _filled(said["said"], {"preview": several_lines(mask(preview), 500)})])


def mail_text(locale: str, customer: str, preview: str, url: str) -> tuple[str, str]:
    """Subject and body of the e-mail to a customer who left; personal data in it is masked, for mail may be read on its way."""
    said = TEXTS[_language(locale)]
    name = one_line(customer, 80)
    greeting = _filled(said["mail_greeting"], {"name": name}) if name else ""
    body = _filled(
        said["mail_body" if url else "mail_body_without_page"], {"preview": several_lines(mask(preview)), "url": one_line(url)}
    )
    return said["mail_subject"], f"{greeting}\n\n{body}\n".lstrip()


def _language(locale: str) -> str:
    return "zh" if locale.lower().startswith("zh") else "en"


def _filled(template: str, facts: dict[str, str]) -> str:
    """One pass over our own text: what strangers wrote is never read as a template."""
    return _PLACEHOLDER.sub(lambda m: facts.get(m[1], m[0]), template)
