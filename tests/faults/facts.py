"""What the evidence of a fault run says of each message, by its mark: where it stands, who has it, and what was told of it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from agents_bridge.slack.sayings import SAYINGS
from tests.faults.evidence import Evidence, Line
from tests.faults.tokens import Token, tokens

TROUBLE = ("question", "warning")
"""Marks on an agent's reply that say: this may not have arrived, this did not arrive."""
LATE = "found_again"
"""What authors are told of an answer that Slack told the hub of after later ones."""


class Facts:
    """The evidence, by token."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.tables = defaultdict(list, {name: list(rows) for name, rows in evidence.tables.items()})
        attempts = evidence.of("load", "attempt")
        self.sent = {str(line["token"]): line for line in attempts}
        self.taken = {str(line["token"]) for line in attempts if line["answer"] == "ok" or str(line["answer"]).startswith("2")}
        self.owner = {_secret(line): (line["channel"], line["customer"]) for line in attempts}
        self.messages = [row for row in self.tables["message"] if row["kind"] == "message"]
        by_place = sorted(self.messages, key=lambda row: -row["s"])
        self.place = {str(token): row["s"] for row in by_place for token in tokens(text_of(row["parts"]))}
        """Where each token stands first in the agents' log."""
        self.in_store = Counter(str(token) for row in self.messages for token in tokens(text_of(row["parts"])))
        self.posts = [line for line in evidence.of("slack", "post") if line["thread_ts"]]
        self.in_threads = Counter(str(token) for line in self.posts for token in tokens(line["text"]))
        self.replies = {str(next(tokens(line["text"]))): line for line in evidence.of("slack", "reply")}
        told = {line["ts"] for line in evidence.of("slack", "acked")}
        self.heard = {token for token, line in self.replies.items() if line["ts"] in told}
        late = {token: row for row in self.messages if row.get("late") for token in tokens(text_of(row["parts"]))}
        self.late = {str(token): row for token, row in late.items() if token.kind == "r"}
        self.found = self.late.keys() - self.heard
        """Replies for which Slack heard no 2xx, and which the hub has all the same: found when their thread was read again, or
        taken from an event after later ones. The log shows them as late, and their authors are told."""
        self.at_customer = Counter(str(token) for _, text in self.reached() for token in tokens(text) if token.kind == "r")
        self.calls: dict[str, Line] = {}
        for row in self.tables["delivery"]:
            for token in tokens(text_of(row["parts"])):
                self.calls[f"{row['kind']} {token}"] = row
        self.told_of = {json.loads(row["data"]).get("delivery") for row in self.tables["message"] if row["kind"] == "status"}

    def reached(self) -> Iterable[tuple[str, str]]:
        """(customer, text) of everything that customers got."""
        for line in self.evidence.telegram:
            yield str(line["chat"]), str(line.get("text", ""))
        for line in self.evidence.of("load", "seen"):
            yield line["customer"], line["text"]

    def whispers(self) -> list[Line]:
        """Calls that tell an author of a late answer."""
        return [row for row in self.tables["delivery"] if row["kind"] == "mark" and json.loads(row["data"]).get("about") == LATE]

    def whispered(self) -> list[Line]:
        """What Slack showed to authors of late answers alone."""
        words = {sayings[LATE] for sayings in SAYINGS.values()}
        return [line for line in self.evidence.of("slack", "ephemeral") if line["text"] in words]

    def marked(self, ts: str) -> bool:
        """Whether an agent's reply carries, at the end, a mark of trouble."""
        marks: dict[str, bool] = {}
        for line in self.evidence.of("slack", "mark", "unmark"):
            if line["ts"] == ts:
                marks[line["name"]] = line["what"] == "mark"
        return any(marks.get(name) for name in TROUBLE)


def text_of(parts: str | None) -> str:
    return "\n".join(part.get("text", "") for part in json.loads(parts or "[]"))


def _secret(line: Line) -> str:
    return next(tokens(line["token"])).secret


def ordered(found: Sequence[Token]) -> bool:
    numbers = [token.n for token in dict.fromkeys(found)]
    return numbers == sorted(numbers)
