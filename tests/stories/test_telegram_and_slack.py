"""More of what customers do on Telegram, and what agents in Slack see of it: albums, two bots, a blocked bot, a group that
moves."""

from __future__ import annotations

import io
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image

from tests.conftest import until
from tests.servers.installation import HOOK_SECRET, TELEGRAM
from tests.servers.telegram import TelegramServer, telegram
from tests.stories.test_one_message_and_its_answer import World, world

CHAT = 7


def jpeg(width: int) -> bytes:
    """A real picture, to be told by its width."""
    out = io.BytesIO()
    Image.new("RGB", (width, 40), "teal").save(out, "JPEG")
    return out.getvalue()


def photo(sim: TelegramServer, width: int) -> list[dict[str, Any]]:
    """A picture that lies with Telegram."""
    stored = sim.api.keep_file(jpeg(width), f"{width}.jpg")
    return [{"file_id": stored.id, "file_unique_id": f"u{width}", "file_size": 900, "width": width, "height": 40}]


def shown(here: World) -> list[int]:
    """The widths of the pictures in Slack, in the order in which they came."""
    kept = [file["content"] for file in here.slack.workspace.files.values() if file["content"]]
    return [Image.open(io.BytesIO(content)).width for content in kept]


def stored(folder: Path) -> list[tuple[str, str]]:
    """(id, state) of the files that the hub knows."""
    with closing(sqlite3.connect(next((folder / "data").glob("*.db")))) as database:
        return list(database.execute("SELECT id, state FROM file ORDER BY id"))


def threads(here: World) -> list[str]:
    """The threads at the desk, as "channel:ts"."""
    return [f"{post['channel']}:{post['ts']}" for post in here.slack.posts() if not post["thread_ts"]]


async def test_an_album_arrives_whole_when_web_and_worker_die_between_its_parts(tmp_path: Path) -> None:
    async with world(tmp_path, "sqlite") as here:
        sim = here.telegram
        sim.say(CHAT, photo=photo(sim, 101), media_group_id="g1", caption="all three are broken")
        await until(lambda: sim.updates.pending == 0, 10)
        await here.hub.kill("web1")
        sim.say(CHAT, photo=photo(sim, 102), media_group_id="g1")
        sim.say(CHAT, photo=photo(sim, 103), media_group_id="g1")
        await here.hub.restart("worker1")
        await here.hub.start("web1")
        await until(lambda: sorted(shown(here)) == [101, 102, 103], 30)
        assert sim.updates.pending == 0
        assert shown(here) == [101, 102, 103], "each once, in order"
        assert len(threads(here)) == 1
        with closing(sqlite3.connect(next((tmp_path / "data").glob("*.db")))) as database:
            marks = [
                row[0] for row in database.execute("SELECT data FROM message WHERE kind = 'message' AND author_kind = 'customer'")
            ]
        assert marks == ['{"album":"g1"}'] * 3, "and the console shows them as one"


async def test_pictures_stay_when_telegram_has_forgotten_them(tmp_path: Path) -> None:
    async with world(tmp_path, "sqlite") as here:
        here.telegram.say(CHAT, photo=photo(here.telegram, 104))
        await until(lambda: [state for _, state in stored(tmp_path)] == ["stored"], 15)
        here.telegram.api.files.clear()
        [(file, _)] = stored(tmp_path)
        [path] = [found for found in (tmp_path / "data").rglob(file) if found.is_file()]
        assert Image.open(io.BytesIO(path.read_bytes())).width == 104
        await until(lambda: shown(here) == [104], 15)


async def test_what_telegram_hands_to_no_bot_is_named_to_agents(tmp_path: Path) -> None:
    async with world(tmp_path, "sqlite") as here:
        film = here.telegram.api.keep_file(bytes(20_000_001), "film.mkv")
        facts = {"file_id": film.id, "file_unique_id": "uf", "file_name": "film.mkv", "file_size": 20_000_001}
        here.telegram.say(CHAT, document=facts, caption="look at this")
        await until(lambda: any("film.mkv" in post["text"] and "20 MB" in post["text"] for post in here.slack.posts()), 20)


