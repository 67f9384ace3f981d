"""What one inbound transaction did, kept for what follows its commit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hub import assigning
from hub.batch import Batch
from hub.sign import Signed
from hub.store.inbox import Pending


@dataclass(slots=True)
class Done:
    """What one transaction did, for those who must hear of it afterwards."""

    rows: int = 0
    entries: int = 0
    identities: list[str] = field(default_factory=list)
    deliver: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    fetch: list[str] = field(default_factory=list)
    strangers: set[tuple[str, str]] = field(default_factory=set)
    proved: bool = False
    kept_ms: list[int] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    signs: list[Signed] = field(default_factory=list)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    translate: bool = False
    freed: bool = False
    """Somebody may take one of those that wait."""
    merging: Pending | None = None
    """The row at the lane's head, when it wants more lanes than this one: nothing was done."""

    def sum_up(self, batch: Batch) -> None:
        """Take from a batch that was written what others must hear of."""
        self.entries, self.translate = len(batch.entries), batch.wants
        logged = {entry["identity_id"] for entry in batch.entries if entry["cs"] is not None}
        self.identities = sorted(logged | batch.placed)
        self.deliver |= {call["lane"] for call in batch.deliveries}
        self.strangers, self.signs, self.told = batch.strangers, batch.signs, batch.told
        self.freed = assigning.frees(batch.entries, batch.signs)
        self.fetch = [row["id"] for row in batch.files]
        said = [entry for entry in batch.entries if entry["kind"] == "message" and entry["author_kind"] != "customer"]
        self.said = Counter(batch.talks[entry["conversation_id"]].channel for entry in said)
