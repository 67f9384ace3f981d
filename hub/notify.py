"""Use-case: send the notices that are due: calls at the desks, apprise, a message to one agent, an e-mail to a customer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import structlog

import hub.notices as texts
from hub.calling import urgent_place
from hub.model import AgentId, Text
from hub.notices import NoticeRules, Smtp
from hub.own_acts import own_act
from hub.reminding import KINDS as PERSONAL
from hub.reminding import State, remind
from hub.runtime import Hub
from hub.store.sweeping import Waiting
from hub.transcripts import transcript

log = structlog.get_logger()
LEASE_MS = 120_000
TRIES = 5
APPRISE_S = 20.0
UNTIMED = ("left", "transcript", *PERSONAL)
AGENTS = ("unanswered", "escalated", "nearly", "overdue")
"""Kinds of notices: those of the second kind are not sent in quiet hours."""
STAGES: dict[str, texts.Stage] = {"unanswered": "waiting", "escalated": "waiting", "nearly": "soon", "overdue": "late"}
"""What a notice to agents says."""


class NotSent(Exception):
    """A notice could not be sent now; says why, without addresses."""


async def send_due(hub: Hub) -> None:
    """Send what is due; what fails is tried again a few times, and then stands in the notices as failed."""
    quiet = hub.notices.quiet_hours is not None and texts.quiet(hub.notices, hub.now())
    for row in await hub.store.sweeping.take_notices(LEASE_MS, UNTIMED if quiet else (*UNTIMED, *AGENTS)):
        try:
            state, wait_s = await _send(hub, row)
        except Exception as exc:
            tries = int(row["tries"]) + 1
            log.warning("notice.failed", kind=row["kind"], tries=tries, error=str(exc) or type(exc).__name__)
            after = "failed" if tries >= TRIES else "queued"
            await hub.store.sweeping.close_notice(row["id"], after, str(exc), wait_ms=30_000 * 2**tries)
        else:
            await hub.store.sweeping.close_notice(row["id"], state, wait_ms=int(wait_s * 1000), untried=wait_s > 0)


async def _send(hub: Hub, row: dict[str, Any]) -> tuple[State, float]:
    """Send one; returns what it is now, and the seconds after which it is to be looked at again, if at all."""
    if row["kind"] in PERSONAL:
        return await remind(hub, row)
    found = await hub.store.sweeping.about(row["conversation_id"])
    if found is not None:
        await _send_about(hub, row, *found)
    return "sent", 0.0


async def _send_about(hub: Hub, row: dict[str, Any], waiting: Waiting, threads: list[tuple[str, str]]) -> None:
    promised, waits = row["kind"] in ("nearly", "overdue"), row["about_ms"] == waiting.since_ms
    if row["kind"] == "left":
        await _mail(hub, waiting, *texts.mail_text(waiting.locale, waiting.customer_name, waiting.preview, hub.public_url))
    elif row["kind"] == "transcript":
        said = await hub.store.logs.said_in(waiting.conversation_id)
        await _mail(hub, replace(waiting, email=row["address"] or ""), *transcript(said, waiting.locale), id=row["id"])
    elif promised and row["about_ms"] == waiting.due_ms:
        await _call_agents(hub, row, replace(waiting, since_ms=waiting.due_ms), threads)
    elif not promised and waits and texts.calls_agents(hub.notices, waiting.team):
        await _call_agents(hub, row, waiting, threads)


async def _call_agents(hub: Hub, row: dict[str, Any], waiting: Waiting, threads: list[tuple[str, str]]) -> None:
    """A line in the thread that calls the agent, or one where a desk wants what is urgent, and the apprise URLs; the line's id
    makes it one however often this runs. Each stage calls once: the first two by a mention, the others where it is urgent."""
    rules, kind = hub.notices, row["kind"]
    how = rules.unanswered or texts.Unanswered()
    minutes = max(1, round(abs(hub.now().timestamp() * 1000 - waiting.since_ms) / 60_000))
    about = (waiting.customer_name, waiting.channel, waiting.preview, minutes)
    title, body = texts.notice_text(rules.locale, *about, about=STAGES[kind])
    places = [urgent_place(hub, desk, waiting.channel, waiting.team) for desk, _ in threads]
    urgent = kind in ("overdue", "escalated") and any(places)
    if urgent or (how.mention and threads and kind != "escalated"):
        told = own_act(
            f"notice.{row['id']}",
            hub.now(),
            waiting.conversation_id,
            "tell",
            parts=(Text(text=title),),
            assignee=AgentId(waiting.agent_id) if waiting.agent_id else None,
            data={"urgent": True} if urgent else {},
        )
        await hub.intake.keep([told], 5.0)
    if how.apprise and kind in ("unanswered", "overdue"):
        await ring(rules, title, f"{body}\n{hub.public_url}/console/#c={waiting.conversation_id}")


async def ring(rules: NoticeRules, title: str, body: str) -> None:
    """Tell the addresses of apprise; raises `NotSent`. It is imported here: it is big, few use it, and it never raises itself."""
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
