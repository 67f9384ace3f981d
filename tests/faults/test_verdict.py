"""A checker that finds nothing proves nothing: each way of going wrong, put into good evidence by hand, must be found."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agents_bridge.slack.sayings import SAYINGS
from tests.faults.checker import BAD, check
from tests.faults.evidence import Evidence, Line, read
from tests.faults.tokens import Token, body

ANN, BEN = "aaaaaaaaaa", "bbbbbbbbbb"
WHO = {ANN: ("telegram", "700001"), BEN: ("web", "web-0")}
SCRIPT = [(kind, secret) for secret in WHO for kind in "mmmrr"]


class Made:
    """Evidence of a run in which all went well, to be spoilt."""

    def __init__(self, script: Sequence[tuple[str, str]] = SCRIPT) -> None:
        self.load: list[Line] = []
        self.slack: list[Line] = []
        self.telegram: list[Line] = []
        self.tables: dict[str, list[Line]] = {name: [] for name in ("inbox", "message", "delivery", "delivery_attempt")}
        self.heads = {ANN: 0, BEN: 0}
        said: Counter[tuple[str, str]] = Counter()
        for kind, secret in script:
            said[kind, secret] += 1
            (self.customer_says if kind == "m" else self.agent_says)(secret, said[kind, secret])

    def customer_says(self, secret: str, n: int) -> None:
        token = Token("m", secret, n)
        channel, customer = WHO[secret]
        sent = {"channel": channel, "customer": customer, "key": str(n), "token": str(token), "n": n, "text": body(token)}
        for answer in ("reset", "ok" if channel == "web" else "200"):
            self.load.append({"what": "attempt", **sent, "turn": 0, "began": 0, "answer": answer})
        self.entry(token, channel)
        call = self.call("line", "slack", token)
        self.slack.append(self.post(secret, body(token), [call["idem_key"]]))

    def agent_says(self, secret: str, n: int) -> None:
        token, ts = Token("r", secret, n), f"{secret}{n}"
        channel, customer = WHO[secret]
        self.load.append({"what": "answered", "token": str(token), "text": body(token)})
        place = {"channel": "C", "thread_ts": secret, "user": "U1ANNA"}
        self.slack.append({"what": "reply", "ts": ts, "text": body(token), **place})
        self.slack.append({"what": "acked", "ts": ts})
        self.entry(token, "slack")
        if channel == "telegram":
            self.call("send", "telegram", token)
            self.telegram.append({"chat": int(customer), "text": body(token)})

    def entry(self, token: Token, source: str) -> None:
        self.heads[token.secret] += 1
        seq, (channel, customer) = self.heads[token.secret], WHO[token.secret]
        own = {"id": f"e-{token}", "conversation_id": f"c-{token.secret}", "identity_id": customer, "seq": seq}
        own["s"] = len(self.tables["message"]) + 1
        said = {"kind": "message", "source": source, "external_id": str(token), "parts": parts(body(token)), "data": "{}"}
        self.tables["message"].append(own | said | {"cs": seq if channel == "web" else None})
        self.tables["inbox"].append({"n": len(self.tables["inbox"]), "source": source, "external_id": str(token), "state": 1})
        if channel == "web":
            self.load.append({"what": "seen", "customer": customer, "s": seq, "text": body(token), "by": token.kind})

    def call(self, kind: str, target: str, token: Token) -> Line:
        own = f"{kind} {token}"
        row = {"id": own, "idem_key": own, "kind": kind, "target": target, "state": "sent", "due_ms": 0, "reason": ""}
        row |= {"parts": parts(body(token)), "data": "{}", "conversation_id": f"c-{token.secret}", "attempt": 0}
        self.tables["delivery"].append(row)
        self.attempt(own, "sent")
        return row

    def attempt(self, own: str, outcome: str) -> None:
        """One more try of a call."""
        call = self.row("delivery", own)
        call["attempt"] += 1
        self.tables["delivery_attempt"].append({"delivery_id": own, "n": call["attempt"], "outcome": outcome})

    def became(self, own: str, state: str) -> None:
        """A call, and its last attempt, ended otherwise."""
        self.row("delivery", own)["state"] = state
        self.tries(own)[-1]["outcome"] = state

    def tries(self, own: str) -> list[Line]:
        return [row for row in self.tables["delivery_attempt"] if row["delivery_id"] == own]

    def whisper(self, token: Token) -> None:
        """The author of a late answer is told of it."""
        call = self.call("mark", "slack", token)
        call.update(parts=None, data=json.dumps({"person": "U1ANNA", "about": "found_again", "facts": {}}))
        told = {"channel": "C", "thread_ts": token.secret, "user": "U1ANNA", "text": SAYINGS["en"]["found_again"]}
        self.slack.append({"what": "ephemeral", **told})

    def post(self, secret: str, text: str, keys: list[str]) -> Line:
        return {"what": "post", "channel": "C", "thread_ts": secret, "text": text, "keys": keys, "username": "x"}

    def row(self, table: str, own: str) -> Line:
        return next(row for row in self.tables[table] if row["id"] == own)

    def evidence(self) -> Evidence:
        talks = [{"id": f"c-{secret}", "head": head} for secret, head in self.heads.items()]
        people = [{"id": WHO[ANN][1], "head": 0}, {"id": WHO[BEN][1], "head": self.heads[BEN]}]
        return Evidence(self.load, self.slack, self.telegram, (), self.tables | {"conversation": talks, "identity": people})


def parts(text: str) -> str:
    return json.dumps([{"type": "text", "text": text}])


def posts(made: Made, token: str) -> list[Line]:
    return [line for line in made.slack if line["what"] == "post" and token in line["text"]]


def seen(made: Made, token: str) -> Line:
    return next(line for line in made.load if line["what"] == "seen" and line["text"].startswith(token))


def swap(one: Line, other: Line, *names: str) -> None:
    for name in names:
        one[name], other[name] = other[name], one[name]


def unknown(made: Made, own: str, *, due: int = 0) -> None:
    made.became(own, "unknown")
    made.row("delivery", own)["due_ms"] = due


def mark(made: Made, token: str, name: str, what: str = "mark") -> None:
    reply = next(line for line in made.slack if line["what"] == "reply" and line["text"].startswith(token))
    made.slack.append({"what": what, "ts": reply["ts"], "name": name})


def not_sent(made: Made, token: str) -> None:
    made.telegram = [line for line in made.telegram if not line["text"].startswith(token)]


def untold(made: Made) -> None:
    unknown(made, f"send {R1}")
    not_sent(made, R1)


def unmarked(made: Made) -> None:
    unknown(made, f"send {R1}")
    mark(made, R1, "question")
    mark(made, R1, "question", "unmark")


def line_untold(made: Made) -> None:
    unknown(made, f"line {M2}")
    made.slack.remove(posts(made, M2)[0])


M1, M2, R1, R2, W1, W2 = f"m-{ANN}-1", f"m-{ANN}-2", f"r-{ANN}-1", f"r-{ANN}-2", f"m-{BEN}-1", f"m-{BEN}-2"


def test_good_evidence_is_good() -> None:
    verdict = check(Made().evidence())
    assert verdict.good and not verdict.findings, verdict.findings


def _unknown_shown(made: Made) -> None:
    unknown(made, f"send {R1}")
    mark(made, R1, "question")
    not_sent(made, R1)


def overtaken(made: Made) -> None:
    """Slack gave the first answer's event up, and the hub took it after the second one's."""
    one, two = made.row("message", f"e-{R1}"), made.row("message", f"e-{R2}")
    swap(one, two, "seq", "s")
    made.telegram.reverse()
    stamps = {line["ts"] for line in made.slack if line["what"] == "reply" and line["text"].startswith(R1)}
    made.slack = [line for line in made.slack if line["what"] != "acked" or line["ts"] not in stamps]


def late(made: Made) -> None:
    overtaken(made)
    made.row("message", f"e-{R1}").update(late=True)


def _late_shown(made: Made) -> None:
    late(made)
    made.whisper(Token("r", ANN, 1))


def whisper_lost(made: Made) -> None:
    """Slack saw none, though the hub says that it went."""
    _late_shown(made)
    made.slack = [line for line in made.slack if line["what"] != "ephemeral"]


def told_of_one(made: Made) -> None:
    """Of two late answers, though Slack showed that whisper twice."""
    _late_shown(made)
    made.slack.append(made.slack[-1])
    made.row("message", f"e-{R2}").update(late=True)


def copies(made: Made) -> None:
    made.tables["delivery_attempt"] *= 5


def more_attempts(made: Made) -> None:
    """As many as the call counts, and more than one of them the one that went through."""
    for _ in range(4):
        made.attempt(f"send {R1}", "sent")


def lines_overtaken(made: Made) -> None:
    """A customer's lines come one after the other: no mark excuses them."""
    one, two = made.row("message", f"e-{M1}"), made.row("message", f"e-{M2}")
    swap(one, two, "seq")
    one.update(late=True)


