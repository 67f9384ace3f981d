"""Files both ways: a customer's as a real upload in the thread, an agent's fetched with the token, which goes to Slack alone.

An upload has no key and no metadata. The last ten hex digits of its title are a digest of the delivery's key (`tag`), and that is
how `lookup` finds an upload whose outcome is unknown: a title is what we may choose for every kind of file and what Slack gives
back with the thread's messages (an alternative text exists for pictures alone).
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import aiohttp
from yarl import URL

from agents_bridge.slack.calls import Slack
from agents_bridge.slack.errors import translated
from agents_bridge.slack.text import short
from hub.errors import Temporary, Undeliverable
from hub.ports import IdempotencyKey, StoredFile

COMMENT_LIMIT = 4000
GONE = (401, 403, 404, 410)
PAGES = (".html", ".htm")


def tag(key: IdempotencyKey | str) -> str:
    """A key's mark at the end of a file's title."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]


async def upload(slack: Slack, channel: str, root: str, stored: StoredFile, comment: str, key: IdempotencyKey, alt: str) -> str:
    """Put a file into a thread; returns its id. Nothing is visible before the last of the three calls, so only that one can be
    uncertain."""
    name = short(stored.name, 100) or "file"
    with translated("files.getUploadURLExternal", posts=False):
        ticket = await slack.web.files_getUploadURLExternal(filename=name, length=stored.size, alt_txt=short(alt, 900) or None)
        address, file = str(ticket["upload_url"]), str(ticket["file_id"])
    headers = {"content-type": "application/octet-stream"}
    with translated("the upload of a file", posts=False):
        async with slack.session.post(address, data=stored.content, headers=headers, proxy=slack.proxy) as answer:
            if answer.status != 200:
                raise Temporary(f"Slack took no upload: {answer.status}")
    with translated("files.completeUploadExternal"):
        await slack.web.files_completeUploadExternal(
            files=[{"id": file, "title": f"{name} · {tag(key)}"}],
            channel_id=channel,
            thread_ts=root,
            initial_comment=comment[:COMMENT_LIMIT] or None,
        )
    return file


async def fetch(slack: Slack, api_url: str, remote: str) -> AsyncIterator[bytes]:
    """The content of an agent's file. Redirects are not followed: with a token that lacks files:read, Slack leads to its sign-in
    page, by a redirect or at once."""
    try:
        target, own = URL(remote), URL(api_url)
    except ValueError as exc:
        raise Undeliverable("the file has no address") from exc
    slacks = target.scheme == "https" and (target.host or "").endswith((".slack.com", ".slack-files.com"))
    same = (target.scheme, target.host, target.port) == (own.scheme, own.host, own.port)
    if not target.host or target.user is not None or not (slacks or same):
        raise Undeliverable("the file does not lie with Slack")
    headers = {"authorization": f"Bearer {slack.token}"}
    try:
        async with slack.session.get(target, headers=headers, allow_redirects=False, proxy=slack.proxy) as answer:
            if answer.status in GONE:
                raise Undeliverable(f"Slack does not hand out the file: {answer.status}")
            page = answer.content_type == "text/html" and not target.path.lower().endswith(PAGES)
            if 300 <= answer.status < 400 or page:
                raise Undeliverable("Slack asks to sign in for this file: the app lacks the scope files:read")
            if answer.status != 200:
                raise Temporary(f"Slack answered {answer.status} for a file")
            async for piece in answer.content.iter_chunked(65_536):
                yield piece
    except (TimeoutError, aiohttp.ClientError, OSError) as exc:
        raise Temporary("the file could not be fetched from Slack") from exc
