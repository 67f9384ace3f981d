"""What Slack shows: the card that heads a thread, and the lines in it (limits: slack_sdk/models/blocks)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from agents_bridge.slack.canned import CANNED, card_value
from agents_bridge.slack.marking import MERGE, MORE, TRANSLATE, UNBLOCK
from agents_bridge.slack.merging import changed_line, via
from agents_bridge.slack.resolving import SURVEY
from agents_bridge.slack.task_words import task_line
from agents_bridge.slack.text import escaped, inert, mrkdwn, section, short
from agents_bridge.slack.words import WORDS
from hub.model import Entry, Media, Text
from hub.ports import Line, ThreadCard
from hub.tongues import named

Locale = Literal["en", "zh"]
RESOLVE, REOPEN, RESEND, CLAIM, RELEASE = "fd_resolve", "fd_reopen", "fd_resend", "fd_claim", "fd_release"
AS_LINK, AS_NOTE = "fd_link", "fd_note"
ASSIGN, RESOLVE_WHY, SNOOZE, PART, CONSOLE = "fd_assign", "fd_why", "fd_snooze", "fd_part", "fd_console"
"""`action_id`s of our buttons; the first three of these open a modal, the last is a link."""
POST_LIMIT = 12_000
"""Characters of text in one post: Slack cuts at 40 000, and escaping makes five of one."""
BUTTONS_LIMIT = 4
"""Status lines with a button in one post, so that its blocks stay below what Slack takes."""
SECTION_LIMIT = 550
"""Characters of a section, before escaping makes up to five times as many; Slack takes 3000."""
NAME_LIMIT = 80
OWN = "ℹ️"
"""Before the names of what sites and apps say of a customer, so that none looks like a field of ours."""
SIGNS = {"failed": "⚠️", "unknown": "❓", "held": "⏳", "delayed": "⏳", "warned": "⏳", "noticed": "📨", "sent": "📎"}
"""What stands before a status line."""


def card(facts: ThreadCard, locale: Locale) -> tuple[str, list[dict[str, Any]]]:
    """(fallback text, blocks) of a thread's head."""
    w = WORDS[locale]
    done = facts.status != "open"
    preview = f" · “{inert(short(facts.preview, 120))}”" if facts.preview else ""
    title = f"{'✅' if done else '🟢'} {inert(facts.channel)} · {inert(short(facts.customer, 80) or w['customer'])}{preview}"
    said = [(w["agent"], facts.agent or w["nobody"]), (w["channel"], str(facts.channel))]
    said += [(w["team"], facts.team)] if facts.team else []
    said += [(w["language"], facts.locale)] if facts.locale else []
    said += [(w.get(name, name), value) for name, value in list(facts.contact.items())[:6] if value]
    said += [(f"{OWN} {name}", value) for name, value in list(facts.attributes.items())[:6]]
    fields = [_identity(facts, w), *([_history(facts, w)] if facts.earlier else [])]
    room = 10 - len(fields)
    fields = [_field(short(name, 60), inert(short(value, 300))) for name, value in said[:room]] + fields
    blocks: list[dict[str, Any]] = [
        section(title),
        {"type": "section", "fields": fields},
        {"type": "context", "elements": [mrkdwn(_status(facts, w))]},
        {"type": "actions", "elements": _buttons(facts, w)},
    ]
    return title, blocks


def _field(name: str, text: str) -> dict[str, Any]:
    return mrkdwn(f"*{inert(name)}*\n{text}")


def _identity(facts: ThreadCard, w: dict[str, str]) -> dict[str, Any]:
    """Whether somebody has proved who this is, and how."""
    kinds = ", ".join(w.get(kind, kind) for kind in facts.proved)
    return _field(w["identity"], f"🛡️ {inert(kinds)}" if kinds else w["unproved"])


