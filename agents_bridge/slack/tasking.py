"""Tasks for a tracker, from a message's own menu in Slack: a modal with the message and the way to the conversation."""

from __future__ import annotations

from typing import Any

from agents_bridge.slack import from_message
from agents_bridge.slack.events import Reading, named
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.manifest import TASK
from agents_bridge.slack.modals import Locale, given, labelled, remembering
from agents_bridge.slack.presses import Press, by_member
from agents_bridge.slack.task_words import TASKS
from agents_bridge.slack.text import section, short
from hub.canned import Known
from hub.model import DeskName
from hub.people import Who
from hub.ports import Kit

SUBMIT, WAIT = "fd_task_send", "fd_task_wait"
"""`callback_id`s of the modal."""
TITLE_LIMIT, TEXT_LIMIT = 150, 3000


def loading_view(locale: Locale) -> dict[str, Any]:
    """What is there at once."""
    return remembering(WAIT, TASKS[locale]["title"], locale, [section(TASKS[locale]["wait"])])


def task_view(text: str, link: str, tracker: str, thread: str, locale: Locale) -> dict[str, Any]:
    """The task as it would be made."""
    w, title = TASKS[locale], short(text, TITLE_LIMIT)
    whole = f"{text[: TEXT_LIMIT - len(link) - 2]}\n\n{link}".strip()
    line: dict[str, Any] = {"type": "plain_text_input", "max_length": TITLE_LIMIT} | ({"initial_value": title} if title else {})
    field: dict[str, Any] = {"type": "plain_text_input", "multiline": True, "max_length": TEXT_LIMIT}
    field |= {"initial_value": whole} if whole else {}
    blocks = [labelled("title", w["name"], line, optional=False), labelled("text", w["text"], field)]
    blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": w["where"].format(tracker=tracker)}]})
    return remembering(SUBMIT, w["title"], locale, blocks, {"thread": thread}, w["create"])


def asked(reading: Reading, body: dict[str, Any]) -> Heard:
    """Somebody chose it in a message's own menu."""
    missing = "" if reading.tracker else TASKS[reading.locale]["none"]
    return from_message.chosen(TASK, TEXT_LIMIT, reading, body, instead=missing)


async def prepared(call: Then, desk: DeskName, kit: Kit, who: Who, locale: Locale, *, anybody: bool) -> Then:
    """The modal, once it is known which conversation it is about."""
    asked = call.arguments

    def view(known: Known) -> dict[str, Any]:
        link = f"{kit.public_url}/console/#c={known.conversation}" if kit.public_url else ""
        return task_view(asked["text"], link, kit.tracker, asked["thread"], locale)

    return await from_message.filled(call, view, desk, kit, who, locale, anybody=anybody)


@by_member
def sent(by: Press, body: dict[str, Any]) -> Heard:
    """The modal was sent off: the task is kept before Slack hears so."""
    view = body["view"]
    title, text = " ".join(given(view, "title").split())[:TITLE_LIMIT], given(view, "text")[:TEXT_LIMIT]
    if not title:
        return Heard(answer={"response_action": "errors", "errors": {"title": TASKS[by.reading.locale]["empty"]}})
    id = f"{by.team}:{by.thread}:{named(view.get('id'))}"
    return Heard([by.item("task", id, by.reading.now(), {"user": body.get("user")}, data={"title": title, "text": text})])
