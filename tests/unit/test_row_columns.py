from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.memo import Memo
from services.prediction_rows import FIELDS, PredictionRow, RowError, RowParser

PARSER = RowParser(now=datetime(2026, 11, 23, 12, tzinfo=UTC))

NUMBERS = (
    *(
        '0',
        '1',
        '1.0',
        '0.5',
        '.5',
        '1.',
        '0.6035',
        '0.123456',
        '0.1234565',
        '0.1234575',
        '0.6999995',
        ' 0.5\xa0',
        '5e-1',
    ),
    *(
        '0.12345649999999999',
        '0.12345650000000001',
        '0.1234565' + '0' * 40,
        '0.9999999',
        '0.00000049999999999',
        '0' * 50,
    ),
)
BAD_NUMBERS = (
    '',
    '.',
    '-0',
    '1.0000001',
    '1.00000000000000000000001',
    '0,5',
    '1_0',
    '²',
    '٠',
    'nan',
    '1.2.3',
    '9' * 400,
)
LARGE = ('29.85', '999999.9999995', '1000000.0000005', '999999999999.9999995', '1000000000000', '42')
TIMES = (
    *('2026-11-20T08:00:00Z', '2026-11-20 08:59:59.5+02:00', '1970-01-01T00:00:00Z', '1970-01-01t01:30:00+01:30'),
    *('1969-12-31T23:30:00-01:00', '2026-11-23T12:05:00z', '2026-11-23T14:05:00.000000999+02:00', ''),
)
BAD_TIMES = (
    *('2026-11-23T12:05:00.000001Z', '1970-01-01T00:30:00+01:00', '2026-11-20T08:00:00', '2026-02-30T08:00:00Z'),
    *('2026-11-20T08:00:60Z', '2026-11-20T24:00:00Z', '2026-11-20T08', 'x', '2026-11-20T08:00:00Z '),
)
TEXTS = ('A', 'Ä', ' a b ', '\xa0C\ufeff', "O'Brien", 'x' * 200, 'a\u202eb', '😀')
BAD_TEXTS = ('a\0', 'a\tb', 'x' * 201, '\ud800', 'a\nb')
REASONS = ('+Tenure', ' +a | -b ', '+x', '')
BAD_REASONS = ('Tenure', '+a|', '+' + 'x' * 201)
BAD_STATUS = ('done',)

COLUMNS = {
    'customer_id': (TEXTS, (*BAD_TEXTS, '', ' ')),
    'churn_score': (NUMBERS, BAD_NUMBERS),
    'predicted_at': (TIMES, BAD_TIMES),
    'external_id': ((*TEXTS, '', ' '), BAD_TEXTS),
    'customer_name': ((*TEXTS, '', ' '), BAD_TEXTS),
    'account_value': ((*NUMBERS, *LARGE, ''), ('.', '-1', '1000000000000.0000001', '0,5', '²')),
    'reasons': (REASONS, BAD_REASONS),
    'status': (('completed', ' pending', 'failed', ''), BAD_STATUS),
}


def texts_of(field: str) -> st.SearchStrategy[str]:
    """Seldom a bad one, so that many columns are good throughout."""
    good, bad = COLUMNS[field]
    return st.one_of(*[st.sampled_from(good)] * 9, st.sampled_from(bad))


ROWS = st.lists(st.tuples(*map(texts_of, FIELDS)), min_size=1, max_size=4)


@given(ROWS)
def test_many_rows_at_once_are_exactly_what_they_are_one_by_one(rows: list[tuple[str, ...]]) -> None:
    one_by_one = [PARSER.parse(line, texts) for line, texts in enumerate(rows, start=5)]
    at_once = PARSER.good_rows(5, list(zip(*rows, strict=True)))
    if any(isinstance(row, RowError) for row in one_by_one):
        assert at_once is None
    else:
        assert at_once == one_by_one


@pytest.mark.parametrize('field', FIELDS)
def test_each_unusual_text_alone_means_the_same_in_a_column(field: str) -> None:
    usual = {'customer_id': 'A', 'churn_score': '0.5'}
    for text in (part for parts in COLUMNS[field] for part in parts):
        texts = [{**usual, field: text}.get(name, '') for name in FIELDS]
        row = PARSER.parse(1, texts)
        assert PARSER.good_rows(1, [[text] for text in texts]) == (None if isinstance(row, RowError) else [row])


@given(st.lists(st.decimals(0, 1, places=7) | st.decimals(0, 1, places=17), min_size=1))
def test_no_column_of_scores_is_rounded_otherwise_than_each_alone(scores: list[object]) -> None:
    texts = [f'{abs(score):f}' for score in scores]  # type: ignore[arg-type]
    rows = [PARSER.parse(1, ['A', text, *[''] * 6]) for text in texts]
    at_once = PARSER.good_rows(1, [['A'] * len(texts), texts, *[None] * 6])
    assert at_once is not None
    assert [row.score for row in at_once] == [row.score for row in rows if isinstance(row, PredictionRow)]


@pytest.mark.parametrize('text', ['0.5195015', '0.0321915', '0.0653485', '133449.9505555', '133542.7395285'])
def test_a_half_that_a_double_does_not_hold_is_still_rounded_to_even(text: str) -> None:
    """Times a million, these doubles are no halves."""
    exact = int(Decimal(text).quantize(Decimal('0.000001'), ROUND_HALF_EVEN) * 1_000_000)
    assert round(float(text) * 1_000_000) != exact
    at_once = PARSER.good_rows(1, [['A'], ['0.5'], None, None, None, [text], None, None])
    assert at_once == [PredictionRow(1, 'A', 500_000, None, account_value=exact)]
    if exact <= 1_000_000:
        at_once = PARSER.good_rows(1, [['A'], [text], *[None] * 6])
        assert at_once == [PredictionRow(1, 'A', exact, None)]


def test_fields_that_a_file_does_not_have_are_absent() -> None:
    assert PARSER.good_rows(2, [['A', 'B'], ['0.5', '1'], *[None] * 6]) == [
        PredictionRow(2, 'A', 500_000, None),
        PredictionRow(3, 'B', 1_000_000, None),
    ]


def test_a_memo_is_bounded_and_keeps_no_long_text() -> None:
    asked: list[str] = []
    memo = Memo(lambda text: asked.append(text) or len(text), size=3, longest=2)
    for text in ('a', 'a', 'bbb', 'bbb', 'b', 'c', 'd', 'a'):
        assert memo[text] == len(text)
        assert len(memo) <= 3
    assert asked == ['a', 'bbb', 'bbb', 'b', 'c', 'd', 'a']
