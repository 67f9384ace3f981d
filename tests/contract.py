"""What every connector and desk must do with a hook, whoever sent it. A test class inherits `Contract` and says how its platform
proves itself; the tests come with it.

    class TestTelegram(Contract):
        def place(self): ...            a connector or desk that needs no network
        def good(self): ...             a body that holds one message or reply
        def prove(self, body): ...      the authentic hook around a body, as the platform would send it now
        def forged(self, body): ...     (name, hook) pairs whose proof is wrong
"""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import pytest
from pydantic import TypeAdapter

from hub.errors import Malformed, Rejected
from hub.model import AgentReply, Message, Unsupported
from hub.ports import Hook, Receipt

ITEM: TypeAdapter[Message | AgentReply] = TypeAdapter(Message | AgentReply)
STRANGE: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**400, 10**20, "", "x", "\0", "9" * 5000, [], [[]], [None], {}, {"x": None})
"""What stands where something else belongs."""
NOT_JSON = (
    b"",
    b" ",
    b"{",
    b"null",
    b"[]",
    b"1",
    b'"x"',
    b"true",
    b"\xff\xfe",
    b"{'a': 1}",
    b'{"a": NaN}',
    b"\0" * 64,
    b"[" * 900_000,
)


class Place(Protocol):
    """The half of a connector or desk that hooks come to."""

    async def receive(self, hook: Hook) -> Receipt: ...


class Contract(ABC):
    """Inherited, never run by itself."""

    too_big = 1_048_577
    """Bytes of a body that must be refused by size."""

    @abstractmethod
    def place(self) -> Place: ...

    @abstractmethod
    def good(self) -> dict[str, Any]: ...

    @abstractmethod
    def prove(self, body: bytes) -> Hook: ...

    @abstractmethod
    def forged(self, body: bytes) -> Iterable[tuple[str, Hook]]: ...

    def replayed(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        """Hooks whose proof was good once. Platforms that sign no time have none: there, twice is the same id."""
        return ()

    @abstractmethod
    def unknown(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """Bodies of kinds that this release does not know."""

    async def given(self, body: bytes) -> Receipt | None:
        """The receipt for an authentic body; None when it was malformed. Nothing else may happen."""
        try:
            return await self.place().receive(self.prove(body))
        except Malformed:
            return None

    async def test_holds_what_was_said(self) -> None:
        receipt = await self.place().receive(self.prove(dump(self.good())))
        assert len(receipt.items) == 1
        assert 200 <= receipt.status < 300
        for item in receipt.items:
            assert ITEM.validate_json(item.model_dump_json()) == item

    async def test_forged_is_rejected_before_it_is_read(self) -> None:
        body = dump(self.good())
        forgeries = [*self.forged(body), *self.forged(b"not even JSON")]
        assert forgeries
        for name, hook in forgeries:
            with pytest.raises(Rejected):
                await self.place().receive(hook)
                pytest.fail(f"{name} was taken")

    async def test_replayed_is_rejected(self) -> None:
        for name, hook in self.replayed(dump(self.good())):
            with pytest.raises(Rejected):
                await self.place().receive(hook)
                pytest.fail(f"{name} was taken")

    async def test_twice_is_the_same_id(self) -> None:
        body = dump(self.good())
        first, again = [await self.place().receive(self.prove(body)) for _ in range(2)]
        assert [item.id for item in first.items] == [item.id for item in again.items]

    @pytest.mark.parametrize("body", NOT_JSON, ids=[repr(body[:12]) for body in NOT_JSON])
    async def test_not_json_is_malformed(self, body: bytes) -> None:
        with pytest.raises(Malformed):
            await self.place().receive(self.prove(body))

    async def test_truncated_is_malformed(self) -> None:
        body = dump(self.good())
        for end in range(1, len(body), 7):
            with pytest.raises(Malformed):
                await self.place().receive(self.prove(body[:end]))

    async def test_the_same_name_twice_is_malformed(self) -> None:
        """Two readers of such a body could see two different things in it."""
        good = self.good()
        for name in good:
            body = dump(good)[:-1] + f", {json.dumps(name)}: {json.dumps(good[name])}}}".encode()
            with pytest.raises(Malformed):
                await self.place().receive(self.prove(body))
                pytest.fail(f"{name} twice was taken")

    async def test_oversized_is_refused_by_size(self) -> None:
        body = dump({**self.good(), "padding": "x" * self.too_big})
        with pytest.raises(Malformed) as caught:
            await self.place().receive(self.prove(body))
        assert caught.value.too_large

    @pytest.mark.parametrize("depth", [60, 900, 100_000])
    @pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")], ids=["arrays", "objects"])
    async def test_deep_is_malformed(self, depth: int, pair: tuple[bytes, bytes]) -> None:
        opened, closed = pair
        body = dump(self.good())[:-1] + b', "deep": ' + opened * depth + b"1" + closed * depth + b"}"
        with pytest.raises(Malformed):
            await self.place().receive(self.prove(body))

    async def test_wrong_types_never_raise_anything_else(self) -> None:
        for name, changed in mutations(self.good()):
            try:
                receipt = await self.given(dump(changed))
            except Exception as exc:
                raise AssertionError(f"{name} raised {exc!r}") from exc
            for item in receipt.items if receipt else ():
                assert len(item.id) < 200, name
                storable(item)

    async def test_missing_fields_never_raise_anything_else(self) -> None:
        good = self.good()
        for path in paths(good):
            less = copy.deepcopy(good)
            del at(less, path[:-1])[path[-1]]
            try:
                await self.given(dump(less))
            except Exception as exc:
                raise AssertionError(f"without {path}: {exc!r}") from exc

    @pytest.mark.parametrize("bad", ["\0", "\ud83d", "\udc00", "\0\ud800\0"], ids=["nul", "high", "low", "both"])
    async def test_what_no_store_takes_is_made_visible(self, bad: str) -> None:
        good = self.good()
        for path in paths(good):
            if isinstance(at(good, path), str):
                changed = copy.deepcopy(good)
                at(changed, path[:-1])[path[-1]] += f"a{bad}b"
                receipt = await self.given(dump(changed))
                for item in receipt.items if receipt else ():
                    storable(item)

    async def test_unknown_kinds_are_no_error(self) -> None:
        for name, body in self.unknown():
            receipt = await self.place().receive(self.prove(dump(body)))
            assert receipt.status < 300, name
            for item in receipt.items:
                assert any(isinstance(part, Unsupported) for part in item.parts), name


def dump(value: Any) -> bytes:
    """JSON in ASCII, as most platforms write it: NUL and lone surrogates are escapes in it."""
    return json.dumps(value).encode()


def storable(item: Message | AgentReply) -> None:
    """Raises unless databases take it: UTF-8, no NUL, also in the raw payload."""
    for text in strings(item.model_dump(mode="python")):
        text.encode()
        assert "\0" not in text


def strings(value: Any) -> Iterator[str]:
    """Every string in a tree, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from strings(key)
            yield from strings(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from strings(entry)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where anything stands in a tree of JSON."""
    for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*before, key)
        if isinstance(entry, (dict, list)):
            yield from paths(entry, (*before, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """What stands there."""
    for key in path:
        value = value[key]
    return value


def mutations(good: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """`good` with one thing replaced by something strange, for every thing and everything strange."""
    for path in paths(good):
        for strange in STRANGE:
            changed = copy.deepcopy(good)
            at(changed, path[:-1])[path[-1]] = strange
            yield f"{path} = {repr(strange)[:30]}", changed
