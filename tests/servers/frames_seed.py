"""People, a bot and an inbox full of believable conversations for the hub in memory; used for pictures and by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.model import new_id
from tests.servers.frames import Frame, Staff, Talk, Visitor, World

BOT = {"kind": "bot", "name": "Frontdesk"}


def staff(world: World) -> None:
    """Two agents who are present and one who is away."""
    for name, email, state in (
        ("林晓", "lin@example.com", "present"),
        ("王芳", "wang@example.com", "present"),
        ("James Hill", "james@example.com", "away"),
    ):
        one = Staff(new_id(), name, email, "correct horse", state)
        world.staff[one.id] = one


def bot(world: World, talk: Talk, ev: Frame) -> None:
    """Greets a customer's first line with three buttons, unless an agent is already there."""
    if talk.agent or any(e["by"]["kind"] in ("bot", "agent") for e in talk.entries):
        return
    words = " ".join(p.get("text", "") for p in ev["d"]["parts"])
    zh = talk.visitor.lang.startswith("zh") or bool(re.search("[\u4e00-\u9fff]", words))
    text = "收到。请选择一项，或直接等待客服。" if zh else "Got it. Pick a topic, or just wait for one of us."
    options = [("order", "查询订单", "Track an order"), ("refund", "退款", "Refund"), ("human", "转人工", "Talk to a person")]
    shown = [{"id": key, "text": a if zh else b, "url": ""} for key, a, b in options]
    world.append(talk, "message", BOT, parts=[{"type": "choices", "text": text, "options": shown}])


class Seeder:
    """Writes conversations whose times lie in the past."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.agents = list(world.staff.values())

    def talk(self, name: str, channel: str, minutes: float, *, agent: int | None, email: str = "", lang: str = "") -> Talk:
        known = [v for v in self.world.visitors.values() if v.name == name]
        visitor = known[0] if known else Visitor(new_id(), new_id(), name=name, channel=channel)
        visitor.email, visitor.lang = email, lang
        self.world.visitors[visitor.id] = visitor
        talk = self.world.open_talk(visitor, channel)
        talk.at = self.ago(minutes)
        talk.agent = self.agents[agent].id if agent is not None else ""
        return talk

    @staticmethod
    def ago(minutes: float) -> str:
        return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()

    def say(self, talk: Talk, who: str, minutes: float, text: str = "", **more: Any) -> Frame:
        """`who`: c the customer, b the bot, 0 1 2 an agent, n0 n1 an agent's note."""
        note = who.startswith("n")
        if who == "c":
            by = {"kind": "customer", "name": talk.visitor.name, "id": talk.visitor.id}
            talk.waiting_since = talk.waiting_since or self.ago(minutes)
        elif who == "b":
            by = BOT
        else:
            one = self.agents[int(who[-1])]
            by = {"kind": "agent", "name": one.name, "id": one.id}
            talk.waiting_since = talk.waiting_since if note else None
        parts = more.pop("parts", None) or [{"type": "text", "text": text, "spans": more.pop("spans", [])}]
        kind = "note" if note else "message"
        return self.world.append(talk, kind, by, at=self.ago(minutes), public=not note, parts=parts, **more)

    def read(self, talk: Talk, short: int = 0) -> None:
        for one in self.agents:
            talk.seen[one.id] = len(talk.entries) - short


def inbox(world: World, lang: str) -> None:
    """Seven conversations, most of them in Chinese or most of them in English."""
    zh = lang == "zh"
    seed = Seeder(world)
    _spanish(seed)
    _resolved(seed, zh)
    _voice(seed, zh)
    _quiet(seed, zh)
    _bot(seed, zh)
    _lamp(seed)
    _order(seed, zh)


def _spanish(seed: Seeder) -> None:
    talk = seed.talk("Sofía Hernández", "mail", 1500, agent=0, email="sofia@example.com", lang="es")
    seed.say(talk, "c", 1500, "Hola, mi pedido SF1032 todavía no ha llegado.")
    seed.say(talk, "0", 205, "Lo hemos enviado de nuevo esta mañana. El número de seguimiento es SF1032-B.")
    seed.read(talk)


