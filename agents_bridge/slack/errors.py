"""slack_sdk's errors → ours, in one place. Configuration faults are waited out: they must not burn every message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from hub.errors import Temporary, ThreadGone, Uncertain, Undeliverable

SETTINGS = {
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission", "missing_scope",
    "not_allowed_token_type", "not_in_channel", "channel_not_found", "ekm_access_denied", "team_access_not_granted",
    "access_denied", "org_login_required", "restricted_action", "is_archived",
}  # fmt: skip
"""What an admin must mend: token, scopes, an invitation to the channel."""
GONE = {"is_archived", "channel_not_found", "not_in_channel"}
MAYBE = {"fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
"""Some part of the call may have succeeded."""
SETTINGS_S = 60.0
RETRY_MOST_S = 3600.0


class Refused(Undeliverable):
    """Slack said no, with a code that callers may know better."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(f"Slack refuses {what}: {code}")
        self.code = code


class ChannelGone(Temporary):
    """A Slack channel is archived, deleted or closed to the app: an admin may mend it, or posts may go elsewhere."""


class Unfit(Temporary):
    """The app lacks something, its token serves no more: an admin must mend it."""


class ChannelArchived(ChannelGone):
    """Nobody can write there any more, people neither."""


@contextmanager
def translated(what: str, *, posts: bool = True) -> Iterator[None]:
    """`what` is the method, for the sentence that people read. A call that posts nothing (`posts=False`) can simply be made again
    when no answer came, and its limit is its own."""
    try:
        yield
    except SlackApiError as exc:
        raise _settled(_of_answer(exc, what, posts), posts) from exc
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
        raise Temporary("Slack cannot be reached") from exc
    except (TimeoutError, aiohttp.ClientError, OSError) as exc:
        raise _settled(Uncertain(f"Slack did not answer {what}: {type(exc).__name__}"), posts) from exc
    except (SlackClientError, AttributeError, TypeError, LookupError, ValueError) as exc:
        raise _settled(Uncertain(f"Slack answered {what} with something else than its documentation says"), posts) from exc


@contextmanager
def of_thread(channel: str = "", spare: str | None = None) -> Iterator[None]:
    """Around a call to a thread, whose first message people can delete. In an archived channel a thread is given up where there
    is another channel for it."""
    try:
        yield
    except ChannelArchived as exc:
        if spare is None or spare == channel:
            raise
        raise ThreadGone("the Slack channel was archived") from exc
    except Refused as exc:
        if exc.code not in ("message_not_found", "thread_not_found"):
            raise
        raise ThreadGone("the thread's first message was deleted in Slack") from exc


def _settled(error: Exception, posts: bool) -> Exception:
    return Temporary(str(error)) if isinstance(error, Uncertain) and not posts else error


def _of_answer(exc: SlackApiError, what: str, posts: bool) -> Exception:
    """The SDK hands over its own answer or, for a body that is no JSON, aiohttp's."""
    answer: Any = exc.response
    status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0))
    data: dict[str, Any] = answer.data if isinstance(getattr(answer, "data", None), dict) else {}
    code = str(data.get("error") or "")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Temporary("Slack asks to slow down", retry_after=_wait(answer), paused=posts)
    if code in SETTINGS:
        kind = ChannelArchived if code == "is_archived" else ChannelGone if code in GONE else Unfit
        return kind(f"Slack refuses {what}: {_explained(code, data)}", retry_after=SETTINGS_S, paused=posts)
    if status >= 500 or code in MAYBE or not code:
        return Uncertain(f"Slack answered {what} with {status} {code}".strip())
    return Refused(what, code)


def _explained(code: str, data: dict[str, Any]) -> str:
    """What the admin must do, where the code alone does not say it."""
    match code:
        case "missing_scope":
            return f"the app lacks the scope {data.get('needed') or 'it needs'}; add it and install the app again"
        case "not_in_channel" | "channel_not_found":
            return f"{code}; invite the app to the Slack channel, and check the channel's id"
        case "is_archived":
            return "the Slack channel is archived; unarchive it, or set another one"
        case "token_revoked" | "account_inactive" | "invalid_auth" | "token_expired" | "not_authed":
            return f"{code}; set a new bot_token"
    return code


def _wait(answer: Any) -> float:
    headers = getattr(answer, "headers", None) or {}
    said = str(headers.get("Retry-After") or headers.get("retry-after") or "")
    return min(float(said), RETRY_MOST_S) if said.isascii() and said.isdigit() else 1.0
