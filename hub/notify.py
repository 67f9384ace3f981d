"""Use-case: send the notices that are due: a call in the desk's thread, apprise, an e-mail to a customer who left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import structlog

import hub.notices as texts
from hub.model import AgentId, AgentReply, ConversationId, DeskName, ExternalId, Text
from hub.notices import NoticeRules, Smtp
from hub.runtime import Hub
from hub.store.sweeping import Waiting
from hub.transcripts import transcript

log = structlog.get_logger()
LEASE_MS = 120_000
TRIES = 5
APPRISE_S = 20.0
ROUTER = DeskName("router")
CUSTOMERS = ("left", "transcript")
AGENTS = ("unanswered", "overdue")
"""Kinds of notices by whom they are for: quiet hours are the agents' own."""


class NotSent(Exception):
    """A notice could not be sent now; says why, without addresses."""


async def send_due(hub: Hub) -> None:
    """Send what is due; what fails is tried again a few times, and then stands in the notices as failed."""
    quiet = hub.notices.quiet_hours is not None and texts.quiet(hub.notices, hub.now())
    for row in await hub.store.sweeping.take_notices(LEASE_MS, CUSTOMERS if quiet else (*CUSTOMERS, *AGENTS)):
        try:
            await _send(hub, row)
        except Exception as exc:
            tries = int(row["tries"]) + 1
            log.warning("notice.failed", kind=row["kind"], tries=tries, error=str(exc) or type(exc).__name__)
            state = "failed" if tries >= TRIES else "queued"
            await hub.store.sweeping.close_notice(row["id"], state, str(exc), wait_ms=30_000 * 2**tries)
        else:
            await hub.store.sweeping.close_notice(row["id"], "sent")


async def _send(hub: Hub, row: dict[str, Any]) -> None:
    found = await hub.store.sweeping.about(row["conversation_id"])
    if found is None:
        return
    waiting, threads = found
    if row["kind"] == "left":
        await _mail(hub, waiting, *texts.mail_text(waiting.locale, waiting.customer_name, waiting.preview, hub.public_url))
    elif row["kind"] == "transcript":
        said = await hub.store.logs.said_in(waiting.conversation_id)
        await _mail(hub, replace(waiting, email=row["address"] or ""), *transcript(said, waiting.locale), id=row["id"])
    elif row["kind"] == "overdue":
        await _call_agents(hub, row, replace(waiting, since_ms=row["about_ms"]), bool(threads))
    elif waiting.since_ms:
        await _call_agents(hub, row, waiting, bool(threads))


async def _call_agents(hub: Hub, row: dict[str, Any], waiting: Waiting, has_thread: bool) -> None:
    """A line in the thread that calls the agent, and the apprise URLs; the line's id makes it one however often this runs."""
    rules, late = hub.notices, row["kind"] == "overdue"
    how = rules.unanswered or texts.Unanswered()
    if not late and not texts.calls_agents(rules, waiting.team):
        return
    minutes = max(1, round((hub.now().timestamp() * 1000 - waiting.since_ms) / 60_000))
    about = (waiting.customer_name, waiting.channel, waiting.preview, minutes)
    title, body = texts.notice_text(rules.locale, *about, late=late)
    if how.mention and has_thread:
        told = AgentReply(
            desk=ROUTER,
            id=ExternalId(f"notice.{row['id']}"),
            at=hub.now(),
            agent=ExternalId(ROUTER),
            agent_name="Frontdesk",
            conversation=ConversationId(waiting.conversation_id),
            kind="tell",
            parts=(Text(text=title),),
            assignee=AgentId(waiting.agent_id) if waiting.agent_id else None,
        )
        await hub.intake.keep([told], 5.0)
    if how.apprise:
        await _apprise(rules, title, f"{body}\n{hub.public_url}/console/#c={waiting.conversation_id}")


async def _apprise(rules: NoticeRules, title: str, body: str) -> None:
    """Imported here: it is big, and few installations use it. It never raises; it answers whether all went well."""
    from apprise import Apprise

    sender = Apprise()
    for url in rules.unanswered.apprise if rules.unanswered else ():
        sender.add(url.get_secret_value())
    try:
        done = bool(await asyncio.wait_for(sender.async_notify(body=body, title=title), APPRISE_S))
    except TimeoutError:
        done = False
    if not done:
        raise NotSent("apprise could not reach every address")


async def _mail(hub: Hub, waiting: Waiting, subject: str, body: str, id: str = "") -> None:
    smtp = hub.notices.smtp
    if smtp is None or not waiting.email:
        return
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = smtp.sender, waiting.email, subject
    if smtp.reply_to:
        message["Reply-To"] = smtp.reply_to
    message["Message-ID"] = f"<{id or f'{waiting.conversation_id}.{waiting.last_s}'}@frontdesk>"
    message.set_content(body)
    await _smtp(smtp, message)


async def _smtp(smtp: Smtp, message: EmailMessage) -> None:
    import aiosmtplib

    try:
        await aiosmtplib.send(
            message,
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.username or None,
            password=smtp.password.get_secret_value() or None,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
            timeout=smtp.timeout,
        )
    except (aiosmtplib.SMTPException, OSError) as exc:
        raise NotSent(f"the mail server: {type(exc).__name__}") from exc
