"""Moments of dateTimeStamp texts, to the microsecond at both ends of the calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.credential.times import calendar_seconds_of, parse_stamp, seconds_of, stamp_of
from registry.errors import MalformedError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_of_the_calendar_is_read_as_it_was_written(moment):
    text = moment.isoformat().replace("+00:00", "Z")
    assert parse_stamp(text) == moment
    assert calendar_seconds_of(text) == (moment - EPOCH) / timedelta(seconds=1) == seconds_of(text)
    assert stamp_of((moment - EPOCH) // timedelta(seconds=1)) == text[:19] + "Z"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "0000-12-31T23:59:00-00:01"])
def test_the_first_and_the_last_microsecond_of_the_calendar_are_in_it(text):
    assert parse_stamp(text).year in (1, 9999)
    assert calendar_seconds_of(text) == seconds_of(text)


@pytest.mark.parametrize(
    "text",
    ["0000-12-31T23:59:59.999999Z", "9999-12-31T24:00:00Z", "9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z"],
)
def test_a_microsecond_beyond_the_calendar_is_refused_where_a_date_is_needed_and_read_elsewhere(text):
    assert isinstance(seconds_of(text), float)
    for read in (parse_stamp, calendar_seconds_of):
        with pytest.raises(MalformedError, match="years 1 to 9999"):
            read(text)