async def test_two_bots_are_never_mixed(tmp_path: Path) -> None:
    async with telegram(token="4343:OTHER-bot_of_nobody") as other:
        shop = TELEGRAM.format(token=other.token, secret=HOOK_SECRET, url=other.url)
        async with world(tmp_path, "sqlite", files={"channels/shop.yaml": shop}) as here:
            await until(lambda: other.updates.hook, 10)
            assert other.updates.hook.endswith("/hooks/shop")
            here.telegram.say(CHAT, "to the first")
            other.say(CHAT, "to the second")
            await until(lambda: here.thread_of("to the first") and here.thread_of("to the second"), 15)
            first, second = here.thread_of("to the first"), here.thread_of("to the second")
            assert first != second, "the same person, message and update number, twice"
            await here.slack.reply(second, "from the second").done()
            await here.slack.reply(first, "from the first").done()
            await until(lambda: here.answers(CHAT) and other.accepted.records, 15)
            assert here.answers(CHAT) == ["from the first"]
            assert [record["text"] for record in other.accepted.records] == ["from the second"]


async def test_a_business_account_takes_answers_for_a_day_and_admins_learn_when_it_is_gone(tmp_path: Path) -> None:
    async with world(tmp_path, "sqlite") as here:
        sim, biz = here.telegram, "biz.A-1"
        sim.connect(biz)
        sim.say_to(biz, CHAT, "is the shop open?")
        await until(lambda: here.thread_of("is the shop open?"), 15)
        thread = here.thread_of("is the shop open?")
        await here.slack.reply(thread, "Until six.").done()
        await until(lambda: here.answers(CHAT) == ["Until six."], 15)
        assert sim.accepted.records[-1]["business_connection_id"] == biz
        sim.api.business.clock = lambda: time.time() + 86_401
        await here.slack.reply(thread, "And tomorrow too.").done()
        await until(lambda: any("24 hours" in post["text"] for post in here.slack.posts(thread)), 15)
        assert here.answers(CHAT) == ["Until six."]
        sim.say_to(biz, CHAT, "hello?")
        await until(lambda: here.answers(CHAT) == ["Until six.", "And tomorrow too."], 15)
        sim.connect(biz, enabled=False)
        await until(lambda: not sim.updates.pending, 15)
        with closing(sqlite3.connect(next((tmp_path / "data").glob("*.db")))) as database:
            [(place, said)] = database.execute("SELECT place, said FROM trouble").fetchall()
        assert place == "telegram" and "@owner is no longer connected" in said


async def test_a_reaction_to_an_answer_is_seen_in_the_thread(tmp_path: Path) -> None:
    async with world(tmp_path, "sqlite") as here:
        here.telegram.say(CHAT, "is it ready?")
        await until(lambda: here.thread_of("is it ready?"), 15)
        thread = here.thread_of("is it ready?")
        await here.slack.reply(thread, "It is.").done()
        await until(lambda: here.answers(CHAT) == ["It is."], 15)
        here.telegram.react(CHAT, here.telegram.accepted.records[-1]["message_id"], "👍")
        await until(lambda: any("👍" in post["text"] and "It is." in post["text"] for post in here.slack.posts(thread)), 15)


async def test_two_workers_together_keep_to_what_the_bot_may_send(tmp_path: Path) -> None:
    files = {}
    async with telegram(token="4343:OTHER-bot_of_nobody") as sim:
        settings = "per_chat_rate: 1000\nrate: 12\n"
        files["channels/calm.yaml"] = TELEGRAM.format(token=sim.token, secret=HOOK_SECRET, url=sim.url).replace(
            "per_chat_rate: 1000\n", settings
        )
        files["bot.yaml"] = "greeting: Welcome!\nfaq: [{name: a, keywords: [a], answer: b}]\nfallback: [Say it another way.]\n"
        async with world(tmp_path, "postgres", webs=2, workers=2, files=files):
            await until(lambda: sim.updates.hook, 10)
            sim.api.total = 15.0
            began = time.monotonic()
            for chat in range(100, 160):
                sim.say(chat, "hello")
            await until(lambda: len(sim.accepted.records) >= 60, 30)
            took = time.monotonic() - began
        assert sorted(record["chat"] for record in sim.accepted.records) == list(range(100, 160)), "each once"
        assert sim.api.limited == 0, "Telegram never had to say so"
        assert took < 20, "and nobody waits for much longer than need be"


