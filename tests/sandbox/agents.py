"""The agents of the sandbox: what their Slack shows, and what they do in it."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.sandbox.customers import kind_of
from tests.servers.slack import SlackServer
from tests.servers.slack_events import Told, signed
from tests.servers.slack_workspace import BOT, TEAM

KEPT = ("ts", "text", "mrkdwn", "blocks", "attachments", "username", "user", "edited")
ANSWER_S = 10.0


class Agents:
    """One workspace, seen by the people in it."""

    def __init__(self, slack: SlackServer) -> None:
        self.slack = slack
        self._read = 0
        self._alone: list[dict[str, Any]] = []
        """What one person sees, besides what all see."""
        self._view: dict[str, Any] | None = None
        self._errors: dict[str, str] = {}
        self._last = ("", "U1ANNA")
        """Where somebody did something last, and who."""
        self._pressed = ""

    def shown(self) -> dict[str, Any]:
        """The workspace as the page draws it."""
        self._follow()
        threads = []
        for place in self.slack.workspace.places.values():
            for ts, message in place.messages.items():
                if message.get("thread_ts") in (None, ts):
                    name = f"{place.id}:{ts}"
                    threads.append(
                        {"thread": name, "messages": [self._message(one) for one in self.slack.workspace.thread(name)]}
                    )
        people = [{"id": id, "name": one["name"]} for id, one in self.slack.workspace.people.items()]
        return {"threads": threads, "alone": self._alone, "view": self._view, "errors": self._errors, "people": people}

    def _message(self, message: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {name: message[name] for name in KEPT if name in message}
        found["bot"] = message.get("bot_id") == BOT or bool(message.get("upload") and message.get("user", "").startswith("U0"))
        found["files"] = [self._file(one) for one in message.get("files") or ()]
        found["reactions"] = [one["name"] for one in message.get("reactions") or ()]
        return found

    def _file(self, shared: dict[str, Any]) -> dict[str, Any]:
        held = self.slack.workspace.files.get(shared["id"])
        picture = bool(held and held["content"]) and kind_of(held["content"]).startswith("image/") if held else False
        return {"id": shared["id"], "name": shared["title"], "picture": picture}

    def _follow(self) -> None:
        """Take in what happened since the last time of asking."""
        lines = self.slack.accepted.lines
        for line in lines[self._read :]:
            if line["what"] == "ephemeral":
                where = f"{line['channel']}:{line['thread_ts'] or ''}"
                self._alone.append(
                    {"thread": where, "user": line["user"], "ts": line["ts"], "text": line["text"], "blocks": line["blocks"]}
                )
            elif line["what"] == "view":
                self._view, self._errors = line["view"], {}
            elif line["what"] == "response":
                self._answered(line)
        self._read = len(lines)

    def _answered(self, line: dict[str, Any]) -> None:
        old = next((one for one in self._alone if one["ts"] == self._pressed), None)
        if line.get("replace_original") and old is not None:
            old |= {"text": line["text"], "blocks": []}
            return
        thread, user = self._last
        self._alone.append(
            {"thread": thread, "user": user, "ts": self.slack.workspace.stamp(), "text": line["text"], "blocks": []}
        )

    async def do(self, act: str, by: str, thread: str, given: dict[str, Any]) -> Any:
        """What somebody does. Raises `LookupError` for what is not there."""
        if by not in self.slack.workspace.people:
            raise LookupError(f"nobody is {by}")
        self._last = (thread, by)
        match act:
            case "reply":
                await _heard(self.slack.reply(thread, given["text"], by))
            case "change":
                await _heard(self.slack.edit(thread, given["ts"], given["text"]))
            case "delete":
                await _heard(self.slack.delete(thread, given["ts"]))
            case "press":
                await _heard(self.slack.press(thread, given["action"], by))
            case "choose":
                await _heard(self.slack.choose(thread, given["action"], given["value"], by))
            case "answer":
                self._pressed = given["ts"]
                await _heard(self.slack.answer(given["action"], by))
            case "shortcut":
                await _heard(self.slack.shortcut(thread, given["ts"], given["callback"], by))
            case "command":
                await self._command(by, thread.partition(":")[0], given["text"])
            case _:
                return await self._modal(act, by, given)
        return None

    async def _modal(self, act: str, by: str, given: dict[str, Any]) -> Any:
        match act:
            case "close":
                self._view = None
            case "pick":
                await _heard(self.slack.pick(given["action"], given["value"], by))
            case "suggest":
                asked: dict[str, Any] = {"type": "block_suggestion", "team": {"id": TEAM}, "user": {"id": by, "team_id": TEAM}}
                asked |= {"action_id": given["action"], "block_id": given["action"], "value": given["value"], "view": self._view}
                return json.loads((await _heard(self.slack.sender.interaction(asked))).answer or b"{}").get("options", [])
            case "submit":
                told = await _heard(self.slack.submit(by, **given["values"]))
                answer = json.loads(told.answer or b"{}")
                self._errors = answer.get("errors") or {}
                self._view = self._view if self._errors else None
            case _:
                raise LookupError(f"there is no act {act}")
        return None

    async def _command(self, by: str, channel: str, text: str) -> None:
        word, _, rest = text.partition(" ")
        form = {"command": word, "text": rest, "team_id": TEAM, "user_id": by, "channel_id": channel, "channel_name": "support"}
        form |= {"response_url": f"{self.slack.url}/response", "trigger_id": self.slack.workspace.trigger()}
        body = urlencode(form).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"} | signed(self.slack.sender.secret, body)
        async with httpx.AsyncClient(timeout=ANSWER_S) as http:
            answer = await http.post(self.slack.sender.hook, content=body, headers=headers)
        if answer.content:
            self._answered(answer.json())

    def file(self, id: str) -> tuple[str, bytes] | None:
        """A file by its id."""
        found = self.slack.workspace.files.get(id)
        return (found["name"], found["content"]) if found and found["content"] else None


async def _heard(told: Told) -> Told:
    async with asyncio.timeout(ANSWER_S):
        await told.over.wait()
    return told