def _history(facts: ThreadCard, w: dict[str, str]) -> dict[str, Any]:
    """What was before, with the way there."""
    text = w["earlier"].format(n=facts.earlier)
    called = f"<{facts.earlier_url}|{text}>" if facts.earlier_url.startswith(("http://", "https://")) else text
    return _field(w["history"], f"{called} · {clock(facts.earlier_at)}".rstrip(" ·"))


def _status(facts: ThreadCard, w: dict[str, str]) -> str:
    if facts.status == "merged":
        return f"🔗 {w['is_merged']}"
    if facts.status == "resolved":
        by = f" {w['by']} {inert(short(facts.resolved_by, 80))}" if facts.resolved_by else ""
        return " · ".join([f"{w['resolved']} {clock(facts.resolved_at)}".rstrip() + by, *_summed_up(facts, w)])
    text = f"{w['open']} · {w['since']} {clock(facts.opened_at)}" if facts.opened_at else w["open"]
    if facts.priority:
        text = f"{'🔥' if facts.priority == 3 else '❗'} {w[f'priority{facts.priority}']} · {text}"
    if facts.snoozed_until:
        when = w["written"] if isinstance(facts.snoozed_until, str) else clock(facts.snoozed_until)
        text = f"💤 {w['snoozed']} {when} · {text}"
    if facts.tags:
        text += f" · 🏷️ {inert(short(' '.join(facts.tags), 300))}"
    if facts.waiting_since:
        text = f"{text} · {w['waiting']} {clock(facts.waiting_since)}"
    if facts.place:
        text = f"{text} · {w['place'].format(n=facts.place)}"
    if facts.due_at and facts.due_kind:
        text = f"{text} · 🎯 {w[f'due_{facts.due_kind}']} {clock(facts.due_at)}"
    if facts.window_until:
        text = f"{text} · ⏱️ {w['until']} {clock(facts.window_until)}"
    return text if facts.calls_left is None else f"{text} · {w['left'].format(n=facts.calls_left)}"


def _summed_up(facts: ThreadCard, w: dict[str, str]) -> Iterator[str]:
    """Of a settled matter: how long it took, how much was said, and what the customer thought."""
    if facts.opened_at and facts.resolved_at:
        yield lasted((facts.resolved_at - facts.opened_at).total_seconds(), w)
    if facts.messages:
        yield w["messages" if facts.messages > 1 else "message"].format(n=facts.messages)
    if facts.rating is not None:
        yield f"★ {facts.rating}" if facts.rating else w["rating_asked"]


def lasted(seconds: float, w: dict[str, str]) -> str:
    """How long something took, in the two greatest units that say it; a minute at least."""
    minutes = max(round(seconds / 60), 1)
    days, hours = minutes // 1440, minutes // 60
    found = ((days, "days"), (hours % 24, "hours")) if days else ((hours, "hours"), (minutes % 60, "minutes"))
    return " ".join(w[unit].format(n=n) for n, unit in found if n)


def clock(at: datetime | None) -> str:
    """A time that Slack shows in each reader's own zone."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>" if at else ""


def _button(action: str, text: str, **more: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": text, "emoji": True}, **more}


def _buttons(facts: ThreadCard, w: dict[str, str]) -> list[dict[str, Any]]:
    if facts.status == "merged":
        made = [_button(PART, w[PART], value=str(facts.conversation))]
    elif facts.status == "resolved":
        made = [_button(REOPEN, w["reopen"], value=str(facts.conversation))]
    else:
        names = (RELEASE if facts.agent else CLAIM, ASSIGN, SNOOZE, RESOLVE, RESOLVE_WHY)
        made = [_button(name, w[name], value=str(facts.conversation)) for name in names]
        made[0] |= {} if facts.agent else {"style": "primary"}
        made[-1] |= {"value": f"{facts.conversation} {SURVEY}"} if facts.surveyed else {}
        about = card_value(facts.customer, facts.locale, str(facts.channel), facts.team)
        made.append(_button(CANNED, w[CANNED], value=about))
        made.append(_menu(w))
        made.append(_button(MERGE, w["more_merge"], value=str(facts.conversation)))
    if facts.console_url.startswith(("http://", "https://")) and len(facts.console_url) <= 3000:
        made.append(_button(CONSOLE, w["console"], url=facts.console_url))
    return made


def _menu(w: dict[str, str]) -> dict[str, Any]:
    """What is needed less often; Slack takes five choices."""
    names = ("priority", "tags", TRANSLATE, "block", UNBLOCK)
    options = [{"text": {"type": "plain_text", "text": w[f"more_{name}"]}, "value": name} for name in names]
    return {"type": "overflow", "action_id": MORE, "options": options}


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive lines that travel in one call."""

    kind: Literal["said", "status", "file"]
    lines: tuple[Line, ...]


