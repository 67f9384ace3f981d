"""Reports over HTTP: figures of a period, the conversations behind each of them, and all of it as a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from hub.reporting import Report, Tally, report, spread, zone_of
from hub.runtime import Hub
from hub.store.reports import Scope
from widget.access import Asker, hub_of
from widget.answers import Refusal, answer
from widget.console_view import limit_of, row_json

LONGEST = 92
"""Days of one report."""
USUAL = 30
MEASURES = ("opened", "answered", "resolved", "rated", "failed", "open", "waiting")
_CURSOR = re.compile(r"\d{1,17}\.[0-9a-f]{32}")
_FORMULA = re.compile(r"[\s\x00]*[=+\-@＝＋－＠|%]|[\t\r\n]")
"""How a cell begins that a spreadsheet may take for a formula, full-width signs among them (OWASP, CSV Injection)."""


async def figures(request: Request, who: Asker) -> Response:
    """GET /console/api/reports?since=&until=&channel=&team=&agent=: dates are days in the inbox's time zone, both included."""
    hub = hub_of(request)
    scope, days = _scope(hub, request)
    made = await report(hub, scope)
    names = {person.id: person.name for person in await hub.store.agents.everyone()}
    return answer(
        {
            "since": days[0].isoformat(),
            "until": days[-1].isoformat(),
            "zone": zone_of(hub),
            "business_hours": bool(hub.routing.hours),
            "behind": await hub.store.reports.behind(),
            "total": made.total.figures(),
            "days": [{"day": day.isoformat(), **made.days.get(day, Tally()).figures()} for day in days],
            "channels": _named(made.channels, {}),
            "teams": _named(made.teams, {}),
            "agents": _named(made.agents, names),
            "open": sum(count for count, _ in made.backlog.values()),
            "waiting": sum(count for _, count in made.backlog.values()),
            "delays": [{"name": name, **(spread(found) or {})} for name, found in sorted(made.delays.items())],
        }
    )


def _named(tallies: Mapping[str, Tally], names: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = [{"id": id, "name": names.get(id, id), **tally.figures()} for id, tally in tallies.items()]
    return sorted(rows, key=lambda row: (-row["opened"], -row["resolved"], row["name"]))


async def conversations(request: Request, who: Asker) -> Response:
    """GET /console/api/reports/conversations?measure=&…: exactly those that a number counts, the latest first."""
    hub = hub_of(request)
    scope, _ = _scope(hub, request)
    measure, cursor = request.query_params.get("measure", "opened"), request.query_params.get("cursor", "")
    if measure not in MEASURES:
        raise Refusal(422, "malformed", f"measure must be one of {', '.join(MEASURES)}.")
    if cursor and not _CURSOR.fullmatch(cursor):
        raise Refusal(422, "malformed", "cursor must be an earlier answer's next.")
    channels = [str(name) for name in hub.connectors]
    rows, end = await hub.store.reports.conversations(
        scope, measure, who.agent.id, channels, before=cursor, most=limit_of(request, 30)
    )
    return answer({"items": [row_json(row) for row in rows], "next": end})


async def table(request: Request, who: Asker) -> Response:
    """GET /console/api/reports/csv?…: the same figures as a file for spreadsheets."""
    hub = hub_of(request)
    scope, days = _scope(hub, request)
    made = await report(hub, scope)
    names = {person.id: person.name for person in await hub.store.agents.everyone()}
    await hub.store.agents.record(who.agent.id, "report.export", detail=f"{days[0]} {days[-1]}")
    name = f"frontdesk-{days[0]}-{days[-1]}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(as_csv(made, days, names), headers=headers, media_type="text/csv")


def as_csv(made: Report, days: list[date], names: Mapping[str, str]) -> str:
    """The figures by RFC 4180, with a mark by which spreadsheets know UTF-8, and no cell that one would run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    counts = ("opened", "answered", "resolved", "rated", "failed")
    times = ("first_median_s", "first_p90_s", "resolution_median_s", "resolution_p90_s")
    writer.writerow(["by", "name", *counts, *times, "score"])
    groups: list[tuple[str, Mapping[str, Tally]]] = [
        ("all", {"": made.total}),
        ("day", {day.isoformat(): made.days.get(day, Tally()) for day in days}),
        ("channel", made.channels),
        ("team", made.teams),
        ("agent", {names.get(id, id): tally for id, tally in made.agents.items()}),
    ]
    for by, tallies in groups:
        for name, tally in tallies.items():
            told = tally.figures()
            spreads = [told[what][cut] if told[what] else "" for what in ("first", "resolution") for cut in ("median", "p90")]
            writer.writerow([by, harmless(name), *(told[one] for one in counts), *spreads, told["score"] or ""])
    return "\ufeff" + out.getvalue()


def harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _scope(hub: Hub, request: Request) -> tuple[Scope, list[date]]:
    """What is asked for. Raises `Refusal`."""
    zone, given = ZoneInfo(zone_of(hub)), request.query_params
    today = hub.now().astimezone(zone).date()
    until = _day(given.get("until"), "until", today)
    since = _day(given.get("since"), "since", until - timedelta(days=USUAL - 1))
    if not 0 <= (until - since).days < LONGEST:
        raise Refusal(422, "malformed", f"since must not be after until, and {LONGEST} days are the most.")
    names = [given.get(name) for name in ("channel", "team", "agent")]
    if any(name is not None and (len(name) > 64 or "\0" in name) for name in names):
        raise Refusal(422, "malformed", "channel, team and agent may have at most 64 characters.")
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in (since, until + timedelta(days=1))
    )
    return Scope(begin, end, *names), days


def _day(given: str | None, name: str, usual: date) -> date:
    if not given:
        return usual
    try:
        found = date.fromisoformat(given) if len(given) == 10 else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2999:
        raise Refusal(422, "malformed", f"{name} must be a day such as 2026-11-28.")
    return found
