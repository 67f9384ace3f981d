"""What is counted. Names follow Prometheus; several processes add up through its multiprocess folder."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from prometheus_client import Counter, Histogram

FAST = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
SLOW = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 1800)

MESSAGES = Counter("frontdesk_messages_total", "Messages, by channel and direction", ["channel", "direction"])
ACK = Histogram("frontdesk_ack_seconds", "From the last byte of a request to its commit", ["channel"], buckets=FAST)
STORED_AFTER = Histogram("frontdesk_stored_seconds", "From a message's acknowledgement to its place in the log", buckets=FAST)
CALLS = Counter("frontdesk_calls_total", "Platform calls, by target, kind and outcome", ["target", "kind", "outcome"])
CALL_SECONDS = Histogram("frontdesk_call_seconds", "How long platform calls take", ["target"], buckets=FAST)
DELIVERED = Histogram(
    "frontdesk_delivered_seconds", "From a message's writing to the record of its coming", ["target"], buckets=SLOW
)
PARKED = Counter("frontdesk_parked_total", "Inbox rows that were put aside because nobody could handle them")
BULK = Counter("frontdesk_bulk_conversations_total", "Conversations of acts for many at once, by outcome", ["outcome"])
SEARCH_SECONDS = Histogram("frontdesk_search_seconds", "How long agents' searches take", ["within"], buckets=FAST)
REFUSED = Counter("frontdesk_refused_total", "Requests refused, by route and reason", ["route", "reason"])
INSTALLS = Counter("frontdesk_installs_total", "Installations of a desk's app into workspaces, by outcome", ["desk", "outcome"])
TRANSLATIONS = Counter("frontdesk_translations_total", "Translations asked for, by side and outcome", ["side", "outcome"])
TRANSLATION_SECONDS = Histogram("frontdesk_translation_seconds", "How long the translating service takes", buckets=FAST)
SOCKETS = Counter("frontdesk_sockets_total", "Sockets, by side and what became of them", ["side", "event"])


def written(kept_ms: Iterable[int], said: Mapping[str, int]) -> None:
    """A batch is committed: `kept_ms`, by our clock, is when what customers and agents said in it was acknowledged, `said` how
    much was said to customers, by channel."""
    now = time.time()
    for kept in kept_ms:
        STORED_AFTER.observe(max(now - kept / 1000, 0.0))
    for channel, count in said.items():
        MESSAGES.labels(channel, "out").inc(count)
