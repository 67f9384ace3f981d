"""Notices: when agents are left alone, and texts that carry strangers' words safely."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.notices import NoticeRules, calls_agents, mail_text, notice_text, one_line, quiet, several_lines

SMTP = {"host": "smtp.example.com", "sender": "Help <help@example.com>"}


def rules(**fields: Any) -> NoticeRules:
    return NoticeRules.model_validate(fields)


class TestRules:
    def test_nothing_is_on_by_itself(self) -> None:
        assert NoticeRules() == rules(unanswered=None, left=None)

    @pytest.mark.parametrize(
        ("written", "seconds"), [(90, 90), ("90", 90), ("90s", 90), ("5m", 300), ("1.5 h", 5400), ("1d", 86400)]
    )
    def test_times_are_read_as_people_write_them(self, written: Any, seconds: float) -> None:
        found = rules(unanswered={"after": written}).unanswered
        assert found is not None
        assert found.after == seconds

    @pytest.mark.parametrize(
        ("broken", "hint"),
        [
            ({"unanswered": {"after": "soon"}}, "write 90, 90s, 5m or 1h"),
            ({"unanswered": {"after": 0}}, "greater than 0"),
            ({"left": {}}, "give `smtp` too"),
            ({"quiet_hours": {"start": "25:00"}}, "pattern"),
            ({"quiet_hours": {"timezone": "Nowhere"}}, "not a time zone"),
            ({"smtp": {**SMTP, "tls": "ssl"}}, "starttls"),
            ({"unanswerd": {}}, "Extra inputs"),
        ],
    )
    def test_mistakes_are_named(self, broken: dict[str, Any], hint: str) -> None:
        with pytest.raises(ValidationError, match=hint):
            NoticeRules.model_validate(broken)

    def test_secrets_are_not_shown(self) -> None:
        shown = repr(rules(unanswered={"apprise": ["ntfy://canary"]}, smtp={**SMTP, "password": "canary"}, left={}))
        assert "canary" not in shown

    def test_only_teams_that_want_it(self) -> None:
        some = rules(unanswered={"teams": "sales"})
        assert [calls_agents(some, team) for team in ("sales", "support", "")] == [True, False, False]
        assert calls_agents(rules(unanswered={}), "")
        assert not calls_agents(rules(), "sales")


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [("22:00", "07:00", {22, 23, *range(7)}), ("12:00", "14:00", {12, 13}), ("08:00", "08:00", set())],
)
def test_quiet_hours_are_local(start: str, end: str, hours: set[int]) -> None:
    some = rules(quiet_hours={"timezone": "Asia/Shanghai", "start": start, "end": end})
    found = {hour for hour in range(24) if quiet(some, datetime(2026, 11, 23, (hour - 8) % 24, 30, tzinfo=UTC))}
    assert found == hours
    assert not quiet(rules(), datetime(2026, 11, 23, tzinfo=UTC))


class TestTexts:
    def test_to_agents(self) -> None:
        title, body = notice_text("en", "Li Wei", "web", "Where is my order?\nSecond line", 3)
        assert title == "Li Wei has been waiting on web for 3 min"
        assert body == f"{title}\nLast message: Where is my order?\nSecond line"
        assert notice_text("zh", "", "web", "在吗", 3) == (
            "一位客户 在 web 上已等待 3 分钟",
            "一位客户 在 web 上已等待 3 分钟\n最近一条消息：在吗",
        )

    def test_personal_data_is_masked(self) -> None:
        said = "\n".join(notice_text("zh", "王 13812345678", "web", "我的电话是13812345678，验证码 482913", 1))
        assert "13812345678" not in said
        assert "138****5678" in said
        assert "482913" not in said + mail_text("zh", "王", "验证码 482913", "")[1]

    def test_to_a_customer(self) -> None:
        assert mail_text("en-GB", "Ann", "It leaves today.", "https://x.example") == (
            "We answered you",
            "Hello Ann,\n\nyou left before our answer came. It says:\n\nIt leaves today.\n\nGo on here: https://x.example\n",
        )
        assert mail_text("zh-CN", "", "今天发货。", "")[1] == "您离开后，我们回复了您的消息：\n\n今天发货。\n"

    def test_strangers_words_are_no_template(self) -> None:
        title, body = notice_text("en", "{channel}{preview}{0.__class__}", "web", "{name}", 1)
        assert title.startswith("{channel}{preview}{0.__class__} has")
        assert body.endswith("Last message: {name}")

    @given(st.text(), st.text(), st.sampled_from(["en", "zh", ""]))
    def test_no_name_can_begin_a_header(self, name: str, preview: str, locale: str) -> None:
        hostile = f"{name}\r\nBcc: all@example.com\u2028X: y\x00\x1b[2J\u202e"
        title, _ = notice_text(locale, hostile, hostile, preview + hostile, 1)
        subject, body = mail_text(locale, hostile, preview + hostile, hostile)
        mail = EmailMessage()
        mail["Subject"], mail["X-Title"] = subject, title
        mail.set_content(body)
        assert mail["Bcc"] is None
        assert not set("\r\n\x00\x1b\u2028\u202e") & set(title)
        assert not set("\r\x00\x1b\u2028\u202e") & set(body)

    def test_what_is_long_is_cut(self) -> None:
        assert len(one_line("x" * 5000)) == 200
        assert len(several_lines("x y\n" * 5000)) <= 2000
