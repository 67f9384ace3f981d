"""What a fault run leaves behind, as the checker reads it: the outside world's own records, and every row of the database.

- `load` (load.jsonl): `attempt` with channel, customer, key, token, n, text, turn, began, answer ("200", "ok", or what went
  wrong); `seen`, a web customer's log as it arrived: s, n, conversation, kind, by, id, text; `welcome`; `answered` with token,
  thread, text
- `slack` (slack.jsonl): `post`, `update`, `mark`, `unmark`, `delete` by the app, `reply` by an agent, and `acked` or `given_up`
  with the reply's `ts`, when the hub was told of it. A post's `thread_ts` is null for a card
- `telegram` (telegram.jsonl): calls that were accepted. `faults` (faults.jsonl): what was done to the hub
- `tables`: rows by table. `left`: what was still to be done at the end, by kind
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Line = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """One run's records, in the order in which they were written."""

    load: Sequence[Line] = ()
    slack: Sequence[Line] = ()
    telegram: Sequence[Line] = ()
    faults: Sequence[Line] = ()
    tables: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)

    def of(self, source: str, *whats: str) -> list[Line]:
        """Lines of `load`, `slack` or `faults` that are of these kinds."""
        return [line for line in getattr(self, source) if line["what"] in whats]


def read(folder: Path, left: Mapping[str, int]) -> Evidence:
    """The evidence in a run's folder."""
    tables: dict[str, list[Line]] = defaultdict(list)
    for row in _lines(folder / "database.jsonl"):
        tables[row.pop("table")].append(row)
    names = ("load", "slack", "telegram", "faults")
    return Evidence(**{name: _lines(folder / f"{name}.jsonl") for name in names}, tables=dict(tables), left=left)


def _lines(path: Path) -> list[Line]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
