"""Questions before the first message: asked in the customer's language by the welcome, answered as a form that agents read."""

from __future__ import annotations

from pathlib import Path

from hub.store.store import Store
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