def groups(found: Sequence[Line], locale: Locale) -> Iterator[Group]:
    """Lines in as few calls as Slack's limits allow, in their order: a file is a call of its own."""
    kept: list[Line] = []
    kind: Literal["said", "status", "file"] = "said"
    size = 0
    for one in found:
        is_a = _kind(one)
        length = len(line(one, locale, named=True))
        full = size + length > POST_LIMIT or (is_a == "status" and len(kept) >= BUTTONS_LIMIT)
        if kept and (is_a != kind or is_a == "file" or full):
            yield Group(kind, tuple(kept))
            kept, size = [], 0
        kind = is_a
        kept.append(one)
        size += length + 1
    if kept:
        yield Group(kind, tuple(kept))


def _kind(one: Line) -> Literal["said", "status", "file"]:
    if any(isinstance(part, Media) for part in one.parts):
        return "file"
    return "status" if one.delivery and one.entry.kind == "status" else "said"


def speaker(found: Sequence[Line], locale: Locale) -> tuple[str, str] | None:
    """(name, picture) under which a post may appear, when one person says all of it."""
    if any(one.entry.kind != "message" for one in found) or len({(one.author, one.avatar, one.via) for one in found}) != 1:
        return None
    name = short(found[0].author, NAME_LIMIT) or (WORDS[locale]["customer"] if found[0].entry.author.kind == "customer" else "")
    name += via(found[0], locale)
    picture = found[0].avatar if found[0].avatar.startswith("https://") else ""
    return (name, picture) if name else None


def line(found: Line, locale: Locale, *, named: bool) -> str:
    """One line's text; `named` puts the speaker's name before it, where Slack does not show it as the sender. Text without a name
    goes where Slack parses no formatting."""
    w = WORDS[locale]
    entry = found.entry
    words = "\n".join(part.text for part in found.parts if isinstance(part, Text))
    if not named:
        return escaped(words)
    text, author = inert(words), inert(short(found.author, NAME_LIMIT)) + via(found, locale)
    match entry.kind:
        case "note":
            return _note(found, author, text, locale)
        case "edit":
            return f"✏️ {author or w['customer']} ({w['edited']}){w['colon']}{text}"
        case "delete":
            gone = f"🗑️ {w['deleted'].format(who=author or w['customer'])}"
            return f"{gone}{w['colon']}“{text}”" if text else gone
        case "assigned":
            name = _call(found.mention) or inert(short(str(entry.data.get("name") or ""), NAME_LIMIT)) or w["nobody"]
            if entry.data.get("reason") == "answered":
                return f"👤 {name} {w['took']}"
            why, team = (inert(short(str(entry.data.get(key) or ""), 1000)) for key in ("reason", "team"))
            to = name if not team else f"{name} · {team}"
            return f"👤 {w['assigned']} {to}{w['colon']}{why}" if why else f"👤 {w['assigned']} {to}"
        case "resolved":
            return f"✅ {w['resolved']} {w['by']} {author}" if author else f"✅ {w['resolved']}"
        case "reopened":
            return f"🔄 {w['reopened']}{w['colon']}{text}" if text else f"🔄 {w['reopened']}"
        case "event":
            return f"ℹ️ {author or w['customer']} {text}".rstrip()
        case "status":
            state = str(entry.data.get("state"))
            sign, said = SIGNS.get(state, "❓"), w[state if state in SIGNS else "unknown"]
            why = text or inert(str(entry.data.get("reason") or ""))
            return f"{sign} {said}{w['colon']}{why}" if why else f"{sign} {said}"
        case "changed":
            return changed_line(found, locale) or changed(found, locale)
        case "message":
            return f"*{author or w['customer']}*{album(entry)}{w['colon']}{text}"


