"""Content that is as good in words: polls, lists, bills, presents and their like (Bot API 10.0, the types of these names)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

WHOLE = frozenset(("XTR", "JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "XAF", "XOF", "XPF"))
"""Currencies without cents; XTR are Telegram's stars. Amounts are told in the smallest unit."""
MOST = 1000
"""Characters of one piece of it."""


def lines(*pieces: Any) -> str:
    """The pieces that say something, one a line."""
    return "\n".join(str(piece)[:MOST] for piece in pieces if piece)


def amount(found: dict[str, Any]) -> str:
    """A sum of money as people read it."""
    total, currency = int(found["total_amount"]), str(found["currency"])
    if currency == "XTR":
        return f"⭐ {total}"
    return f"{total} {currency}" if currency in WHOLE else f"{total / 100:.2f} {currency}"


def _poll(poll: dict[str, Any]) -> str:
    return lines(f"📊 {poll['question']}", *(f"– {option['text']}" for option in poll.get("options") or ()))


def _dice(dice: dict[str, Any]) -> str:
    return f"{dice.get('emoji') or '🎲'} {dice['value']}"


def _checklist(found: dict[str, Any]) -> str:
    return lines(f"📋 {found['title']}", *(f"{'☑' if _done(task) else '☐'} {task['text']}" for task in found.get("tasks") or ()))


def _done(task: dict[str, Any]) -> bool:
    return bool(task.get("completion_date") or task.get("completed_by_user") or task.get("completed_by_chat"))


def _invoice(found: dict[str, Any]) -> str:
    return lines(f"🧾 {found['title']}", found.get("description"), amount(found))


def _payment(found: dict[str, Any]) -> str:
    return lines(f"💳 {amount(found)}", found.get("invoice_payload"))


def _app_data(found: dict[str, Any]) -> str:
    return lines(found.get("button_text"), found["data"])


WORDED: dict[str, Callable[[Any], str]] = {
    "poll": _poll, "dice": _dice, "checklist": _checklist, "invoice": _invoice, "successful_payment": _payment,
    "web_app_data": _app_data,
}  # fmt: skip
"""Kinds that are shown as text."""


def _story(found: dict[str, Any]) -> str:
    return f"📖 {_names([found.get('chat') or {}])}".strip()


def _game(found: dict[str, Any]) -> str:
    return lines(f"🎮 {found['title']}", found.get("description"), found.get("text"))


def _gift(found: dict[str, Any]) -> str:
    gift = found.get("gift") or {}
    sign = (gift.get("sticker") or {}).get("emoji") or "🎁"
    return lines(f"{sign} ⭐ {gift['star_count']}" if gift.get("star_count") else sign, found.get("text"))


def _unique_gift(found: dict[str, Any]) -> str:
    gift = found.get("gift") or {}
    return f"🎁 {gift.get('base_name') or gift.get('name') or ''} #{gift.get('number', '?')}"


def _giveaway(found: dict[str, Any]) -> str:
    stars = f"⭐ {found['prize_star_count']}" if found.get("prize_star_count") else ""
    return lines(
        "🎁", found.get("prize_description"), stars, _names(found.get("chats") or ()), f"🏆 × {found.get('winner_count', '?')}"
    )


def _winners(found: dict[str, Any]) -> str:
    return lines(f"🏆 × {found.get('winner_count', '?')}", found.get("prize_description"), _names(found.get("winners") or ()))


def _names(people: Iterable[dict[str, Any]]) -> str:
    keys = ("title", "first_name", "last_name")
    return ", ".join(" ".join(str(one[key]) for key in keys if one.get(key)) for one in people)


HINTED: dict[str, Callable[[Any], str]] = {
    "story": _story, "game": _game, "gift": _gift, "unique_gift": _unique_gift, "giveaway": _giveaway,
    "giveaway_winners": _winners, "passport_data": lambda found: "🛂",
}  # fmt: skip
"""Kinds that cannot be shown, and what can be said of them."""