def _resolved(seed: Seeder, zh: bool) -> None:
    name = "林晓彤" if zh else "Mei Lin"
    talk = seed.talk(name, "web", 60 * 24 * 40, agent=0)
    seed.say(talk, "c", 60 * 24 * 40, "发票抬头可以改吗？" if zh else "Can you change the name on my invoice?")
    seed.say(talk, "0", 60 * 24 * 40 - 9, "已重新开具，发到您的邮箱。" if zh else "Done, a new one is in your mailbox.")
    talk.status = "resolved"
    seed.read(talk)


def _voice(seed: Seeder, zh: bool) -> None:
    talk = seed.talk("陈建国" if zh else "Daniel Cho", "telegram", 44, agent=None)
    voice = {
        "type": "media",
        "kind": "voice",
        "file": "x",
        "name": "voice.ogg",
        "mime": "audio/ogg",
        "size": 20480,
        "seconds": 12,
    }
    seed.say(talk, "c", 41, parts=[{**voice, "url": "/files/x"}])
    seed.read(talk, 1)


def _quiet(seed: Seeder, zh: bool) -> None:
    talk = seed.talk("محمد العتيبي", "telegram", 90, agent=1, lang="ar")
    seed.say(talk, "c", 90, "هل يمكن تغيير عنوان التوصيل؟")
    seed.say(talk, "1", 62, "Of course. Which address shall we use?" if not zh else "可以的，请发新的地址。")
    seed.say(talk, "c", 58, "شكراً جزيلاً")
    talk.waiting_since = None
    seed.read(talk)


def _bot(seed: Seeder, zh: bool) -> None:
    talk = seed.talk("周明" if zh else "Priya Nair", "wechat", 9, agent=None)
    seed.say(talk, "c", 9, "你们周末发货吗？" if zh else "Do you ship at the weekend?")
    options = [{"id": "yes", "text": "转人工" if zh else "Talk to a person", "url": ""}]
    said = "周六照常发货，周日不发。" if zh else "We ship on Saturdays, not on Sundays."
    seed.say(talk, "b", 9, parts=[{"type": "choices", "text": said, "options": options}])
    seed.say(talk, "c", 6, parts=[{"type": "choice", "id": "yes", "text": options[0]["text"], "of": None}])
    seed.read(talk, 1)


def _lamp(seed: Seeder) -> None:
    talk = seed.talk("James O’Neill", "web", 18, agent=0, email="james.oneill@example.com", lang="en")
    talk.visitor.page = "https://shop.example.com/lamps/arc-floor-lamp"
    seed.say(talk, "c", 16, "My lamp arrived with a crack in the shade. Order A2210.")
    seed.say(talk, "c", 3, "Is a replacement possible before Friday?")
    seed.read(talk, 2)


def _order(seed: Seeder, zh: bool) -> None:
    name, mail = ("林晓彤", "xiaotong@example.com") if zh else ("Mei Lin", "mei.lin@example.com")
    talk = seed.talk(name, "wechat", 60 * 25, agent=0, email=mail, lang="zh-CN" if zh else "en")
    lines = [
        ("c", 60 * 25, "请问 A1024 什么时候发货？", "When will order A1024 ship?"),
        ("0", 60 * 25 - 4, "您好，已为您查询：订单 A1024 今天 18:00 前发出。", "Hello! A1024 leaves today before 18:00."),
        ("n1", 60 * 25 - 7, "这位客户上月投诉过一次，注意安抚。", "Complained once last month. Please be gentle."),
        ("c", 31, "收到了，谢谢！再问一下，第二件可以寄到新加坡吗？", "Thank you! Could the second one go to Singapore?"),
        ("c", 30, "运费大概多少？物流页面是 https://example.com/ship/sg", "What would shipping cost? The page is https://example.com/ship/sg"),
        ("0", 22, "可以的，国际运费 S$12，约 5 个工作日。", "Yes. Shipping is S$12 and takes about five working days."),
    ]  # fmt: skip
    for who, minutes, chinese, english in lines:
        ev = seed.say(talk, who, minutes, chinese if zh else english)
    reason = "微信 48 小时回复窗口已关闭" if zh else "WeChat's 48-hour reply window is closed"
    first, last = talk.entries[1], ev
    talk.deliveries[first["d"]["mid"]] = {"state": "sent", "reason": "", "delivery": new_id()}
    talk.deliveries[last["d"]["mid"]] = {"state": "failed", "reason": reason, "delivery": new_id()}
    seed.say(talk, "c", 2, "好的，那我下单了。地址还是原来的。" if zh else "Great, then I’ll order it. Same address as before.")
    seed.read(talk, 1)