def _note(found: Line, author: str, text: str, locale: Locale) -> str:
    w, call = WORDS[locale], f"{_call(found.mention)} " if found.mention else ""
    if task := found.entry.data.get("task"):
        return task_line(task, w["colon"], locale)
    return f"🔒 {call}*{w['note']}* {author}{w['colon']}{text}"


def below(found: Line, locale: Locale) -> str:
    """What stands below a line: its translation, or why there is none."""
    if found.untranslated:
        return f"🌐 {WORDS[locale]['untranslated']}{WORDS[locale]['colon']}{inert(short(found.untranslated, 300))}"
    return f"🌐 {inert(found.translation)}" if found.translation else ""


def changed(found: Line, locale: Locale) -> str:
    """What a customer got instead of an answer's own words, that a conversation is translated from now on, or what else."""
    w, data, author = WORDS[locale], found.entry.data, inert(short(found.author, NAME_LIMIT))
    if data.get("what") not in ("translated", "translation"):
        return f"ℹ️ {author}{w['colon']}{inert(str(data.get('what') or ''))}"
    if data.get("what") == "translation":
        return f"🌐 {author}{w['colon']}{w['tr_on' if data.get('on') else 'tr_off']}"
    words = "\n".join(inert(part.text) for part in found.parts if isinstance(part, Text))
    language = inert(named(str(data.get("language") or ""), locale))
    if data.get("state") == "failed":
        return f"🌐 {w['untranslated']}{w['colon']}{inert(short(str(data.get('reason') or ''), 300))}"
    return f"🌐 {w['got'].format(language=language)}{w['colon']}{words}"


def album(entry: Entry) -> str:
    """A sign that stands on each picture of an album, which Slack shows one after the other."""
    return " 🖼️" if entry.data.get("album") else ""


def _call(mention: str) -> str:
    """Somebody's id at this desk, or `*` for all who are there."""
    member = mention.rsplit(":", 1)[-1]
    if mention == "*":
        return "<!here>"
    return f"<@{member}>" if member.isascii() and member.isalnum() else ""


def status_blocks(found: Sequence[Line], locale: Locale) -> list[dict[str, Any]]:
    """Lines about calls that went wrong, each with a button to make the call again."""
    blocks: list[dict[str, Any]] = []
    for one in found:
        clipped = [part.model_copy(update={"text": part.text[:SECTION_LIMIT]}) for part in one.parts if isinstance(part, Text)]
        shown = Line(entry=one.entry, parts=clipped, key=one.key, author=one.author)
        blocks.append(section(line(shown, locale, named=True)[:3000]))
        if one.entry.data.get("state") in ("held", "delayed", "warned", "noticed", "sent"):
            continue
        blocks.append({"type": "actions", "elements": _ways_out(one, WORDS[locale])})
    return blocks


def _ways_out(told: Line, w: dict[str, str]) -> list[dict[str, Any]]:
    """What an agent can make of an answer that did not arrive. Only of one that certainly did not: a note."""
    data, ways = told.entry.data, [(RESEND, w["resend"])]
    ways += [(AS_LINK, w["as_link"])] if data.get("file") else []
    ways += [(AS_NOTE, w["as_note"])] if data.get("state") == "failed" else []
    return [_button(f"{name}_{told.delivery}"[:255], text, value=told.delivery) for name, text in ways]
