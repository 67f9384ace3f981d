"""What was measured: every figure with its value, or with the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from config.bench.budgets import BY_NAME, FIGURES, Figure

NOT_ASKED = "not asked for"


@dataclass
class Report:
    """All figures of one call."""

    servers: str
    cores: int
    values: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    messages: int = 0
    lost: int = 0
    undone: int = 0

    def tell(self, name: str, value: float | None, why_not: str = "") -> None:
        """A figure, or why there is none. The figure must be one that has a name."""
        assert name in BY_NAME, name
        if value is None:
            self.reasons[name] = why_not
        else:
            self.values[name] = value

    def why_not(self, figure: Figure) -> str:
        """Why a figure is missing."""
        return self.reasons.get(figure.name, NOT_ASKED)

    def reached(self, figure: Figure) -> bool | None:
        """Whether a figure is within its budget; None without one, or measured with less than that is for."""
        return figure.reached(self.values[figure.name]) if self.facts.get("sockets", 0) >= figure.sockets else None

    def as_json(self) -> dict[str, Any]:
        """One flat object: figures by name, null where there is none; `reasons`, `short` and what it was measured on."""
        made: dict[str, Any] = {
            figure.name: round(self.values[figure.name], 3) if figure.name in self.values else None for figure in FIGURES
        }
        missing = {figure.name: self.why_not(figure) for figure in FIGURES if figure.name not in self.values}
        short = [name for name in self.values if self.reached(BY_NAME[name]) is False]
        counts = {"messages": self.messages, "lost": self.lost, "undone": self.undone}
        return made | counts | {
            "short": short, "reasons": missing, "servers": self.servers, "cores": self.cores, "notes": self.notes, **self.facts,
        }  # fmt: skip

    def show(self) -> None:
        """The table, for people, and below it what is missing and why."""
        table = Table(title=f"frontdesk bench · {self.servers} · {self.cores} cores", title_justify="left")
        for column in ("", "measured", "budget", "aim", ""):
            table.add_column(column, justify="right" if column else "left")
        missing = [figure for figure in FIGURES if figure.name not in self.values and self.why_not(figure) != NOT_ASKED]
        for figure in FIGURES:
            if figure.name in self.values:
                table.add_row(figure.what, *_cells(figure, self.values[figure.name], self.reached(figure)))
            elif figure in missing:
                table.add_row(figure.what, "–", _bound(figure, figure.limit), _bound(figure, figure.aim), "[yellow]none[/]")
        console = Console(highlight=False)
        console.print(table)
        colour = "red" if self.lost else "green"
        console.print(f"{self.messages} messages accepted, [{colour}]{self.lost} lost[/], {self.undone} not worked off in time")
        if by := self.facts.get("cpu_s_per_1000_by"):
            console.print("CPU of 1 000 messages: " + ", ".join(f"{kind} {used:.2f} s" for kind, used in by.items()))
        for line in [*(f"{figure.name}: {self.why_not(figure)}" for figure in missing), *self.notes]:
            console.print(line, markup=False)


def _cells(figure: Figure, value: float, reached: bool | None) -> tuple[str, str, str, str]:
    verdict = "" if reached is None else "[green]ok[/]" if reached else "[bold red]short[/]"
    return f"{_number(figure, value)} {figure.unit}".strip(), _bound(figure, figure.limit), _bound(figure, figure.aim), verdict


def _bound(figure: Figure, value: float | None) -> str:
    return "" if value is None else f"{'≥' if figure.more_is_better else '≤'} {value:,g}".replace(",", " ")


def _number(figure: Figure, value: float) -> str:
    return f"{value:,.{figure.digits}f}".replace(",", " ")
