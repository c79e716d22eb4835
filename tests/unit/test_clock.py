from __future__ import annotations

from datetime import UTC, datetime, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.clock import EPOCH, MICROSECOND, from_micros, micros_rfc3339, rfc3339, to_micros

FIRST, LAST = to_micros(datetime.min.replace(tzinfo=UTC)), to_micros(datetime.max.replace(tzinfo=UTC))
HOUR = 3_600_000_000


def text_of(instant: datetime) -> str:
    """By the standard library alone."""
    return instant.astimezone(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


@given(st.integers(FIRST, LAST))
@example(FIRST)
@example(LAST)
@example(0)
@example(-1)
@example(HOUR - 1)
@example(HOUR)
def test_a_stored_instant_is_written_as_the_standard_library_writes_it(micros: int) -> None:
    assert micros_rfc3339(micros) == text_of(from_micros(micros))
    assert rfc3339(from_micros(micros)) == text_of(from_micros(micros))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones() | st.just(timezone.min)))  # noqa: DTZ001
def test_an_instant_of_any_zone_is_written_in_utc(instant: datetime) -> None:
    assert rfc3339(instant) == text_of(instant)
    assert from_micros(to_micros(instant)) == instant.astimezone(UTC)


@pytest.mark.parametrize('micros', [FIRST - 1, LAST + 1])
def test_what_no_calendar_has_is_an_error(micros: int) -> None:
    with pytest.raises(OverflowError):
        micros_rfc3339(micros)
    with pytest.raises(OverflowError):
        _ = EPOCH + micros * MICROSECOND
