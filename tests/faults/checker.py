"""Counts what became of every message of a fault run, by the outside world's records and the database, never by the hub's word.

The rules are the guarantee's invariants: nothing taken is lost (V1), twice (V2) or made up (V3); order holds in the database
(V5), in threads and at customers (V6); a thread has each line once (V7), a customer each answer once (V8) or somebody was told,
and told the truth; nobody sees another's messages (V9); nothing is left undone (V10); every call was written down before it was
made (V12).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.faults.evidence import Evidence, Line
from tests.faults.facts import Facts, ordered, text_of
from tests.faults.tokens import Token, tokens

BAD = ("lost", "doubled", "reordered", "silent", "invented", "crossed")


@dataclass
class Verdict:
    """How many of each kind, and a line for each finding."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    """Findings by invariant: V1, V2 …"""

    @property
    def good(self) -> bool:
        """Whether the guarantee held."""
        return not any(self.counts[kind] for kind in BAD)

    def bad(self, kind: str, rule: str, what: str) -> None:
        """Something that must not be."""
        self.counts[kind] += 1
        self.rules[rule] += 1
        self.findings.append(f"{kind} ({rule}): {what}")


def check(evidence: Evidence) -> Verdict:
    """Everything about one run."""
    facts = Facts(evidence)
    verdict = Verdict()
    for rule in (_stored, _numbered, _at_desk, _answers_stored, _at_customers, _authors_told, _own_logs):
        rule(facts, verdict)
    for rule in (_private, _ended, _written_down, _attempts):
        rule(facts, verdict)
    return verdict


def _stored(facts: Facts, verdict: Verdict) -> None:
    """V1 to V4: what was taken is in the database, once, as it was sent; nothing else is."""
    texts = {str(token): text_of(row["parts"]) for row in facts.messages for token in tokens(text_of(row["parts"]))}
    for token in sorted(facts.taken):
        if not facts.in_store[token]:
            verdict.bad("lost", "V1", f"{token} was taken and is not in the database")
        elif texts[token] != facts.sent[token]["text"]:
            verdict.bad("lost", "V1", f"{token} is in the database as {texts[token]!r}")
    for token, count in facts.in_store.items():
        if count > 1:
            verdict.bad("doubled", "V2", f"{token} is in the database {count} times")
        if token not in facts.sent and token not in facts.replies:
            verdict.bad("invented", "V3", f"{token} was sent by nobody")
    for table, *names in (("message", "source", "external_id"), ("delivery", "idem_key"), ("inbox", "source", "external_id")):
        keys = Counter(tuple(row[name] for name in names) for row in facts.tables[table] if row[names[-1]])
        for key in (key for key, count in keys.items() if count > 1):
            verdict.bad("doubled", "V2", f"{table} has {key} {keys[key]} times")
    customers = {token for token in facts.in_store if token.startswith("m-")}
    verdict.counts["kept_without_answer"] = len(customers - facts.taken)


def _numbered(facts: Facts, verdict: Verdict) -> None:
    """V5: places in a conversation and in a customer's own log have no gap, and messages are in the order of their sending."""
    for name, place in (("conversation_id", "seq"), ("identity_id", "cs")):
        rows: dict[str, list[Line]] = defaultdict(list)
        for row in facts.tables["message"]:
            if row[place] is not None:
                rows[row[name]].append(row)
        for key, found in rows.items():
            found.sort(key=lambda row: row[place])
            if [row[place] for row in found] != list(range(1, len(found) + 1)):
                verdict.bad("reordered", "V5", f"{place} of {name} {key} has a gap")
            said = [token for row in found if row["kind"] == "message" for token in tokens(text_of(row["parts"]))]
            said = [token for token in said if str(token) not in facts.found]
            for kind in "mr":
                if not ordered([token for token in said if token.kind == kind]):
                    verdict.bad("reordered", "V5", f"{name} {key} has messages out of order by {place}")
        for row in facts.tables[name.removesuffix("_id")]:
            if row["head"] != len(rows[row["id"]]):
                verdict.bad("reordered", "V5", f"{name} {row['id']} ends at {row['head']} and holds {len(rows[row['id']])}")
    places = sorted(row["s"] for row in facts.tables["message"])
    if places != list(range(1, len(places) + 1)):
        verdict.bad("reordered", "V5", "the agents' log has a gap")


