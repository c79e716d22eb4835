from __future__ import annotations

from datetime import datetime

import pytest

from app.reader_locale import decimal_sign, number_format
from components import formats


@pytest.mark.parametrize(
    ('languages', 'sign'),
    [
        ('de-DE,de;q=0.9,en;q=0.8', ','),
        ('fr', ','),
        ('PT-br', ','),
        ('en-ZA', ','),
        ('en-US,de;q=0.5', '.'),
        ('de-CH', '.'),
        ('es-MX', '.'),
        ('ja', '.'),
        ('', '.'),
        ('*;q=0.1', '.'),
        (',' * 5_000, '.'),
    ],
)
def test_the_preferred_language_tells_the_decimal_sign(languages: str, sign: str) -> None:
    assert decimal_sign(languages) == sign


@pytest.mark.parametrize(
    ('languages', 'written'),
    [
        ('en-US,en;q=0.9', '1,234.5'),
        ('de-DE,de;q=0.9', '1.234,5'),
        ('de-AT', '1\u00a0234,5'),
        ('de-CH', '1’234.5'),
        ('fr-FR', '1\u202f234,5'),
        ('fr-CH', '1\u202f234,5'),
        ('nb-NO', '1\u00a0234,5'),
        ('es-MX', '1,234.5'),
        ('pt-BR', '1.234,5'),
        ('pt-PT', '1\u00a0234,5'),
        ('en-ZA', '1\u00a0234,5'),
        ('', '1,234.5'),
    ],
)
def test_the_preferred_language_tells_how_numbers_are_written(languages: str, written: str) -> None:
    numbers = number_format(languages)
    assert f'1{numbers.group}234{numbers.decimal}5' == written


@pytest.mark.parametrize(
    ('languages', 'moment', 'short'),
    [
        ('en-US,en;q=0.9', 'Nov 7, 2026, 2:05 PM', 'Nov 7'),
        ('en', 'Nov 7, 2026, 2:05 PM', 'Nov 7'),
        ('en-GB,en;q=0.9', '7 Nov 2026, 14:05', '7 Nov'),
        ('en-AU', '7 Nov 2026, 2:05 PM', '7 Nov'),
        ('de-DE', '7 Nov 2026, 14:05', '7 Nov'),
        ('fr-FR,fr;q=0.9,en-US;q=0.8', '7 Nov 2026, 14:05', '7 Nov'),
        ('ja-JP', '2026 Nov 7, 14:05', 'Nov 7'),
        ('ko-KR', '2026 Nov 7, 2:05 PM', 'Nov 7'),
        ('', '7 Nov 2026, 14:05', '7 Nov'),
    ],
)
def test_the_preferred_language_tells_the_order_of_a_date_and_the_hours_of_a_day(
    languages: str, moment: str, short: str
) -> None:
    at = datetime(2026, 11, 7, 14, 5)  # noqa: DTZ001
    with formats.written_as(number_format(languages)):
        assert (formats.moment(at), formats.short_day(at)) == (moment, short)


@pytest.mark.parametrize(('hour', 'written'), [(0, '12:05 AM'), (11, '11:05 AM'), (12, '12:05 PM'), (23, '11:05 PM')])
def test_twelve_hours_have_no_hour_zero(hour: int, written: str) -> None:
    with formats.written_as(number_format('en-US')):
        assert formats.time_of_day(datetime(2026, 11, 7, hour, 5)) == written  # noqa: DTZ001
