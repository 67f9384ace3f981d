"""The Web API's methods as far as Frontdesk calls them: arguments in, the answer's body out, `Refusal` for `ok: false`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.servers.slack_arguments import TEXT, Arguments, check, need, tree
from tests.servers.slack_parsing import as_written
from tests.servers.slack_views import open_view, publish_view, update_view
from tests.servers.slack_workspace import BOT, BOT_USER, Place, Refusal, Workspace

EMOJI = {"white_check_mark", "warning", "question", "eyes", "hourglass_flowing_sand", "outbox_tray", "leftwards_arrow_with_hook"}
CHANGED = 4000
"""Bytes of the text of chat.update; a new post takes ten times as many characters."""


def _said(ws: Workspace, found: Arguments) -> dict[str, Any]:
    message: dict[str, Any] = {
        "text": str(found.get("text") or "")[:TEXT],
        "bot_id": BOT,
        "app_id": "A0FRONTDESK",
        "team": ws.team,
    }
    if found.get("username"):
        message |= {"subtype": "bot_message", "username": found["username"], "icons": {"image": found.get("icon_url", "")}}
    else:
        message["user"] = BOT_USER
    message |= {name: tree(found[name]) for name in ("blocks", "attachments", "metadata") if found.get(name)}
    return message | {"mrkdwn": found.get("mrkdwn", True)}


def _told(message: dict[str, Any]) -> dict[str, Any]:
    """A message as an event tells of it. Of one that the channel is shown too, Slack's example names a user alone, and programs
    have answered theirs without an end (slack-go/slack#792)."""
    if message.get("subtype") != "thread_broadcast":
        return message
    return {name: value for name, value in message.items() if name not in ("bot_id", "app_id")} | {"user": BOT_USER}


def post_message(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "channel")
    as_written(found)
    check(found)
    thread = found.get("thread_ts")
    message = ws.post(found["channel"], thread, **_said(ws, found))
    if str(found.get("reply_broadcast")) in ("1", "True", "true") and message.get("thread_ts"):
        root = ws.message(found["channel"], message["thread_ts"])
        message |= {"subtype": "thread_broadcast", "root": {name: root[name] for name in root if name != "metadata"}}
    ws.log_post("post", found["channel"], message)
    ws.tell(found["channel"], _told(message))
    if "http" in message["text"] and found.get("unfurl_links") is not False:
        ws.change(found["channel"], message, attachments=[{"title": "a preview"}])
    shown = {name: value for name, value in message.items() if name != "metadata"}
    return {"channel": found["channel"], "ts": message["ts"], "message": shown}


def update(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "channel", "ts")
    as_written(found)
    check(found)
    if len(str(found.get("text") or "").encode()) > CHANGED:
        raise Refusal("msg_too_long")
    message = ws.message(found["channel"], found["ts"])
    if message.get("bot_id") != BOT:
        raise Refusal("cant_update_message")
    more = {name: tree(found[name]) for name in ("blocks", "attachments") if found.get(name) is not None}
    ws.change(found["channel"], message, text=str(found.get("text") or ""), **more)
    ws.log_post("update", found["channel"], message)
    return {"channel": found["channel"], "ts": found["ts"], "text": message["text"], "message": message}


def delete(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "channel", "ts")
    if ws.message(found["channel"], found["ts"]).get("bot_id") != BOT:
        raise Refusal("cant_delete_message")
    ws.remove(found["channel"], found["ts"])
    ws.accepted.add("delete", channel=found["channel"], ts=found["ts"])
    return {"channel": found["channel"], "ts": found["ts"]}


def post_ephemeral(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "channel", "user")
    as_written(found)
    check(found)
    place, thread = ws.place(found["channel"]), found.get("thread_ts")
    if place.archived:
        raise Refusal("is_archived")
    if thread and thread not in place.messages:
        raise Refusal("thread_not_found")
    said = {"text": str(found.get("text") or ""), "blocks": tree(found.get("blocks")) or []}
    facts = ws.accepted.add("ephemeral", channel=found["channel"], thread_ts=thread, user=found["user"], ts=ws.stamp(), **said)
    return {"message_ts": facts["ts"]}


def _page(messages: list[dict[str, Any]], found: Arguments) -> dict[str, Any]:
    oldest = float(found.get("oldest") or 0)
    kept = [m for m in messages if float(m["ts"]) > oldest]
    start, limit = int(found.get("cursor") or 0), min(int(found.get("limit") or 100), 999)
    page = kept[start : start + limit]
    if str(found.get("include_all_metadata")) not in ("1", "True", "true"):
        page = [{k: v for k, v in m.items() if k != "metadata"} for m in page]
    more = start + limit < len(kept)
    return {"messages": page, "has_more": more, "response_metadata": {"next_cursor": str(start + limit) if more else ""}}


def replies(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "channel", "ts")
    if found["ts"] not in ws.place(found["channel"]).messages:
        raise Refusal("thread_not_found")
    return _page(ws.thread(f"{found['channel']}:{found['ts']}"), found)


def history(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "channel")
    return _page(list(reversed(ws.seen(found["channel"]))), found)


def info(ws: Workspace, found: Arguments) -> dict[str, Any]:
    place = ws.place(found["channel"])
    return {"channel": {"id": place.id, "is_member": place.member, "is_archived": place.archived}}


def users_info(ws: Workspace, found: Arguments) -> dict[str, Any]:
    person = ws.somebody(found.get("user", ""))
    profile = {"display_name": person["name"], "real_name": person["name"], "email": person["email"]}
    user = {"id": found["user"], "team_id": ws.team, "deleted": False, "is_bot": False, "profile": profile}
    return {"user": user | {name: value for name, value in person.items() if name not in ("name", "email")}}


def lookup_by_email(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "email")
    for user, person in ws.people.items():
        if person["email"] == found["email"]:
            return users_info(ws, {"user": user})
    raise Refusal("users_not_found")


def set_status(ws: Workspace, found: Arguments) -> dict[str, Any]:
    """What a thread shows below its last message; in channels only where the workspace has it."""
    need(found, "channel_id", "thread_ts")
    if found.get("status") is None:
        raise Refusal("invalid_arguments")
    if ws.status_refused:
        raise Refusal(ws.status_refused)
    if found["thread_ts"] not in ws.place(found["channel_id"]).messages:
        raise Refusal("invalid_thread_ts")
    said = {name: found.get(name, "") for name in ("status", "username")}
    ws.accepted.add("status", channel=found["channel_id"], thread_ts=found["thread_ts"], **said)
    return {}


def _marked(ws: Workspace, found: Arguments) -> tuple[dict[str, Any], str]:
    need(found, "channel", "timestamp", "name")
    if found["name"] not in EMOJI:
        raise Refusal("invalid_name")
    return ws.message(found["channel"], found["timestamp"]), found["name"]


def add_reaction(ws: Workspace, found: Arguments) -> dict[str, Any]:
    message, name = _marked(ws, found)
    there = message.setdefault("reactions", [])
    if any(one["name"] == name for one in there):
        raise Refusal("already_reacted")
    there.append({"name": name, "users": [BOT_USER], "count": 1})
    ws.accepted.add("mark", channel=found["channel"], ts=found["timestamp"], name=name)
    return {}


def remove_reaction(ws: Workspace, found: Arguments) -> dict[str, Any]:
    message, name = _marked(ws, found)
    left = [one for one in message.get("reactions") or () if one["name"] != name]
    if len(left) == len(message.get("reactions") or ()):
        raise Refusal("no_reaction")
    message["reactions"] = left
    ws.accepted.add("unmark", channel=found["channel"], ts=found["timestamp"], name=name)
    return {}


def get_reactions(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "channel", "timestamp")
    return {"type": "message", "channel": found["channel"], "message": ws.message(found["channel"], found["timestamp"])}


def upload_url(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "filename", "length")
    file = ws.new_file(found["filename"], int(found["length"]), alt_txt=found.get("alt_txt", ""))
    return {"file_id": file["id"], "upload_url": f"{found['_base']}/upload/v1/{file['id']}?team={ws.team}"}


def complete_upload(ws: Workspace, found: Arguments) -> dict[str, Any]:
    need(found, "files")
    shared = []
    for one in tree(found["files"]):
        file = ws.files.get(one["id"])
        if file is None or file["content"] is None:
            raise Refusal("file_not_found")
        file["title"] = one.get("title") or file["name"]
        shared.append({"id": file["id"], "name": file["name"], "title": file["title"], "size": file["length"], "mimetype": "x/y"})
    if found.get("channel_id"):
        said: dict[str, Any] = {"text": found.get("initial_comment", ""), "user": BOT_USER, "upload": True, "files": shared}
        said |= {"bot_id": BOT} if ws.bot_files_carry_bot_id else {}
        message = ws.post(found["channel_id"], found.get("thread_ts"), subtype="file_share", **said)
        ws.log_post("post", found["channel_id"], message)
        ws.tell(found["channel_id"], message)
    return {"files": [{"id": one["id"], "title": one["title"]} for one in shared]}


def files_info(ws: Workspace, found: Arguments) -> dict[str, Any]:
    file = ws.files.get(found.get("file", ""))
    if file is None:
        raise Refusal("file_not_found")
    return {"file": {name: value for name, value in file.items() if name != "content"}}


def auth_test(ws: Workspace, found: Arguments) -> dict[str, Any]:
    own = {"team_id": ws.team, "user_id": BOT_USER, "bot_id": BOT}
    return own | {"url": f"https://{ws.name.lower()}.slack.test/", "team": ws.name, "user": "fd"}


def open_conversation(ws: Workspace, found: Arguments) -> dict[str, Any]:
    """The app's own conversation with one member."""
    need(found, "users")
    ws.somebody(found["users"])
    ws.places.setdefault(f"D{found['users']}", Place(f"D{found['users']}"))
    return {"channel": {"id": f"D{found['users']}"}}


def respond(ws: Workspace, found: Arguments) -> dict[str, Any]:
    """What is sent to a press's own address, which is no method of the Web API."""
    as_written(found)
    ws.accepted.add("response", **{name: value for name, value in found.items() if not name.startswith("_")})
    return {}


METHODS: dict[str, Callable[[Workspace, Arguments], dict[str, Any]]] = {
    "assistant.threads.setStatus": set_status,
    "auth.test": auth_test,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
    "chat.postMessage": post_message,
    "chat.update": update,
    "conversations.history": history,
    "conversations.info": info,
    "conversations.open": open_conversation,
    "conversations.replies": replies,
    "files.completeUploadExternal": complete_upload,
    "files.getUploadURLExternal": upload_url,
    "files.info": files_info,
    "reactions.add": add_reaction,
    "reactions.get": get_reactions,
    "reactions.remove": remove_reaction,
    "response": respond,
    "users.info": users_info,
    "users.lookupByEmail": lookup_by_email,
    "views.open": open_view,
    "views.publish": publish_view,
    "views.update": update_view,
}
