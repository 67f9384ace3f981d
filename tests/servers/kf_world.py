"""What a test WeCom holds, and what happens there: customers write, open the chat and leave, and feeds and files grow."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from hub.ports import Hook
from tests.servers.kf_callbacks import ACCOUNT, callback, event_xml

WINDOW_S, QUOTA, WELCOME_S, TICKET_S, KEPT_S = 48 * 3600.0, 5, 20.0, 600.0, 3 * 86_400.0


class KfWorld:
    """One company's accounts, sessions, customers and files."""

    def __init__(self) -> None:
        self.url = ""
        self.clock: Callable[[], float] = time.time
        self.calls: Counter[str] = Counter()
        self.feeds: dict[str, list[dict[str, Any]]] = {}
        self.page = 1000
        """Most messages of one page."""
        self.empty_pages = 0
        """How many of the next pages hold nothing and say that there is more."""
        self.stuck = False
        """Whether pages say that there is more, and lead to where they came from."""
        self.places: list[str] = []
        """The cursors that were asked for."""
        self.tickets: dict[str, float] = {}
        self.without_ticket = 0
        self.sent: list[dict[str, Any]] = []
        """What customers have, in order."""
        self.ids: dict[tuple[str, str], dict[str, Any]] = {}
        self.strict_ids = True
        """Whether a known msgid is refused, or answered as if it were new; shown is it once, either way."""
        self.codes: list[int] = []
        """Error codes that the next sends get."""
        self.lose_answers = 0
        """How many of the next sends are taken without an answer."""
        self.hangs = 0.0
        self.allowed: dict[str, tuple[int, float]] = {}
        self.states: dict[str, int] = {}
        self.codes_given: dict[str, tuple[str, float]] = {}
        self.media: dict[str, tuple[float, str, bytes]] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self._token = self._fresh()
        self._numbers = iter(range(1, 10**9))

    @staticmethod
    def _fresh() -> str:
        return f"K{secrets.token_hex(40)}"

    def spoil(self) -> None:
        """The token's two hours are over."""
        self._token = self._fresh()

    def say(self, who: str, kind: str, account: str = ACCOUNT, msgid: str = "", **body: Any) -> str:
        """A customer sends something; its msgid. They may now be answered, and a session that was over begins anew."""
        self.allowed[who] = (QUOTA, self.clock() + WINDOW_S)
        if self.states.get(who, 4) == 4:
            self.states[who] = 0
        message = {"open_kfid": account, "external_userid": who, "origin": 3, "msgtype": kind, kind: body}
        return self._put(account, message, msgid)

    def text(self, who: str, content: str, account: str = ACCOUNT) -> str:
        """A customer writes."""
        return self.say(who, "text", account, content=content)

    def enters(self, who: str, account: str = ACCOUNT, **more: Any) -> str:
        """A customer opens the chat; the code by which they may be greeted, unless they wrote within 48 hours."""
        code = "" if self.allowed.get(who, (0, 0.0))[1] > self.clock() else f"CODE{secrets.token_hex(8)}"
        if code:
            self.codes_given[code] = who, self.clock() + WELCOME_S
        self.event(who, "enter_session", account, scene="oth", **({"welcome_code": code} if code else {}), **more)
        return code

    def event(self, who: str, what: str, account: str = ACCOUNT, **more: Any) -> str:
        """Something that is no message."""
        event = {"event_type": what, "open_kfid": account, "external_userid": who, **more}
        return self._put(account, {"origin": 4, "msgtype": "event", "event": event})

    def fails(self, who: str, msgid: str, why: int) -> str:
        """What was taken did not arrive after all."""
        return self.event(who, "msg_send_fail", fail_msgid=msgid, fail_type=why)

    def ends(self, who: str) -> str:
        """A session is over; the code for one last word."""
        self.states[who] = 4
        code = f"END{secrets.token_hex(8)}"
        self.codes_given[code] = who, self.clock() + WELCOME_S
        self.event(who, "session_status_change", change_type=3, msg_code=code)
        return code

    def _put(self, account: str, message: dict[str, Any], msgid: str = "") -> str:
        feed = self.feeds.setdefault(account, [])
        msgid = msgid or f"kf_{next(self._numbers):06d}"
        feed.append({"msgid": msgid, "send_time": int(self.clock()), **message})
        return msgid

    def keep(self, content: bytes, mime: str, *, age_s: float = 0.0) -> str:
        """A file that a customer sent."""
        name = secrets.token_urlsafe(48)
        self.media[name] = (self.clock() - age_s, mime, content)
        return name

    def ring(self, account: str = ACCOUNT, **more: Any) -> Hook:
        """The callback that says that an account has something to read."""
        ticket = f"ENC{secrets.token_hex(16)}"
        self.tickets[ticket] = self.clock() + TICKET_S
        return callback(event_xml(ticket, account), self.clock(), **more)

    def texts(self, who: str = "") -> list[str]:
        """What customers were written."""
        return [one["text"]["content"] for one in self.sent if one["msgtype"] == "text" and who in ("", one["touser"])]