def _at_desk(facts: Facts, verdict: Verdict) -> None:
    """V6 and V7: each customer's line is in the thread once and in order, or somebody was told."""
    for token in sorted(token for token in facts.in_store if token.startswith("m-")):
        count, call = facts.in_threads[token], facts.calls.get(f"line {token}")
        if count > 1:
            verdict.bad("doubled", "V7", f"{token} is in its thread {count} times")
        if count:
            if call is not None and call["state"] == "failed":
                verdict.bad("silent", "V7", f"{token} is in its thread, and somebody was told that it is not")
            continue
        if call is None or call["state"] == "sent":
            verdict.bad("lost", "V7", f"{token} never came to its thread ({call and call['id']})")
        elif call["id"] not in facts.told_of:
            verdict.bad("silent", "V7", f"{token} is not in its thread, its call is {call['state']}, and nobody was told")
        else:
            verdict.counts["unknown_shown" if call["state"] == "unknown" else "failed_shown"] += 1
    threads: dict[tuple[str, str], list[Token]] = defaultdict(list)
    for line in facts.posts:
        threads[line["channel"], line["thread_ts"]] += [token for token in tokens(line["text"]) if token.kind == "m"]
    for thread, found in threads.items():
        if not ordered(found):
            verdict.bad("reordered", "V6", f"thread {thread} has lines out of order")


def _answers_stored(facts: Facts, verdict: Verdict) -> None:
    """V1 for agents: a reply that Slack's 2xx stands for is in the database."""
    for token in sorted(facts.heard):
        if not facts.in_store[token]:
            verdict.bad("lost", "V1", f"the agent's {token} was taken and is not in the database")
    verdict.counts["late_shown"] = len(facts.found)


def _at_customers(facts: Facts, verdict: Verdict) -> None:
    """V6 and V8: each answer is with the customer once and in order, or its thread says that it may not be."""
    for token in sorted(token for token in facts.in_store if token.startswith("r-")):
        count, call = facts.at_customer[token], facts.calls.get(f"send {token}")
        if count > 1:
            verdict.bad("doubled", "V8", f"the customer got {token} {count} times")
        if count and call is not None and call["state"] == "failed":
            verdict.bad("silent", "V8", f"the customer got {token}, and its thread says that they did not")
        elif call is not None and call["state"] in ("unknown", "failed"):
            if facts.marked(facts.replies[token]["ts"]):
                verdict.counts["unknown_shown" if call["state"] == "unknown" else "failed_shown"] += 1
            else:
                verdict.bad("silent", "V8", f"{token} is {call['state']}, and its thread does not show it")
        elif not count:
            verdict.bad("lost", "V8", f"{token} never came to the customer ({call and call['id']})")
    got: dict[str, list[Token]] = defaultdict(list)
    for customer, text in facts.reached():
        for one in tokens(text):
            call = facts.calls.get(f"send {one}")
            if one.kind == "r" and (call is None or call["state"] == "sent"):
                got[customer].append(one)
    for customer, found in got.items():
        places = [facts.place[str(token)] for token in dict.fromkeys(found) if str(token) in facts.place]
        if places != sorted(places) or not ordered([token for token in found if str(token) not in facts.found]):
            verdict.bad("reordered", "V6", f"customer {customer} got answers out of order")


def _authors_told(facts: Facts, verdict: Verdict) -> None:
    """V6: what may be out of order is so with its author's knowledge. A whisper whose answer was lost is repeated, so there may
    be more of them, and never fewer: neither calls in a conversation, nor lines that their person saw in its thread."""
    owed, calls = Counter(row["conversation_id"] for row in facts.late.values()), Counter[str]()
    for row in facts.whispers():
        calls[row["conversation_id"]] += row["state"] == "sent"
    said = Counter(_reader(facts.replies[token]) for token in facts.late if token in facts.replies)
    seen = Counter(_reader(line) for line in facts.whispered())
    for place, count in [*(owed - calls).items(), *(said - seen).items()]:
        verdict.bad("silent", "V6", f"{count} late answers in {place}, of which their author was not told")


def _reader(line: Line) -> tuple[str, str, str]:
    """Who reads or writes in which thread."""
    return line["channel"], line["thread_ts"], line["user"]


def _own_logs(facts: Facts, verdict: Verdict) -> None:
    """V5 for web customers: their log came without a gap, and holds what they said, once and in order."""
    logs: dict[str, list[Line]] = defaultdict(list)
    for line in facts.evidence.of("load", "seen"):
        logs[line["customer"]].append(line)
    said: dict[str, set[str]] = defaultdict(set)
    for token in facts.taken:
        if facts.sent[token]["channel"] == "web":
            said[facts.sent[token]["customer"]].add(token)
    for customer in logs.keys() | said.keys():
        lines = logs[customer]
        if [line["s"] for line in lines] != list(range(1, len(lines) + 1)):
            verdict.bad("reordered", "V5", f"the log of {customer} came with a gap")
        found = [token for line in lines for token in tokens(line["text"]) if token.kind == "m"]
        for token in sorted(said[customer] - {str(token) for token in found}):
            verdict.bad("lost", "V1", f"{customer} does not see {token} in their own log")
        for token_, count in Counter(found).items():
            if count > 1:
                verdict.bad("doubled", "V2", f"{customer} sees {token_} {count} times")
        if not ordered(found):
            verdict.bad("reordered", "V5", f"{customer} sees their own messages out of order")


