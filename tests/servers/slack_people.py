"""What agents do in a Slack workspace: write, change, delete, press, drop files. Each returns what Slack tells the app of it."""

from __future__ import annotations

import time
from typing import Any

from tests.servers.slack_events import Sender, Told
from tests.servers.slack_workspace import BOT_USER, Accepted, Workspace


class People:
    """The agents of a workspace; threads are named "channel:ts"."""

    workspace: Workspace
    sender: Sender
    accepted: Accepted
    url: str

    def reply(self, thread: str, text: str, by: str = "U1ANNA", **more: Any) -> Told:
        """An agent writes in a thread, also below a first message that is gone; mrkdwn, as Slack would send it."""
        channel, _, root = thread.partition(":")
        said = {"user": by, "team": self.workspace.team, "text": text, "client_msg_id": f"c{time.time_ns()}", "thread_ts": root}
        message = self.workspace.post(channel, root, **{**said, **more})
        self.accepted.add("reply", channel=channel, thread_ts=root, ts=message["ts"], text=text, user=by)
        return self.workspace.tell(channel, message)  # type: ignore[no-any-return]

    def edit(self, thread: str, ts: str, text: str) -> Told:
        """An agent changes a message."""
        channel = thread.partition(":")[0]
        message = self.workspace.message(channel, ts)
        edited = {"user": message["user"], "ts": self.workspace.stamp()}
        return self.workspace.change(channel, message, text=text, edited=edited)  # type: ignore[no-any-return]

    def unfurl(self, thread: str, ts: str) -> Told:
        """Slack adds a preview to a message."""
        channel = thread.partition(":")[0]
        return self.workspace.change(channel, self.workspace.message(channel, ts), attachments=[{"title": "x"}])  # type: ignore[no-any-return]

    def delete(self, thread: str, ts: str) -> Told:
        """Somebody deletes a message."""
        return self.workspace.remove(thread.partition(":")[0], ts)  # type: ignore[no-any-return]

    def press(self, thread: str, action: str, by: str = "U1ANNA") -> Told:
        """Press the newest button in a thread whose action begins so."""
        channel = thread.partition(":")[0]
        for message in reversed(self.workspace.thread(thread)):
            for block in message.get("blocks") or ():
                for button in block.get("elements") or ():
                    if str(button.get("action_id", "")).startswith(action):
                        return self._pressed(channel, message, block, button, by)
        raise LookupError(f"no button {action}")

    def choose(self, thread: str, action: str, value: str, by: str = "U1ANNA") -> Told:
        """Choose something in a menu on the card."""
        channel = thread.partition(":")[0]
        card = self.workspace.thread(thread)[0]
        found = [
            (block, one) for block in card["blocks"] for one in block.get("elements") or () if one.get("action_id") == action
        ]
        [(block, menu)] = found
        option = next(one for one in menu["options"] if one["value"] == value)
        told = self._payload(channel, card, block, menu, by)
        told["actions"][0] |= {"type": "overflow", "selected_option": option}
        return self.sender.interaction(told)

    def _pressed(self, channel: str, message: dict[str, Any], block: dict[str, Any], button: dict[str, Any], by: str) -> Told:
        return self.sender.interaction(self._payload(channel, message, block, button, by))

    def _payload(
        self, channel: str, message: dict[str, Any], block: dict[str, Any], button: dict[str, Any], by: str
    ) -> dict[str, Any]:
        pressed = {"action_id": button["action_id"], "block_id": block.get("block_id", "b"), "value": button.get("value", "")}
        where = {"type": "message", "message_ts": message["ts"], "channel_id": channel, "is_ephemeral": False}
        return {
            "type": "block_actions",
            "user": {"id": by, "username": by.lower(), "team_id": self.workspace.team},
            "team": {"id": self.workspace.team, "domain": "team"},
            "channel": {"id": channel, "name": "support"},
            "container": where | ({"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}),
            "message": {name: value for name, value in message.items() if name != "metadata"},
            "trigger_id": self.workspace.trigger(),
            "response_url": f"{self.url}/response",
            "actions": [pressed | {"type": "button", "action_ts": self.workspace.stamp()}],
        }

    def answer(self, action: str, by: str = "U1ANNA") -> Told:
        """Press a button of the newest line that only this person sees. Slack sends no message with it."""
        told = next(one for one in reversed(self.accepted.of("ephemeral")) if one["user"] == by and one.get("blocks"))
        buttons = [one for block in told["blocks"] for one in block.get("elements") or ()]
        button = next(one for one in buttons if one["action_id"] == action)
        message = {"ts": told["ts"], "thread_ts": told["thread_ts"]}
        payload = self._pressed(told["channel"], message, {}, button, by)
        payload.payload["container"]["is_ephemeral"] = True
        del payload.payload["message"]
        return payload

    def submit(self, by: str = "U1ANNA", **values: dict[str, Any]) -> Told:
        """Send off the newest modal; `values` are fields with what was chosen, {"selected_user": "U1"}, {"value": "…"}."""
        view = self.accepted.of("view")[-1]["view"]
        state = {name: {name: {"type": "x", **found}} for name, found in values.items()}
        payload = {
            "type": "view_submission",
            "team": {"id": self.workspace.team},
            "user": {"id": by, "team_id": self.workspace.team},
        }
        return self.sender.interaction(payload | {"view": {**view, "state": {"values": state}}, "response_urls": []})

    def pick(self, action: str, value: str, by: str = "U1ANNA") -> Told:
        """Choose something in a list of the newest modal that tells the app at once."""
        view = self.accepted.of("view")[-1]["view"]
        chosen = {"action_id": action, "type": "external_select", "selected_option": {"value": value}}
        payload = {
            "type": "block_actions",
            "team": {"id": self.workspace.team},
            "user": {"id": by, "team_id": self.workspace.team},
            "view": view,
        }
        where = {
            "container": {"type": "view", "view_id": view["id"]},
            "actions": [chosen | {"action_ts": self.workspace.stamp()}],
        }
        return self.sender.interaction(payload | where)

    def opens_home(self, by: str = "U1ANNA", tab: str = "home") -> Told:
        """Somebody looks at the app's page."""
        event = {"type": "app_home_opened", "user": by, "channel": f"D{by}", "tab": tab, "event_ts": self.workspace.stamp()}
        return self.sender.event(event, self.workspace.team)

    def home(self, by: str = "U1ANNA") -> dict[str, Any]:
        """What somebody's page shows; empty when it was never drawn."""
        found = [one["view"] for one in self.accepted.of("home") if one["user"] == by]
        return dict(found[-1]) if found else {}

    def press_home(self, action: str, by: str = "U1ANNA") -> Told:
        """Press the first button on somebody's page whose action begins so."""
        view = self.home(by)
        buttons = [one for block in view["blocks"] for one in (*block.get("elements", ()), block.get("accessory") or {})]
        button = next(one for one in buttons if str(one.get("action_id", "")).startswith(action))
        payload = {
            "type": "block_actions",
            "team": {"id": self.workspace.team},
            "user": {"id": by, "team_id": self.workspace.team},
            "view": view,
        }
        pressed = {"action_id": button["action_id"], "value": button.get("value", ""), "action_ts": self.workspace.stamp()}
        where = {"container": {"type": "view", "view_id": view["id"]}, "trigger_id": self.workspace.trigger()}
        return self.sender.interaction(payload | where | {"actions": [pressed]})

    def command(self, text: str, by: str = "U1ANNA", channel: str = "C0SUPPORT", name: str = "/frontdesk") -> Told:
        """Somebody gives the app's command."""
        form = {"command": name, "text": text, "team_id": self.workspace.team, "user_id": by, "channel_id": channel}
        return self.sender.command(form | {"trigger_id": self.workspace.trigger(), "response_url": f"{self.url}/response"})

    def shortcut(self, thread: str, ts: str, callback: str, by: str = "U1ANNA") -> Told:
        """Choose something in a message's own menu."""
        channel = thread.partition(":")[0]
        payload = {
            "type": "message_action",
            "callback_id": callback,
            "trigger_id": self.workspace.trigger(),
            "response_url": f"{self.url}/response",
            "message_ts": ts,
            "message": self.workspace.message(channel, ts),
            "user": {"id": by, "name": by.lower(), "team_id": self.workspace.team},
            "team": {"id": self.workspace.team, "domain": "team"},
            "channel": {"id": channel, "name": "support"},
            "action_ts": self.workspace.stamp(),
        }
        return self.sender.interaction(payload)

    def upload(self, thread: str, name: str, content: bytes, mime: str, text: str = "", by: str = "U1ANNA") -> Told:
        """An agent drops a file into a thread."""
        file = self.workspace.new_file(name, len(content), content=content, mimetype=mime)
        address = f"{self.url}/files-pri/{file['id']}/{name}"
        shown = {"id": file["id"], "name": name, "title": name, "mimetype": mime, "size": len(content)}
        shown |= {"url_private": address, "url_private_download": address, "mode": "hosted"}
        return self.reply(thread, text, by, subtype="file_share", files=[shown], upload=True)

    def invite(self, channel: str, by: str = "U1ANNA") -> Told:
        """Somebody invites the app into a Slack channel."""
        self.workspace.place(channel)
        event = {
            "type": "member_joined_channel",
            "user": BOT_USER,
            "channel": channel,
            "team": self.workspace.team,
            "inviter": by,
        }
        return self.sender.event({**event, "channel_type": channel[0], "event_ts": self.workspace.stamp()}, self.workspace.team)


class Elsewhere(People):
    """The agents of one more workspace with the same app."""

    def __init__(self, home: People, workspace: Workspace) -> None:
        self.workspace = workspace
        self.sender = home.sender
        self.accepted = workspace.accepted
        self.url = home.url

    def posts(self, thread: str = "") -> list[dict[str, Any]]:
        """Accepted posts, all or those of a thread ("channel:ts")."""
        found = self.accepted.of("post")
        return [one for one in found if f"{one['channel']}:{one['thread_ts']}" == thread] if thread else found
