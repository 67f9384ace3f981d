"""Business hours: shifts, nights, holidays, exceptions, and the two days a year on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.hours import Hours

OFFICE = Hours(
    timezone="Asia/Shanghai",
    week={"mon-fri": "09:00-12:00, 13:30-18:00", "sat": "10:00-16:00"},
    holidays=("2026-10-01..2026-10-07",),
    exceptions={"2026-10-10": "09:00-18:00", "2026-10-05": "10:00-11:00"},
)


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("2026-11-23 09:00", True),  # a Monday
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 11:59:59", True),
        ("2026-11-23 12:00", False),
        ("2026-11-23 13:30", True),
        ("2026-11-28 15:00", True),  # Saturday
        ("2026-11-29 15:00", False),  # Sunday
        ("2026-10-01 10:00", False),  # holiday
        ("2026-10-05 10:30", True),  # an exception in the holidays
        ("2026-10-10 17:30", True),  # a Saturday with working hours of its own
    ],
)
def test_open_at(moment: str, there: bool) -> None:
    assert OFFICE.open_at(at(moment)) is there
    assert OFFICE.open_at(at(moment).astimezone(UTC)) is there


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23 08:00", "2026-11-23 09:00"),
        ("2026-11-23 12:30", "2026-11-23 13:30"),
        ("2026-11-23 15:00", "2026-11-23 15:00"),
        ("2026-11-28 16:00", "2026-11-30 09:00"),
        ("2026-09-30 18:00", "2026-10-05 10:00"),
        ("2026-10-05 11:00", "2026-10-08 09:00"),
    ],
)
def test_next_opening(moment: str, opens: str) -> None:
    found = OFFICE.next_opening(at(moment))
    assert found == at(opens)
    assert str(found.tzinfo) == "Asia/Shanghai"


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    night = Hours(timezone="Europe/Berlin", week={"fri": "22:00-06:00"})
    assert night.open_at(at("2026-11-28 05:59", "Europe/Berlin"))
    assert not night.open_at(at("2026-11-28 06:00", "Europe/Berlin"))
    assert not night.open_at(at("2026-11-27 05:00", "Europe/Berlin"))
    assert night.next_opening(at("2026-11-28 01:00", "Europe/Berlin")) == at("2026-11-28 01:00", "Europe/Berlin")


def test_hours_stay_on_the_wall_when_the_clocks_change() -> None:
    berlin = Hours(timezone="Europe/Berlin", week={"daily": "09:00-17:00"})
    assert berlin.next_opening(datetime(2026, 3, 28, 20, tzinfo=UTC)) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert berlin.next_opening(datetime(2026, 10, 24, 20, tzinfo=UTC)) == datetime(2026, 10, 25, 8, tzinfo=UTC)


def test_a_shift_from_a_skipped_time_and_over_a_doubled_one() -> None:
    early = Hours(timezone="Europe/Berlin", week={"daily": "02:30-04:00"})
    assert early.next_opening(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    late = Hours(timezone="Europe/Berlin", week={"daily": "01:00-02:30"})
    both = [datetime(2026, 10, 25, hour, 15, tzinfo=UTC) for hour in (0, 1)]  # 02:15 in summer, 02:15 in winter
    assert [late.open_at(moment) for moment in both] == [True, True]
    assert not late.open_at(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))


def test_always_and_never() -> None:
    now = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    assert Hours().open_at(now)
    assert Hours(week={"daily": "closed"}).next_opening(now) is None


def test_yaml_dates_and_lists_are_understood() -> None:
    hours = Hours.model_validate(
        {
            "week": {"Monday": ["09:00-12:00", "13:00-17:00"], "sat, sun": "all day"},
            "holidays": [date(2026, 12, 25)],
            "exceptions": {date(2026, 12, 24): "09:00-12:00"},
        }
    )
    assert hours.open_at(datetime(2026, 12, 24, 11, tzinfo=UTC))
    assert not hours.open_at(datetime(2026, 12, 25, 11, tzinfo=UTC))
    assert hours.open_at(datetime(2026, 12, 27, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("timezone", "Mars/Olympus", "not a time zone"),
        ("week", {"mox": "09:00-10:00"}, "not a day"),
        ("week", {"mon": "9-17"}, "not a shift"),
        ("week", {"mon": "09:00-25:00"}, "not a shift"),
        ("week", {"mon": "09:00-09:00"}, "not a shift"),
        ("holidays", ["2026-02-30"], "holidays"),
        ("holidays", ["2026-02-03..2026-02-01"], "forward"),
        ("exceptions", {"2026-01-01": "noon"}, "not a shift"),
        ("opening", "x", "Extra inputs"),
    ],
)
def test_mistakes_name_their_field(field: str, value: object, hint: str) -> None:
    with pytest.raises(ValidationError, match=hint) as caught:
        Hours.model_validate({field: value})
    assert caught.value.errors()[0]["loc"][0] == field


ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
TIMES = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))


@given(ZONES, TIMES, TIMES, st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))
def test_the_next_opening_is_open_and_nothing_before_it_is(zone: str, start: str, end: str, now: datetime) -> None:
    if start == end:
        return
    hours = Hours(timezone=zone, week={"daily": f"{start}-{end}"})
    opens = hours.next_opening(now)
    assert opens is not None
    assert opens >= now
    assert hours.open_at(opens)
    assert opens.astimezone(UTC) == now or not any(hours.open_at(now + (opens - now) * n / 20) for n in range(20))
    assert opens - now < timedelta(hours=49)