def _private(facts: Facts, verdict: Verdict) -> None:
    """V9: no customer and no thread holds another conversation's messages."""
    for customer, text in facts.reached():
        for token in tokens(text):
            if facts.owner.get(token.secret, ("", ""))[1] != customer:
                verdict.bad("crossed", "V9", f"customer {customer} got {token}")
    places: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for line in facts.posts:
        places["thread", line["channel"], line["thread_ts"]] |= {token.secret for token in tokens(line["text"])}
    for row in facts.messages:
        places["conversation", row["conversation_id"]] |= {token.secret for token in tokens(text_of(row["parts"]))}
    for place, secrets in places.items():
        if len(secrets) > 1:
            verdict.bad("crossed", "V9", f"{' '.join(place)} holds messages of {len(secrets)} customers")


def _ended(facts: Facts, verdict: Verdict) -> None:
    """V10: nothing is left half done."""
    for row in facts.tables["delivery"]:
        if row["state"] in ("queued", "sending") or (row["state"] == "unknown" and row["due_ms"]):
            verdict.bad(
                "silent", "V10", f"call {row['id']} ({row['kind']} to {row['target']}) is still {row['state']}: {row['reason']}"
            )
    for row in facts.tables["inbox"]:
        if row["state"] == 0:
            verdict.bad("silent", "V10", f"inbox row {row['n']} still waits: {row['error']}")
        elif row["state"] == 2:
            verdict.counts["parked"] += 1


def _written_down(facts: Facts, verdict: Verdict) -> None:
    """V12: every call that a platform accepted was written down before, each time; Slack accepted none twice by its key. V3 for
    customers: they got nothing that nobody wrote."""
    tried = Counter(row["delivery_id"] for row in facts.tables["delivery_attempt"])
    by_key = {row["idem_key"]: row for row in facts.tables["delivery"]}
    keys = Counter(key for line in facts.evidence.of("slack", "post") for key in line["keys"])
    for key, count in keys.items():
        if count > 1:
            verdict.bad("doubled", "V7", f"Slack accepted key {key} {count} times")
        if key not in by_key or not tried[by_key[key]["id"]]:
            verdict.bad("invented", "V12", f"Slack accepted key {key}, and no attempt is written down")
    accepted: Counter[str] = Counter()
    for line in facts.evidence.telegram:
        found = [str(token) for token in tokens(str(line.get("text", ""))) if token.kind == "r"]
        accepted.update(found)
        if not found:
            verdict.bad("invented", "V3", f"customer {line['chat']} got {line.get('text')!r}, which nobody wrote")
    for token, count in accepted.items():
        call = facts.calls.get(f"send {token}")
        if call is None or tried[call["id"]] < count:
            verdict.bad("invented", "V12", f"Telegram accepted {token} {count} times, with fewer attempts written down")


def _attempts(facts: Facts, verdict: Verdict) -> None:
    """V12: no attempt is made up. They are numbered without a gap up to the call's own count, each says how it ended, and only
    the last one of a call that was sent says that it was. That a failed one was made at all is the hub's word alone."""
    made: dict[str, list[Line]] = defaultdict(list)
    for row in facts.tables["delivery_attempt"]:
        made[row["delivery_id"]].append(row)
    for call in facts.tables["delivery"]:
        rows = sorted(made.pop(call["id"], []), key=lambda row: row["n"])
        if [row["n"] for row in rows] != list(range(1, call["attempt"] + 1)):
            verdict.bad(
                "invented", "V12", f"call {call['id']} counts {call['attempt']} attempts, and {len(rows)} are written down"
            )
        for row in rows:
            if not row["outcome"] and call["state"] not in ("queued", "sending"):
                verdict.bad("silent", "V12", f"attempt {row['n']} of call {call['id']} does not say how it ended")
            if row["outcome"] == "sent" and (row["n"] != call["attempt"] or call["state"] != "sent"):
                verdict.bad("invented", "V12", f"attempt {row['n']} of call {call['id']} says that it was the one")
    for unknown in made:
        verdict.bad("invented", "V12", f"attempts at {unknown}, which is no call")
