"""The survey: asked once when a matter is settled, as the channel can ask it; answered once, without opening the matter again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.capabilities import Capabilities, Window
from hub.model import Choice, Choices, DeskName, ExternalId, Form, FormField, Part
from hub.ports import IdempotencyKey, Identity
from hub.runtime import Hub
from hub.store.rating_tables import Rating
from hub.store.tables import Conversation, Delivery, Message
from hub.surveys import SurveyRules, rated
from tests.fakes import TEXT_ONLY, FakeDesk, answered, said
from tests.hub.hubs import Phone, channels, data_of, desks, only, put, rows, settle

ON = SurveyRules(enabled=True)
BUTTONS = replace(TEXT_ONLY, parts=frozenset({"text", "choices"}), options_limit=8)
FORMS = replace(TEXT_ONLY, parts=frozenset({"text", "choices", "form"}), pulled=True)


class Asked(Phone):
    """A channel that keeps the parts it was sent."""

    def __init__(self, capabilities: Capabilities = BUTTONS) -> None:
        super().__init__(capabilities)
        self.parts: list[Part] = []

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        self.parts += parts
        return await super().send(to, parts, key)


async def ended(make_hub: Any, phone: Asked, rules: SurveyRules = ON, **resolve: Any) -> tuple[Hub, str]:
    """A hub with one conversation that was answered and resolved."""
    hub: Hub = await make_hub(connectors=channels(phone=phone), survey=rules, desks=desks(slack=FakeDesk()))
    await settle(hub, said("hello", locale="en"))
    talk = (await only(hub.store, Conversation))["id"]
    await settle(hub, answered("hi", conversation=talk))
    await settle(hub, answered("", conversation=talk, kind="resolve", **resolve))
    return hub, talk


def chosen(talk: str, score: int, **more: Any) -> Any:
    return said("", **more).model_copy(update={"parts": (Choice(id=f"rate:{talk}:{score}", text="…"),)})


def filled(talk: str, score: str, comment: str = "", **more: Any) -> Any:
    fields = (
        FormField(name=f"rate:{talk}", label="How", kind="rating", value=score),
        FormField(name="comment", label="More", value=comment),
    )
    return said("", **more).model_copy(update={"parts": (Form(fields=fields, submitted=True),)})


async def test_buttons_are_offered_once_and_an_answer_opens_nothing_again(make_hub: Any) -> None:
    phone = Asked()
    hub, talk = await ended(make_hub, phone)
    offered = phone.parts[-1]
    assert isinstance(offered, Choices)
    assert [option.id for option in offered.options] == [f"rate:{talk}:{n}" for n in range(1, 6)]
    await settle(hub, chosen(talk, 4))
    found = await only(hub.store, Rating)
    assert (found["score"], found["channel"], found["agent_id"], found["conversation_id"]) == (4, "phone", "agent1", talk)
    row = await only(hub.store, Conversation)
    assert (row["status"], row["waiting_ms"], row["preview"]) == ("resolved", 0, "hi")
    assert phone.texts[-1] == "Thank you for telling us."
    await settle(hub, said("one more thing"))
    await settle(hub, answered("", conversation=talk, kind="resolve"))
    assert len([part for part in phone.parts if isinstance(part, Choices)]) == 1, "nobody is asked twice about one matter"


async def test_agents_see_the_answer_in_their_thread(make_hub: Any) -> None:
    phone = Asked()
    hub, talk = await ended(make_hub, phone)
    await settle(hub, filled(talk, "2", "too slow"))
    shown = [row for row in await rows(hub.store, Delivery, target="slack", kind="line") if "too slow" in (row["parts"] or "")]
    assert len(shown) == 1
    entry = (await rows(hub.store, Message, author_kind="customer"))[-1]
    assert data_of(entry) == {"rating": 2}


async def test_a_desks_card_tells_how_a_matter_ended_and_is_drawn_anew_when_the_answer_comes(make_hub: Any) -> None:
    hub, talk = await ended(make_hub, Asked())
    slack: Any = hub.desks[DeskName("slack")]
    shown = slack.cards[-1]
    assert (shown.status, shown.messages, shown.rating, shown.surveyed, shown.preview) == ("resolved", 2, 0, True, "hello")
    await settle(hub, chosen(talk, 4))
    shown = slack.cards[-1]
    assert (shown.status, shown.messages, shown.rating, shown.preview) == ("resolved", 2, 4, "hello")


async def test_one_answer_may_be_changed_for_a_day_and_then_no_more(make_hub: Any) -> None:
    hub, talk = await ended(make_hub, Asked(FORMS))
    await settle(hub, filled(talk, "5", "great"))
    await settle(hub, filled(talk, "3", "well"))
    first = await only(hub.store, Rating)
    assert (first["score"], first["comment"]) == (3, "well")
    await put(hub.store, Rating, {}, answered_at=datetime.now(UTC) - timedelta(hours=25))
    await settle(hub, filled(talk, "1", "too late"))
    assert ((await only(hub.store, Rating))["score"], (await only(hub.store, Rating))["comment"]) == (3, "well")
    assert data_of((await rows(hub.store, Message, author_kind="customer"))[-1]) == {"rating": 1, "late": True}, (
        "it is shown all the same"
    )


async def test_the_same_answer_twice_is_one(make_hub: Any) -> None:
    hub, talk = await ended(make_hub, Asked(FORMS))
    one = filled(talk, "5", id="same")
    await settle(hub, one)
    await settle(hub, one)
    assert len([row for row in await rows(hub.store, Message, author_kind="customer") if "rating" in data_of(row)]) == 1


async def test_a_form_is_asked_where_there_are_forms(make_hub: Any) -> None:
    hub, talk = await ended(make_hub, Asked(FORMS))
    asked = (await rows(hub.store, Message, author_kind="bot"))[-1]
    assert f'"rate:{talk}"' in asked["parts"]
    assert '"rating"' in asked["parts"] and '"comment"' in asked["parts"]
    assert asked["cs"] is not None, "a customer who fetches the log finds it there"


async def test_where_there_are_no_buttons_a_lone_number_answers(make_hub: Any) -> None:
    phone = Asked(TEXT_ONLY)
    hub, _ = await ended(make_hub, phone)
    assert "5. ★★★★★ Very good" in phone.texts[-1]
    await settle(hub, said("5"))
    assert (await only(hub.store, Rating))["score"] == 5
    assert (await only(hub.store, Conversation))["status"] == "resolved"
    await settle(hub, said("3"))
    assert (await only(hub.store, Rating))["score"] == 5, "the next number is something that the customer says"
    assert (await only(hub.store, Conversation))["status"] == "open"


async def test_nobody_answers_for_another(make_hub: Any) -> None:
    hub, talk = await ended(make_hub, Asked())
    await settle(hub, chosen(talk, 1, customer="eve"))
    assert (await only(hub.store, Rating))["score"] == 0
    assert len(await rows(hub.store, Conversation)) == 2, "what eve says is a matter of her own"


@pytest.mark.parametrize(
    ("rules", "wish", "asked"),
    [
        (SurveyRules(), None, False),
        (ON, {"survey": False}, False),
        (SurveyRules(enabled=True, when="chosen"), None, False),
        (SurveyRules(enabled=True, when="chosen"), {"survey": True}, True),
        (SurveyRules(enabled=True, channels={"phone": False}), {"survey": True}, False),
    ],
)
async def test_who_is_asked(make_hub: Any, rules: SurveyRules, wish: dict[str, bool] | None, asked: bool) -> None:
    hub, _ = await ended(make_hub, Asked(), rules, **({"data": wish} if wish else {}))
    assert bool(await rows(hub.store, Rating)) is asked


async def test_a_channel_that_counts_our_answers_is_not_asked_beyond_them(make_hub: Any) -> None:
    phone = Asked(replace(BUTTONS, window=Window(seconds=3600, quota=1)))
    hub, _ = await ended(make_hub, phone)
    assert await rows(hub.store, Rating) == []
    assert not [row for row in await rows(hub.store, Delivery, target="phone") if row["state"] == "held"]


def test_faces_and_stars_in_words() -> None:
    (stars,) = ON.question_for("a" * 32, BUTTONS, "zh-CN")
    (faces,) = SurveyRules(enabled=True, look="faces").question_for("a" * 32, BUTTONS, "fr")
    assert isinstance(stars, Choices) and isinstance(faces, Choices)
    assert (stars.text, stars.options[0].text) == ("您对本次服务满意吗？", "★☆☆☆☆ 很不满意")
    assert faces.options[4].text == "😀 Very good"


@pytest.mark.parametrize("value", ["0", "6", "", "12", "five", "１"])
def test_what_is_no_rating_is_a_message(value: str) -> None:
    field = FormField(name=f"rate:{'a' * 32}", label="", kind="rating", value=value)
    assert rated((Form(fields=(field,), submitted=True),)) is None
