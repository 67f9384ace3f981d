"""The conversation by e-mail, through a mail server: to the address that is stated or proved, a few times a day."""

from __future__ import annotations

from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest

from hub.notices import NoticeRules
from hub.notify import send_due
from hub.store.store import Store
from hub.store.tables import Notice
from tests.hub.hubs import only, put
from tests.hub.listeners import Listener, MailServer
from tests.widget.consoles import House
from tests.widget.customers import Customer, customer, say, web_house

PATH = "/chat/web/transcript"


def by(mail: Listener) -> NoticeRules:
    return NoticeRules.model_validate(
        {"smtp": {"host": "127.0.0.1", "port": mail.port, "sender": "help@example.com", "tls": "none"}}
    )


async def talked(home: House) -> Customer:
    """A customer who has asked, been answered, and taken something back."""
    ann = await customer(home)
    await ann.poll(say("a", "Where is A1024?\n<script>alert(1)</script>"))
    await home.work()
    agent = await home.agent()
    talk = (await agent.api.get("/console/api/conversations?view=all")).json()["items"][0]["id"]
    await agent.say(talk, "It left today.")
    await agent.say(talk, "for our eyes only", kind="note")
    await home.work()
    return ann


async def test_it_is_sent_as_the_customer_has_seen_it(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with MailServer().listening() as mail, web_house(store, redis_url, prefix, tmp_path / "files") as home:
        home.hub.notices = by(mail)
        ann = await talked(home)
        answer = await ann.api.post(PATH, json={"email": "ann@example.com"})
        assert (answer.status_code, answer.json()) == (202, {"email": "ann@example.com"})
        await send_due(home.hub)
        (letter,) = mail.heard
        read = message_from_string(letter, policy=default)
        said = read.get_content()
        assert read["To"] == "ann@example.com"
        assert "You:\nWhere is A1024?\n<script>alert(1)</script>" in said.replace("\r", "")
        assert "Bo:\nIt left today." in said.replace("\r", "")
        assert "our eyes" not in said
        row = await only(store, Notice)
        assert (row["state"], row["address"]) == ("sent", None), "the address is forgotten"


async def test_a_broken_mail_server_is_tried_again(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with MailServer().listening() as mail, web_house(store, redis_url, prefix, tmp_path / "files") as home:
        home.hub.notices = by(mail)
        ann = await talked(home)
        mail.broken = True
        await ann.api.post(PATH, json={"email": "ann@example.com"})
        await send_due(home.hub)
        assert (await only(store, Notice))["state"] == "queued"
        mail.broken = False
        await put(store, Notice, {}, due_ms=0)
        await send_due(home.hub)
        assert len(mail.heard) == 1


async def test_three_a_day_for_a_customer_and_for_an_address(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with MailServer().listening() as mail, web_house(store, redis_url, prefix, tmp_path / "files") as home:
        home.hub.notices = by(mail)
        ann = await talked(home)
        codes = [(await ann.api.post(PATH, json={"email": "ann@example.com"})).status_code for _ in range(4)]
        assert codes == [202, 202, 202, 429]
        bob = await customer(home)
        await bob.poll(say("a", "hello"))
        await home.work()
        assert (await bob.api.post(PATH, json={"email": "ANN@example.com"})).status_code == 429, "nobody is mailed through others"


@pytest.mark.parametrize(
    "email", ["", "ann", "a@b", "a@b.c\r\nBcc: x@y.zz", "a b@example.com", "a@example.com,b@example.com", "<a@b.cd>"]
)
async def test_what_is_no_address_is_refused(store: Store, redis_url: str, prefix: str, tmp_path: Path, email: str) -> None:
    if store.db.dialect != "sqlite":
        pytest.skip("one database is enough for a pattern")
    async with MailServer().listening() as mail, web_house(store, redis_url, prefix, tmp_path / "files") as home:
        home.hub.notices = by(mail)
        ann = await customer(home)
        answer = await ann.api.post(PATH, json={"email": email})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "email")


async def test_without_a_mail_server_it_is_not_offered(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        ann = await customer(home)
        (welcome,) = await ann.poll({"t": "hello", "lang": "en", "since": 0, "epoch": ann.epoch})
        assert "transcript" not in welcome["cfg"]
        assert (await ann.api.post(PATH, json={"email": "ann@example.com"})).status_code == 404
