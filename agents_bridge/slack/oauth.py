"""Slack's OAuth: the page on which an admin installs the app, and the exchange of the code that comes back (oauth.v2.access)."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from agents_bridge.slack.manifest import SCOPES, lacking
from agents_bridge.slack.settings import WorkspacesSettings
from hub.installs import Grant, NotInstalled

log = structlog.get_logger()
_quiet = logging.getLogger(__name__)
_quiet.setLevel(logging.WARNING)
"""For the SDK, whose debug log holds whole answers: these ones hold tokens."""
TRIES, AGAIN_S = 2, 0.5
_TEAM, _MEMBER, _WORD = re.compile(r"T[A-Z0-9]{1,30}"), re.compile(r"[UW][A-Z0-9]{1,30}"), re.compile(r"[a-z_]{1,60}")


def address(settings: WorkspacesSettings, state: str, back: str) -> str:
    """Slack's page. Nothing secret is in it: the state is good once, for the browser that asked."""
    asked = {"client_id": settings.client_id, "scope": ",".join(_wanted(settings)), "state": state, "redirect_uri": back}
    return f"{settings.authorize_url}?{urlencode(asked)}"


def _wanted(settings: WorkspacesSettings) -> list[str]:
    return sorted(name for name in SCOPES if settings.customize or name != "chat:write.customize")


def missing(settings: WorkspacesSettings, scopes: str) -> Mapping[str, str]:
    """Scopes that were not granted, with what does not work without them."""
    return lacking(scopes, settings)


async def exchange(settings: WorkspacesSettings, code: str, back: str) -> Grant:
    """What the code was given for. A call that certainly did not reach Slack is made once more; a code works once, so that
    nothing else is. Raises `NotInstalled`."""
    answer: Mapping[str, Any] | None = None
    for turn in range(TRIES):
        try:
            answer = await _asked(settings, code, back)
            break
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            if turn + 1 == TRIES:
                raise NotInstalled("away", "Slack cannot be reached") from exc
            await asyncio.sleep(AGAIN_S)
    assert answer is not None
    return _granted(answer)


async def _asked(settings: WorkspacesSettings, code: str, back: str) -> Mapping[str, Any]:
    """One call, with none of the SDK's own repeats. Client id and secret travel in a header, made here: the SDK makes it in a way
    that aiohttp has given up."""
    timeout = aiohttp.ClientTimeout(total=settings.timeout, connect=min(5.0, settings.timeout))
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            web = AsyncWebClient(
                base_url=settings.api_url,
                timeout=max(1, round(settings.timeout)),
                session=session,
                retry_handlers=[],
                logger=_quiet,
            )
            web.proxy = settings.proxy or None
            proof = aiohttp.encode_basic_auth(settings.client_id, settings.client_secret.get_secret_value())
            given, headers = {"code": code, "redirect_uri": back}, {"Authorization": proof}
            answer = await web.api_call("oauth.v2.access", data=given, headers=headers)
            return answer.data if isinstance(answer.data, dict) else {}
    except SlackApiError as exc:
        data = getattr(exc.response, "data", None)
        said = str(data.get("error") or "") if isinstance(data, dict) else ""
        if not _WORD.fullmatch(said):
            raise NotInstalled("away", "Slack did not answer as its documentation says") from exc
        raise NotInstalled("refused", f"Slack refuses the installation: {said}") from exc
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError, ValueError) as exc:
        raise NotInstalled("away", f"Slack did not answer: {type(exc).__name__}") from exc


def _granted(answer: Mapping[str, Any]) -> Grant:
    """The part of the answer that counts. Tokens that expire are not kept: the manifest turns that off."""
    team = answer.get("team")
    if answer.get("is_enterprise_install") or not isinstance(team, dict):
        raise NotInstalled("org", "the app was to be installed for a whole organization; choose a single workspace")
    if answer.get("refresh_token") or answer.get("expires_in"):
        raise NotInstalled("rotates", "token rotation is on; turn it off in the app's settings")
    token, member, id = str(answer.get("access_token") or ""), str(answer.get("bot_user_id") or ""), str(team.get("id") or "")
    if not token.startswith("xoxb-") or not _TEAM.fullmatch(id) or not _MEMBER.fullmatch(member):
        raise NotInstalled("refused", "Slack gave no bot token")
    log.info("slack.granted", workspace=id)
    name, scopes = str(team.get("name") or id)[:150], str(answer.get("scope") or "")[:4000]
    return Grant(workspace=id, name=name, member=member, scopes=scopes, token=token)
