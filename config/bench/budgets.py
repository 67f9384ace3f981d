"""The figures that `frontdesk bench` gives, and what each must reach on two cores."""

from __future__ import annotations

from dataclasses import dataclass

BUDGET_SOCKETS = 10_000


@dataclass(frozen=True)
class Figure:
    """One figure. `limit` is what it must reach, `aim` what we would like; None: it is told, and nothing is asked of it."""

    name: str
    what: str
    unit: str
    limit: float | None = None
    aim: float | None = None
    more_is_better: bool = False
    digits: int = 1
    sockets: int = 0
    """With how many idle sockets it must be measured to be judged."""

    def reached(self, value: float) -> bool | None:
        """Whether a value is within the budget."""
        if self.limit is None:
            return None
        return value >= self.limit if self.more_is_better else value <= self.limit


def _rate(name: str, what: str, limit: float, aim: float) -> Figure:
    return Figure(name, what, "/s", limit, aim, more_is_better=True, digits=0)


FIGURES = (
    _rate("accepted_per_s", "accepted, 64 connections", 3000, 4000),
    _rate("sustained_per_s", "all the way to the agent's console", 2000, 3000),
    _rate("one_conn_per_s", "accepted, one connection", 350, 700),
    Figure("one_conn_p50_ms", "  until its 2xx, p50", "ms", 3, 1.5, digits=2),
    Figure("p50_ms", "visitor → console, beside 200/s, p50", "ms", 10, 5),
    Figure("p99_ms", "  p99", "ms", 40, 25),
    Figure("desk_p50_ms", "customer → call to Slack begun, p50", "ms", 15, 8),
    Figure("desk_p99_ms", "  p99", "ms", 60, 30),
    Figure("cpu_s_per_1000", "CPU of 1 000 messages, all the way", "s", 0.9, 0.5, digits=2),
    Figure("idle_pss_mib", "memory of everything, idle", "MiB", 150, 100),
    Figure("idle_cpu_pct", "CPU of everything, idle", "% core", 1.5, digits=2),
    Figure("ready_s", "empty folder → ready", "s", 4, 2, digits=2),
    Figure("socket_kib", "an idle widget socket", "KiB", 40, 32, sockets=BUDGET_SOCKETS),
    Figure("sockets_cpu_pct", "CPU with all idle sockets open", "% core", 5, digits=2, sockets=BUDGET_SOCKETS),
    Figure("console_first_list_ms", "console's first list", "ms", 150, 50),
    Figure("loaded_pss_mib", "memory of everything after the load", "MiB"),
    Figure("python_s", "five million additions in Python, on this machine", "s", digits=2),
    Figure("other_cores", "cores that others kept busy meanwhile", "", digits=2),
)
BY_NAME = {figure.name: figure for figure in FIGURES}