def _not_taken(made: Made) -> None:
    """A refused message may be kept or not."""
    made.load = [line for line in made.load if line.get("token") != f"m-{ANN}-3" or line["answer"] == "reset"]


@pytest.mark.parametrize(
    ("spoil", "count"), [(_unknown_shown, "unknown_shown"), (_late_shown, "late_shown"), (_not_taken, "kept_without_answer")]
)
def test_what_may_be_is_counted(spoil: Callable[[Made], Any], count: str) -> None:
    made = Made()
    spoil(made)
    verdict = check(made.evidence())
    assert verdict.good and verdict.counts[count] == 1, verdict.findings


SPOILT: dict[str, tuple[str, Callable[[Made], Any]]] = {
    "not in the database": ("lost", lambda made: made.tables["message"].remove(made.row("message", f"e-{W2}"))),
    "in the database with another text": ("lost", lambda made: made.row("message", f"e-{M2}").update(parts=parts(f"{M2} other"))),
    "not in the thread though sent": ("lost", lambda made: made.slack.remove(posts(made, M2)[0])),
    "an agent's reply not in the database": ("lost", lambda made: made.tables["message"].remove(made.row("message", f"e-{R2}"))),
    "an answer that never came": ("lost", lambda made: not_sent(made, R1)),
    "not in the customer's own log": ("lost", lambda made: made.load.remove(seen(made, W2))),
    "twice in the database": ("doubled", lambda made: made.tables["message"].append(copy.copy(made.row("message", f"e-{M1}")))),
    "twice in the thread": ("doubled", lambda made: made.slack.append(posts(made, M1)[0])),
    "twice at the customer": ("doubled", lambda made: made.telegram.append(made.telegram[0])),
    "twice in the customer's own log": ("doubled", lambda made: made.load.append({**seen(made, W1), "s": 6})),
    "a place that nobody has": ("reordered", lambda made: made.row("message", f"e-{M2}").update(seq=9)),
    "out of order in the database": (
        "reordered",
        lambda made: swap(made.row("message", f"e-{M1}"), made.row("message", f"e-{M2}"), "seq"),
    ),
    "a customer's line that is shown as late": ("reordered", lines_overtaken),
    "out of order in the thread": ("reordered", lambda made: swap(posts(made, M1)[0], posts(made, M2)[0], "text", "keys")),
    "out of order at the customer": ("reordered", lambda made: made.telegram.reverse()),
    "out of order in the customer's own log": ("reordered", lambda made: swap(seen(made, W1), seen(made, W2), "text")),
    "an answer taken too late, and not shown so": ("reordered", overtaken),
    "late, and its author was not told": ("silent", late),
    "late, and what its author was told is not in Slack": ("silent", whisper_lost),
    "late twice, and its author was told once": ("silent", told_of_one),
    "unknown, and nobody was told": ("silent", untold),
    "unknown, and the mark was taken off": ("silent", unmarked),
    "a line unknown, and nobody was told": ("silent", line_untold),
    "still being asked about": ("silent", lambda made: unknown(made, f"line {M2}", due=5)),
    "still queued": ("silent", lambda made: made.became(f"line {M2}", "queued")),
    "still in the inbox": ("silent", lambda made: made.tables["inbox"][0].update(state=0, error="")),
    "from nobody": ("invented", lambda made: made.entry(Token("m", ANN, 99), "telegram")),
    "a post that nobody wrote down": ("invented", lambda made: made.tables["delivery_attempt"].pop(0)),
    "attempts written down five times": ("invented", copies),
    "attempts that all say they were the one": ("invented", more_attempts),
    "attempts at no call": ("invented", lambda made: made.tables["delivery_attempt"].append({"delivery_id": "x", "n": 1})),
    "an attempt without an end": ("silent", lambda made: made.tables["delivery_attempt"][0].update(outcome="")),
    "at another customer": ("crossed", lambda made: made.telegram[0].update(chat=700002)),
    "in another's thread": ("crossed", lambda made: posts(made, M2)[0].update(thread_ts=BEN)),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_must_not_be_is_found(name: str) -> None:
    made = Made()
    kind, spoil = SPOILT[name]
    spoil(made)
    verdict = check(made.evidence())
    assert not verdict.good and verdict.counts[kind], verdict.findings
    assert verdict.findings and kind in BAD


def test_evidence_is_read_from_a_folder(tmp_path: Path) -> None:
    made = Made()
    for name in ("load", "slack", "telegram"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in getattr(made, name)), "utf-8")
    rows = [{"table": table, **row} for table, found in made.tables.items() for row in found]
    (tmp_path / "database.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    evidence = read(tmp_path, {})
    assert (evidence.load, evidence.slack, evidence.telegram, evidence.tables) == (
        *(made.load, made.slack, made.telegram),
        made.tables,
    )
