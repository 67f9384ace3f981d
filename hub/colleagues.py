"""Use-case: to whom a conversation can be given, for an agent at a desk: who of its team is there and has room comes first."""

from __future__ import annotations

from hub.looking import agent_at
from hub.model import DeskName, ExternalId
from hub.pages import capacity_of
from hub.people import Colleague, Colleagues, Roster, Who
from hub.roles import AccessRules
from hub.routing import RoutingRules, Team
from hub.store.staff import Staff
from hub.store.store import Store


def colleagues(store: Store, rules: RoutingRules, access: AccessRules) -> Colleagues:
    """The way from desks to them."""

    async def look(desk: DeskName, person: ExternalId, who: Who, conversation: str) -> Roster | None:
        if not await agent_at(store, desk, person, who):
            return None
        async with store.db.read() as connection:
            talk = (await store.timeline.talks(connection, [conversation])).get(conversation)
        may = {one.id for one in await store.agents.everyone() if "answer" in access.rights_of(one.role)}
        here, team = await store.staff.ids_at(str(desk)), (talk.team if talk else "") or rules.team or ""
        found = [colleague(one, rules, team, here.get(one.id, ())) for one in await store.staff.all() if one.id in may]
        return Roster(team if rules.teams.get(team, Team()).members else "", sorted(found, key=_order))

    return look


def colleague(one: Staff, rules: RoutingRules, team: str, ids: tuple[str, ...]) -> Colleague:
    """An agent as somebody who may be given a conversation of a team. They take what routing would give them at most, by the
    rules and by their own wish; a team that names nobody is every agent's."""
    given, email = rules.teams.get(team, Team()), one.email.lower()
    own = given.members.get(email)
    most = (own.capacity or given.capacity or rules.capacity) if own else capacity_of(rules, email)
    capacity = min(one.capacity, most) if one.capacity else most
    return Colleague(one.id, one.name or one.email, one.present, one.load, capacity, not given.members or own is not None, ids)


def _order(one: Colleague) -> tuple[bool, bool, float, int, str]:
    """Those of the team, of these who is there, and of these who has least to do for what they take."""
    return not one.fits, not one.present, one.load / one.capacity, one.load, one.name.casefold()
