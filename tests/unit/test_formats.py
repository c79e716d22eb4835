from __future__ import annotations

import pytest

from components import formats

NBSP = '\u00a0'


@pytest.mark.parametrize(
    ('value', 'written'),
    [
        (0, '0 %'),
        (0.824, '82 %'),
        (0.825, '83 %'),
        (0.699999, '69 %'),
        (0.6951, '69 %'),
        (0.7, '70 %'),
        (0.399999, '39 %'),
        (0.4, '40 %'),
        (0.999999, '99 %'),
        (1, '100 %'),
    ],
)
def test_a_score_is_whole_percent_and_never_rounded_into_the_next_risk_band(value: float, written: str) -> None:
    assert formats.score(value) == written.replace(' ', NBSP)


@pytest.mark.parametrize(('value', 'written'), [(0.4187, '41.9 %'), (0, '0.0 %'), (1, '100.0 %'), (0.0125, '1.2 %')])
def test_the_mean_score_has_one_decimal_half_to_even(value: float, written: str) -> None:
    assert formats.fraction(value) == written.replace(' ', NBSP)


def test_counts_have_thousands_separators_and_a_true_minus() -> None:
    assert formats.count(1_234_567) == '1,234,567'
    assert formats.count(-1_234) == '−1,234'


@pytest.mark.parametrize(
    ('part', 'whole', 'written'),
    [
        (0, 0, '0 %'),
        (0, 9, '0 %'),
        (1, 100_000, 'under 1 %'),
        (1, 3, '33 %'),
        (99_999, 100_000, 'over 99 %'),
        (9, 9, '100 %'),
    ],
)
def test_a_share_never_hides_the_few(part: int, whole: int, written: str) -> None:
    assert formats.share(part, whole).replace(NBSP, ' ') == written


@pytest.mark.parametrize(
    ('value', 'written'), [(None, '–'), (0, '0'), (48_000, '48,000'), (19.5, '19.50'), (1_234.56, '1,235'), (-5, '−5')]
)
def test_an_account_value_has_no_currency(value: float | None, written: str) -> None:
    assert formats.account_value(value) == written


def test_a_reason_keeps_its_sign() -> None:
    assert formats.reason('-Long contract') == '− Long contract'
    assert formats.reason('+  Tickets up') == '+ Tickets up'


def test_one_is_singular() -> None:
    assert [formats.plural(number, 'row', 'rows') for number in (0, 1, 2_000)] == ['0 rows', '1 row', '2,000 rows']


def test_numbers_are_written_in_the_readers_own_way_and_only_there() -> None:
    with formats.written_as(formats.NumberFormat(decimal=',', group='.')):
        written = formats.count(-1_234_567), formats.percent(41.87), formats.account_value(19.5), formats.score(0.824)
    assert written == ('−1.234.567', f'41,9{NBSP}%', '19,50', f'82{NBSP}%')
    assert formats.count(1_234) == '1,234'


@pytest.mark.parametrize(
    ('millionths', 'written'),
    [
        (120_000, '+12'),
        (-243_300, '−24.3'),
        (10_000, '+1'),
        (1_000_000, '+100'),
        (-1_000_000, '−100'),
        (1_000, '+0.1'),
        (900, '+0.09'),
        (1, '+0.0001'),
        (-1, '−0.0001'),
        (99_999, '+10'),
    ],
)
def test_a_difference_of_scores_is_written_in_points_and_never_as_none(millionths: int, written: str) -> None:
    assert formats.points(millionths) == written
