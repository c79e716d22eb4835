from __future__ import annotations

import pytest

from app.reader_locale import decimal_sign, number_format


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
