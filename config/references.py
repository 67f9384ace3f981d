"""Names that one part of the configuration uses and another must hold; looked at as written, so that each has its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from config.problems import near
from config.source import Key, Source


def check_routing(source: Source, channels: Iterable[str], desks: Iterable[str]) -> None:
    """Teams, hours, channels and desks that rules name."""
    written = _mapping(source.values)
    teams, hours = _mapping(written.get("teams")), _mapping(written.get("hours"))
    _known(source, ("team",), written.get("team"), "team", teams)
    _known(source, ("desks",), written.get("desks"), "desk", desks)
    for n, rule in _listed(written.get("rules")):
        _known(source, ("rules", n, "team"), rule.get("team"), "team", teams)
        _known(source, ("rules", n, "channels"), rule.get("channels"), "channel", channels)
        _known(source, ("rules", n, "desks"), rule.get("desks"), "desk", desks)
    for name, team in teams.items():
        _known(source, ("teams", name, "hours"), _mapping(team).get("hours"), "opening hours", hours)
        _known(source, ("teams", name, "desks"), _mapping(team).get("desks"), "desk", desks)


def check_bot(source: Source, channels: Iterable[str]) -> None:
    """Channels that the bot is switched on or off for, and answers that buttons lead to."""
    written = _mapping(source.values)
    for name in _mapping(written.get("channels")):
        _known(source, ("channels", name), name, "channel", channels)
    entries = list(_listed(written.get("faq")))
    counted = Counter(str(entry.get("name")) for _, entry in entries)
    for n, entry in entries:
        if counted[str(entry.get("name"))] > 1:
            source.fault(("faq", n, "name"), f"two entries are named {str(entry.get('name'))!r}")
    for path, leads_to in _buttons(written, ()):
        _known(source, path, leads_to, "entry of faq", counted)


def check_survey(source: Source, channels: Iterable[str]) -> None:
    """Channels that the survey is switched on or off for."""
    for name in _mapping(_mapping(source.values).get("channels")):
        _known(source, ("channels", name), name, "channel", channels)


def check_translation(source: Source, teams: Iterable[str], channels: Iterable[str], desks: Iterable[str]) -> None:
    """Teams, desks and channels that have a language of their own."""
    written = _mapping(source.values)
    for key, what, known in (("teams", "team", teams), ("desks", "desk", desks), ("channels", "channel", channels)):
        for name in _mapping(written.get(key)):
            _known(source, (key, name), name, what, known)


def check_console(source: Source, teams: Iterable[str], replies: object) -> None:
    """Teams and canned replies that macros name."""
    ready = [str(one.get("name")) for _, one in _listed(_mapping(replies).get("replies"))]
    for n, macro in _listed(_mapping(source.values).get("macros")):
        for m, step in _listed(macro.get("do")):
            place = ("macros", n, "do", m)
            _known(source, (*place, "canned"), step.get("canned"), "reply of replies.yaml", ready)
            _known(source, (*place, "assign", "team"), _mapping(step.get("assign")).get("team"), "team", teams)


def check_desk(source: Source, teams: Iterable[str], channels: Iterable[str]) -> None:
    """Teams and channels that a desk gives places of their own."""
    written, known = _mapping(source.values), [*teams, *channels]
    for name in _mapping(written.get("channels")):
        _known(source, ("channels", name), name, "team or channel", known)
    taken: dict[str, str] = {}
    for workspace, one in _mapping(written.get("workspaces")).items():
        for name in _mapping(_mapping(one).get("channels")):
            place = ("workspaces", workspace, "channels", name)
            _known(source, place, name, "team or channel", known)
            if name in taken:
                source.fault(place, f"{name!r} has a place in {taken[name]} already; it can have one")
            taken[name] = workspace


def check_notices(source: Source, teams: Iterable[str]) -> None:
    """Teams whose agents want to be called."""
    unanswered = _mapping(_mapping(source.values).get("unanswered"))
    _known(source, ("unanswered", "teams"), unanswered.get("teams"), "team", teams)


def _known(source: Source, path: tuple[Key, ...], written: object, what: str, known: Iterable[str]) -> None:
    names = list(known)
    for n, name in enumerate(written) if isinstance(written, list) else [(-1, written)]:
        if isinstance(name, str) and name not in names:
            place = path if n < 0 else (*path, n)
            source.fault(place, f"no {what} is named {name!r}{near(name, names) or _all(names)}")


def _all(names: list[str]) -> str:
    return f"; there are {', '.join(sorted(names))}" if names else ""


def _buttons(node: object, path: tuple[Key, ...]) -> Iterable[tuple[tuple[Key, ...], object]]:
    """Every button's `faq`, wherever buttons may stand."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "faq" and "choices" in path:
                yield (*path, key), value
            else:
                yield from _buttons(value, (*path, key))
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from _buttons(value, (*path, n))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> Iterable[tuple[int, Mapping[str, Any]]]:
    return ((n, _mapping(entry)) for n, entry in enumerate(value)) if isinstance(value, list) else ()
