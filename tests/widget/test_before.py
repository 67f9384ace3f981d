"""Questions before the first message: asked in the customer's language by the welcome, answered as a form that agents read."""

from __future__ import annotations

from pathlib import Path

from hub.store.store import Store
from hub.store.tables import File, Identity, Inbox
from tests.hub.hubs import rows
from tests.widget.customers import customer, web_house

BEFORE = {
    "title": {"en": "Before we begin", "zh": "开始之前"},
    "questions": [{"name": "order", "label": {"en": "Order", "zh": "订单号"}, "required": True}],
    "consent": {"en": "I agree", "zh": "我同意"},
}


async def test_the_questions_of_the_file_are_answered_in_the_conversation(
    store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files", before=BEFORE) as home:
        ann = await customer(home)
        (welcome,) = await ann.poll({"t": "hello", "lang": "zh-CN", "since": 0, "epoch": ann.epoch})
        form = welcome["cfg"]["form"]
        assert (form["title"], [field["label"] for field in form["fields"]]) == ("开始之前", ["订单号", "我同意"])
        assert all(field["required"] for field in form["fields"])
        answers = [{**field, "value": value} for field, value in zip(form["fields"], ("A1024", "是"), strict=True)]
        (ok,) = await ann.poll({"t": "send", "id": "a", "d": {"form": {"title": form["title"], "fields": answers}}})
        assert ok == {"t": "ok", "id": "a"}
        await home.work()
        said = (await ann.poll())[0]["d"]["parts"][0]
        assert said["submitted"]
        assert [field["value"] for field in said["fields"]] == ["A1024", "是"]


async def test_nothing_is_kept_before_the_customer_agrees(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files", before=BEFORE) as home:
        ann = await customer(home)
        assert await ann.poll({"t": "send", "id": "x", "d": {"text": "my secret"}}) == [
            {"t": "no", "code": "consent", "retry": False, "id": "x"}
        ]
        said_no = [{"name": "consent", "label": "I agree", "kind": "choice", "value": ""}]
        (no,) = await ann.poll({"t": "send", "id": "y", "d": {"form": {"title": "", "fields": said_no}}})
        assert no["code"] == "consent"
        answer = await ann.api.post("/chat/web/files", files={"file": ("a.txt", b"secret", "text/plain")})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "consent")
        assert await rows(store, Inbox) == [] and await rows(store, File) == []
        agreed = [{"name": "consent", "label": "I agree", "kind": "choice", "value": "✓"}]
        assert (await ann.poll({"t": "send", "id": "z", "d": {"form": {"title": "", "fields": agreed}}}))[0] == {
            "t": "ok",
            "id": "z",
        }
        (ok,) = await ann.poll({"t": "send", "id": "x", "d": {"text": "my secret"}})
        assert ok == {"t": "ok", "id": "x"}, "who has agreed may go on at once, though nothing is written down yet"
        await home.work()
        assert (await ann.poll({"t": "send", "id": "w", "d": {"text": "more"}}, since=3))[0]["t"] == "ok"
        assert "agreed" in (await rows(store, Identity))[0]["profile"], "when it was is kept, for whoever asks"


async def test_another_customer_s_consent_is_not_one_s_own(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files", before=BEFORE) as home:
        ann, bob = await customer(home), await customer(home)
        agreed = [{"name": "consent", "label": "I agree", "kind": "choice", "value": "✓"}]
        await ann.poll({"t": "send", "id": "z", "d": {"form": {"title": "", "fields": agreed}}})
        assert (await bob.poll({"t": "send", "id": "x", "d": {"text": "hello"}}))[0]["code"] == "consent"
