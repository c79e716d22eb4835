from __future__ import annotations

import pytest

from app.reader_locale import decimal_sign


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
