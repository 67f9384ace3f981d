"""Agents in the store: logins by hash only, links that work once, an admin who is always left."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from hub.errors import Conflict
from hub.people import Member
from hub.signin import first_admin_link, hash_of, new_secret, open_session
from hub.store.store import Store


async def test_no_secret_that_works_is_in_the_database(store: Store) -> None:
    link = await first_admin_link(store, "https://help.example.com")
    assert link is not None
    assert link.startswith("https://help.example.com/console/#setup=")
    secret = link.partition("#setup=")[2]
    person = await store.agents.use_link(hash_of(secret), "Ada@Example.com", "Ada", "argon2 says so")
    assert person is not None
    session = await open_session(store.agents, person.id)
    async with store.db.read() as connection:
        kept = str((await connection.execute(text("SELECT * FROM agent_login"))).all())
    assert session not in kept
    assert hash_of(session) in kept
    assert (await store.agents.standing([hash_of(session)]))[hash_of(session)].agent.id == person.id
    assert await store.agents.standing([session]) == {}


async def test_the_first_link_makes_one_admin_however_many_race(store: Store) -> None:
    links = [await first_admin_link(store, "") for _ in range(3)]
    hashes = [hash_of(str(link).partition("#setup=")[2]) for link in links]
    made = await asyncio.gather(*(store.agents.use_link(h, f"a{n}@example.com", "A", "x") for n, h in enumerate(hashes * 2)))
    assert sum(person is not None for person in made) == 1
    assert [person.role for person in await store.agents.everyone()] == ["admin"]
    assert await first_admin_link(store, "") is None


async def test_a_link_works_once_and_not_for_ever(store: Store) -> None:
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    old, new = hash_of(new_secret()), hash_of(new_secret())
    await store.agents.open_login("invite", bo, old, -1.0)
    assert not await store.agents.link_is_good(old)
    assert await store.agents.use_link(old, "", "", "x") is None
    await store.agents.open_login("invite", bo, new, 60.0)
    assert await store.agents.standing([new]) == {}, "a link is no session"
    assert (person := await store.agents.use_link(new, "other@example.com", "", "x")) is not None
    assert (person.email, person.name) == ("bo@example.com", "Bo"), "a link is for whom it was made"
    assert await store.agents.use_link(new, "", "", "y") is None


async def test_a_new_password_ends_what_was_open(store: Store) -> None:
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    session, link = await open_session(store.agents, bo), hash_of(new_secret())
    await store.agents.open_login("reset", bo, link, 60.0)
    assert await store.agents.standing([hash_of(session)])
    assert await store.agents.use_link(link, "", "", "x")
    assert not await store.agents.standing([hash_of(session)])


async def test_sessions_end_when_idle_or_old_and_tokens_do_not_tire(store: Store) -> None:
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    session = hash_of(await open_session(store.agents, bo))
    token = hash_of(new_secret())
    await store.agents.open_login("token", bo, token, 3600.0)

    async def standing() -> set[str]:
        return set(await store.agents.standing([session, token]))

    async def set_back(column: str, milliseconds: int) -> None:
        async with store.db.write() as connection:
            await connection.execute(text(f"UPDATE agent_login SET {column} = {column} - {milliseconds}"))

    assert await standing() == {session, token}
    await set_back("used_ms", 31 * 60_000)
    assert await standing() == {token}
    await store.agents.used([session])
    assert await standing() == {session, token}
    await set_back("expires_ms", 13 * 3600_000)
    assert await standing() == set()


async def test_the_last_admin_stays(store: Store) -> None:
    agents = store.agents
    ada = await agents.invite("ada@example.com", "Ada", "admin")
    assert not await agents.change(ada, role="agent")
    assert not await agents.change(ada, disabled=True)
    bea = await agents.invite("bea@example.com", "Bea", "admin")
    results = await asyncio.gather(agents.change(ada, role="agent"), agents.change(bea, disabled=True))
    assert sorted(results) == [False, True]
    assert await agents.any_admin()


async def test_switching_off_ends_every_login(store: Store) -> None:
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    session = hash_of(await open_session(store.agents, bo))
    assert await store.agents.change(bo, disabled=True)
    assert await store.agents.standing([session]) == {}
    assert await store.agents.logins(bo) == []
    assert await store.agents.change(bo, disabled=False)
    assert await store.agents.standing([session]) == {}


async def test_an_address_has_one_agent(store: Store) -> None:
    await store.agents.invite("bo@example.com", "Bo", "agent")
    with pytest.raises(Conflict):
        await store.agents.invite("BO@example.com", "Bo", "agent")


async def test_reading_never_goes_back_whoever_races(store: Store) -> None:
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    await asyncio.gather(*(store.agents.has_read(bo, "c" * 32, n) for n in (3, 9, 1, 7, 9, 2)))
    async with store.db.read() as connection:
        assert (await connection.execute(text("SELECT seq FROM agent_read"))).scalars().all() == [9]


async def test_the_record_is_read_newest_first(store: Store) -> None:
    for n in range(5):
        await store.agents.record("bo", f"act{n}")
        await asyncio.sleep(0.002)
    first = await store.agents.records(before=None, most=2)
    assert [row["action"] for row in first] == ["act4", "act3"]
    rest = await store.agents.records(before=first[-1]["id"], most=9)
    assert [row["action"] for row in rest] == ["act2", "act1", "act0"]


async def test_somebody_at_a_desk_becomes_the_agent_with_the_same_address(store: Store) -> None:
    async def known() -> str:
        async with store.db.read() as connection:
            found = await store.staff.persons(connection, [("office", "U7")])
        return found[("office", "U7")].agent_id

    await store.staff.introduce("office", "U7", Member("Dee", "Dee@Example.com"))
    assert await known() == ""
    dee = await store.agents.invite("dee@example.com", "Dee", "agent")
    assert await known() == dee