async def test_who_blocked_the_bot_is_named_and_reached_again_later(tmp_path: Path) -> None:
    async with world(tmp_path, "sqlite") as here:
        here.telegram.say(CHAT, "hello")
        await until(lambda: here.thread_of("hello"), 15)
        thread = here.thread_of("hello")
        here.telegram.block(CHAT)
        await until(lambda: any("blocked" in post["text"] for post in here.slack.posts(thread)), 15)
        await here.slack.reply(thread, "are you there?").done()
        await until(lambda: any("blocked this bot (blocked)" in str(post) for post in here.slack.posts(thread)), 15)
        assert here.answers(CHAT) == []
        here.telegram.block(CHAT, blocked=False)
        await until(lambda: any("unblocked" in post["text"] for post in here.slack.posts(thread)), 15)
        await here.slack.reply(thread, "welcome back").done()
        await until(lambda: here.answers(CHAT) == ["welcome back"], 15)


async def test_an_answer_follows_a_group_that_moves(tmp_path: Path) -> None:
    async with telegram(token="4343:OTHER-bot_of_nobody") as sim:
        club = TELEGRAM.format(token=sim.token, secret=HOOK_SECRET, url=sim.url) + "groups: true\ngroup_messages: all\n"
        async with world(tmp_path, "sqlite", files={"channels/club.yaml": club}) as here:
            await until(lambda: sim.updates.hook, 10)
            sim.api.chats |= {-77, -100777}
            group = {"id": -77, "title": "Tea club", "type": "group"}
            around = {"from": sim.person(CHAT), "chat": group, "date": int(time.time())}
            sim.updates.push(-77, message={"message_id": 5, "text": "when do you open?", **around})
            await until(lambda: here.thread_of("when do you open?"), 15)
            thread = here.thread_of("when do you open?")
            assert any("Tea club" in str(post) for post in here.slack.posts()), "the group is the customer"
            sim.api.moved[-77] = -100777
            sim.updates.push(-77, message={"message_id": 6, "migrate_to_chat_id": -100777, **around})
            await here.slack.reply(thread, "at nine").done()
            await until(lambda: sim.accepted.records, 15)
            assert [(record["chat"], record["text"]) for record in sim.accepted.records] == [(-100777, "at nine")]
            await until(lambda: any("-100777" in post["text"] for post in here.slack.posts(thread)), 15)
            new = {**around, "chat": {**group, "id": -100777, "type": "supergroup"}}
            sim.updates.push(-100777, message={"message_id": 1, "migrate_from_chat_id": -77, **new})
            sim.updates.push(-100777, message={"message_id": 2, "text": "thank you all", **new})
            await until(lambda: here.thread_of("thank you all"), 15)
            assert here.thread_of("thank you all") == thread, "the conversation goes on"


async def test_an_update_that_nobody_can_read_is_taken_once_and_shown(tmp_path: Path) -> None:
    """What is refused, Telegram sends again for a day."""
    async with world(tmp_path, "sqlite") as here:
        sim = here.telegram
        broken = sim.updates.push(CHAT, message={**sim.message(CHAT, "can you read this?"), "date": "yesterday"})
        lost = sim.updates.push(CHAT, my_chat_member={"chat": "?"})
        sim.say(CHAT, "and this?")
        await until(lambda: sim.updates.pending == 0, 15)
        assert (sim.updates.attempts[broken], sim.updates.attempts[lost]) == (1, 1)
        await until(lambda: here.thread_of("and this?"), 15)
        assert any("unreadable" in post["text"] and "can you read this?" in post["text"] for post in here.slack.posts())
        with closing(sqlite3.connect(next((tmp_path / "data").glob("*.db")))) as database:
            parked = list(database.execute("SELECT raw FROM inbox WHERE state = 2"))
        assert len(parked) == 1 and "my_chat_member" in parked[0][0]
