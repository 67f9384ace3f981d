"""The Slack app that Frontdesk needs: its manifest for this installation, and what does not work while a scope is missing."""

from __future__ import annotations

from typing import Any

from agents_bridge.slack.settings import Common

COMMAND = "/frontdesk"
MAKE_NOTE, SEND_IT = "fd_make_note", "fd_send_it"
NEW, TRANSLATE, RETRY = "fd_new", "fd_translate", "fd_again"
SAVE, TASK = "fd_save", "fd_task"
"""`callback_id`s of our message shortcuts."""
SCOPES = {
    "channels:history": "what agents write in public channels is not heard, and unanswered posts can't be looked for",
    "channels:read": "Slack channels' states can't be asked for",
    "chat:write": "nothing can be posted",
    "chat:write.customize": "customers' lines can't appear under their names; until it is there, set customize: false",
    "commands": "/frontdesk and the shortcuts on messages do not exist",
    "files:read": "agents' files can't be fetched and do not reach customers",
    "files:write": "customers' files do not appear in threads",
    "groups:history": "what agents write in private channels is not heard",
    "groups:read": "private channels' states can't be asked for",
    "im:write": "agents get no direct messages about what they have not seen, and admins none about what is broken",
    "reactions:read": "old marks on agents' messages can't be told from new ones",
    "reactions:write": "agents do not see whether their messages were delivered",
    "users:read": "agents have no names",
    "users:read.email": "people in Slack are not known as the hub's agents",
}
"""Each bot scope, and what is missing without it (docs.slack.dev/reference/scopes)."""
EVENTS = ("app_home_opened", "member_joined_channel", "message.channels", "message.groups", "tokens_revoked", "app_uninstalled")


APP_HOME = {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": True}
DISPLAY = {"name": "Frontdesk", "description": "Customers' conversations as threads", "background_color": "#1a1d21"}
SHORTCUTS = [
    {"name": "Send to customer", "type": "message", "callback_id": SEND_IT, "description": "Make this note a reply"},
    {
        "name": "Make note",
        "type": "message",
        "callback_id": MAKE_NOTE,
        "description": "Take this reply back; keep it as a note",
    },
    {"name": "Send again", "type": "message", "callback_id": RETRY, "description": "Send this reply again, if it failed"},
    {"name": "New conversation", "type": "message", "callback_id": NEW, "description": "Write to a customer first"},
    {"name": "Translate", "type": "message", "callback_id": TRANSLATE, "description": "Show this line in your language"},
    {"name": "Save as canned reply", "type": "message", "callback_id": SAVE, "description": "Keep this text for other customers"},
    {"name": "Create task", "type": "message", "callback_id": TASK, "description": "Ask for it in your task tracker"},
]
"""What stands in a message's own menu."""


def manifest(hook: str, *, socket_mode: bool = False, back: str = "") -> dict[str, Any]:
    """What Slack's "From a manifest" takes; `hook` is the desk's public address, which Socket Mode does without. `back` is where
    admins of other workspaces return to from Slack's page, for an app that they install."""
    address = {} if socket_mode else {"url": hook}
    command = {
        "command": COMMAND,
        **address,
        "description": "Frontdesk",
        "usage_hint": "queue | me | find words | new | status | link | help",
        "should_escape": True,
    }
    request = {} if socket_mode else {"request_url": hook}
    return {
        "display_information": DISPLAY,
        "features": {
            "app_home": APP_HOME,
            "bot_user": {"display_name": "frontdesk", "always_online": True},
            "slash_commands": [command],
            "shortcuts": SHORTCUTS,
        },
        "oauth_config": ({"redirect_urls": [back]} if back else {}) | {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request, **_menus(hook, socket_mode)},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }


def _menus(hook: str, socket_mode: bool) -> dict[str, str]:
    """Where lists in modals ask what they show."""
    return {} if socket_mode else {"message_menu_options_url": hook}


def lacking(granted: str, settings: Common) -> dict[str, str]:
    """Scopes that the app has not got, with what does not work without them. `granted` is the header `x-oauth-scopes` of Slack's
    answers, names with commas; where it is empty nothing can be said."""
    have = {name.strip() for name in granted.split(",") if name.strip()}
    unused = set() if settings.customize else {"chat:write.customize"}
    return {name: why for name, why in SCOPES.items() if name not in have | unused} if have else {}
