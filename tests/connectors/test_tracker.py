"""A tracker behind a signed call: what it is sent, what is read from its answer, and what each failure means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from connectors.tracker import SignedTracker
from connectors.tracker_settings import TaskSettings, TrackerSettings
from hub.errors import ConnectorError, Temporary, Uncertain, Undeliverable
from hub.tracker import Made, Task
from tests.servers.tracker import SECRET, TrackerServer, tracker_server

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TASK = Task("a" * 32, "Lamp broken", "It flickers & hums", "Anna", "c" * 32, "phone", "https://hub.example/console/#c=1", AT)


@pytest.fixture
async def there() -> AsyncIterator[TrackerServer]:
    async with tracker_server() as server:
        yield server


async def created(there: TrackerServer, **more: Any) -> Made:
    said = {"url": there.url, "secret": SECRET, "timeout": 1.0, "private_networks": ["127.0.0.0/8"], **more}
    tracker = SignedTracker(TrackerSettings.model_validate(said))
    try:
        return await tracker.create(TASK)
    finally:
        await tracker.aclose()


async def test_a_task_is_posted_signed_and_its_link_comes_back(there: TrackerServer) -> None:
    made = await created(there, headers={"x-api-key": "k"})
    assert made == Made("SHOP-1", "https://tracker.example/browse/SHOP-1?a=1&b=2")
    assert await created(there) == made, "the same key is the same task"
    assert there.tasks == {
        TASK.id: {
            "id": TASK.id,
            "title": "Lamp broken",
            "text": "It flickers & hums",
            "by": "Anna",
            "channel": "phone",
            "conversation": {"id": TASK.conversation, "url": TASK.link},
            "at": "2026-03-01T12:00:00+00:00",
        }
    }
    assert there.calls == [TASK.id] * 2


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        (PlainTextResponse("thank you"), Made()),
        (JSONResponse([1]), Made()),
        (JSONResponse({"key": 17}), Made("17")),
        (JSONResponse({"key": True, "url": "javascript:alert(1)"}), Made()),
        (JSONResponse({"key": "A\n<B>", "url": "https://x.example/a|b"}), Made("A <B>")),
        (Response(b"\xff" * 200_000), Made()),
    ],
)
async def test_what_is_no_key_and_no_page_is_left_out(there: TrackerServer, answer: Response, made: Made) -> None:
    there.odd.append(answer)
    assert await created(there) == made


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (JSONResponse({"message": "The project is closed"}, 422), Undeliverable, "422: The project is closed"),
        (PlainTextResponse("No such\nproject", 404), Undeliverable, "No such project"),
        (Response(status_code=410), Undeliverable, "gone for good"),
        (Response(status_code=503), Temporary, "503"),
        (Response(status_code=429, headers={"retry-after": "7"}), Temporary, "429"),
        (RedirectResponse("http://169.254.169.254/"), Temporary, "307"),
    ],
)
async def test_what_each_failure_means(there: TrackerServer, answer: Response, error: type[ConnectorError], words: str) -> None:
    there.odd.append(answer)
    with pytest.raises(error, match=words) as told:
        await created(there)
    assert getattr(told.value, "retry_after", None) == (7.0 if answer.status_code == 429 else None)


async def test_silence_may_be_a_task_and_a_closed_door_is_none(there: TrackerServer) -> None:
    there.behaviour.next("accept_hang")
    with pytest.raises(Uncertain):
        await created(there)
    with pytest.raises(Temporary):
        await created(there, url="http://127.0.0.1:9/tasks")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/t", "http://169.254.169.254/latest", "http://[::1]/t", "http://10.0.0.8/t"])
async def test_networks_that_are_not_public_are_not_called(there: TrackerServer, url: str) -> None:
    with pytest.raises(Undeliverable, match="private_networks"):
        await created(there, url=url, private_networks=[])
    assert there.calls == []


@pytest.mark.parametrize(
    "wrong",
    [{"url": "ftp://x"}, {"secret": "short"}, {"headers": {"webhook-id": "x"}}, {"title": ""}, {"private_networks": ["x"]}],
)
def test_what_an_admin_wrote_wrong_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TaskSettings.model_validate({"tracker": {"url": "https://t.example", "secret": SECRET, **wrong}})
