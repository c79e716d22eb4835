from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clock import to_micros
from services.prediction_rows import FIELDS, PredictionRow, RowError, RowParser, printable

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PARSER = RowParser(now=NOW)


def parse(**fields: str) -> PredictionRow | RowError:
    given_fields = {'customer_id': 'C1', 'churn_score': '0.5', **fields}
    return PARSER.parse(7, [given_fields.get(name, '') for name in FIELDS])


def row(**fields: str) -> PredictionRow:
    parsed = parse(**fields)
    assert isinstance(parsed, PredictionRow), parsed
    return parsed


def error(**fields: str) -> RowError:
    parsed = parse(**fields)
    assert isinstance(parsed, RowError), parsed
    assert parsed.line == 7
    assert parsed.column == list(fields)[-1]
    assert parsed.reason[0].isupper()
    return parsed


def test_a_row_needs_only_a_customer_and_a_score() -> None:
    assert row() == PredictionRow(7, 'C1', 500_000, None)


def test_every_field_is_read() -> None:
    assert row(
        predicted_at='2026-11-23T04:32:51Z',
        external_id='X-1',
        customer_name='Ärger & Söhne',
        account_value='29.85',
        reasons='+Tenure|-Total charges',
        status='pending',
    ) == PredictionRow(
        7,
        'C1',
        500_000,
        to_micros(datetime(2026, 11, 23, 4, 32, 51, tzinfo=UTC)),
        'X-1',
        'Ärger & Söhne',
        29_850_000,
        '+Tenure\n-Total charges',
        'pending',
    )


@pytest.mark.parametrize('column', FIELDS[2:])
@pytest.mark.parametrize('text', ['', '  ', '\t\xa0'])
def test_an_empty_optional_field_is_absent(column: str, text: str) -> None:
    assert row(**{column: text}) == PredictionRow(7, 'C1', 500_000, None)


@pytest.mark.parametrize(
    'text',
    (
        *(
            '',
            ' ',
            'NaN',
            'nan',
            'inf',
            '-inf',
            'Infinity',
            '1e999',
            '1e-9999999999',
            '0,5',
            '=1+1',
            '-0.0',
            '-0',
            '+0.5',
        ),
        *(
            '1.0000001',
            '1.00000000000000000000000000000000001',
            'True',
            '٠.٥',
            '0_5',
            '0x1',
            '50%',
            '.',
            '0.5 0.6',
            '0.5\0',
        ),
    ),
)
def test_what_is_no_score_is_refused(text: str) -> None:
    error(churn_score=text)


def test_a_decimal_comma_is_explained_with_the_number_at_hand() -> None:
    assert error(churn_score='0,5').reason == 'Use a point as the decimal sign, not a comma: 0.5.'


@pytest.mark.parametrize(
    ('text', 'millionths'),
    [
        ('0', 0),
        ('1', 1_000_000),
        ('1.0000000000', 1_000_000),
        ('.5', 500_000),
        ('1.', 1_000_000),
        (' 0.5 ', 500_000),
        ('5e-1', 500_000),
        ('1E-400000', 0),
        ('0.6999995', 700_000),
        ('0.6999985', 699_998),
        ('0.0000005', 0),
        ('0.00000050000000000000000000000000000000000001', 1),
        ('0.0000014999999999999999999999999999999999999', 1),
    ],
)
def test_scores_are_rounded_once_and_half_to_even(text: str, millionths: int) -> None:
    assert row(churn_score=text).score == millionths


@given(st.decimals(min_value=0, max_value=1, places=9) | st.decimals(min_value=0, max_value=1, places=45))
def test_any_score_is_the_nearest_millionth(score: Decimal) -> None:
    assert row(churn_score=f'{abs(score):f}').score == round(Fraction(score) * 1_000_000)


@given(st.integers(0, 1_000_000))
def test_a_millionth_survives_being_written_and_read(millionths: int) -> None:
    assert row(churn_score=f'{Decimal(millionths).scaleb(-6):f}').score == millionths


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2026, 11, 22)),  # noqa: DTZ001 -- the offset comes next
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.sampled_from('Tt '),
)
def test_any_instant_and_offset_is_kept_to_the_microsecond(naive: datetime, offset: int, separator: str) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    assert row(predicted_at=instant.isoformat(sep=separator)).predicted_at == to_micros(instant)


@pytest.mark.parametrize('suffix', ['Z', 'z', '+00:00', '-00:00', '.0Z', '.000000999Z'])
def test_utc_is_written_in_many_ways(suffix: str) -> None:
    assert row(predicted_at=f'2026-11-20T23:30:00{suffix}').predicted_at == 1_795_217_400_000_000


def test_digits_beyond_the_microsecond_are_cut() -> None:
    assert row(predicted_at='1970-01-01T00:00:00.1234569Z').predicted_at == 123_456


@pytest.mark.parametrize(
    ('text', 'word'),
    [
        ('2026-11-20T23:30:00', 'offset'),
        ('2026-11-20 23:30:00.5', 'offset'),
        ('2026-02-30T00:00:00Z', 'no day'),
        ('2026-02-30T12:30:00+01:00', 'no day'),
        ('2026-13-01T00:00:00Z', 'no day'),
        ('0000-01-01T00:00:00Z', 'no day'),
        ('2016-12-31T23:59:60Z', 'Leap'),
        ('1969-12-31T23:59:59Z', '1970'),
        ('1970-01-01T00:59:59+01:00', '1970'),
        ('2026-11-23T12:05:00.000001Z', 'future'),
        ('2026-11-23T24:00:00Z', 'such as'),
        ('2026-11-23T10:61:00Z', 'such as'),
        ('2026-11-23T10:00:61Z', 'such as'),
        ('2026-11-23', 'such as'),
        ('23.11.2026 10:00', 'such as'),
        ('1795217400', 'such as'),
        ('2026-11-20T23:30:00+0100', 'such as'),
        ('2026-11-20T23:30:00+24:00', 'such as'),
        ('2026-11-20T23:30:٠٠Z', 'such as'),
        ('20261120T233000.123Z', 'such as'),
    ],
)
def test_what_is_no_instant_is_refused_with_the_reason(text: str, word: str) -> None:
    assert word in error(predicted_at=text).reason


def test_a_sender_whose_clock_is_five_minutes_fast_is_believed() -> None:
    assert row(predicted_at='2026-11-23T12:05:00Z').predicted_at == to_micros(NOW + timedelta(minutes=5))


@pytest.mark.parametrize('column', ['customer_id', 'external_id', 'customer_name'])
def test_texts_have_at_most_200_characters_without_surrounding_blanks(column: str) -> None:
    assert getattr(row(**{column: f' {"ü" * 200}\xa0'}), column) == 'ü' * 200
    assert '201' in error(**{column: 'ü' * 201}).reason


@pytest.mark.parametrize('bad', ['\0', '\n', '\r', 'a\tb', '\x1b[2J', '\x7f', '\x85', '\ud800', '\udfff'])
@pytest.mark.parametrize('column', ['customer_id', 'external_id', 'customer_name', 'reasons'])
def test_control_characters_and_lone_surrogates_are_refused(column: str, bad: str) -> None:
    refused = error(**{column: f'+a{bad}b'})
    assert refused.value.isprintable()
    refused.value.encode()


@pytest.mark.parametrize(
    'text', ['=SUM(A1)', '<img src=x onerror=..>', '{{7*7}}', '__proto__', 'a\u202eb', "O'Brien %_"]
)
def test_hostile_looking_text_is_text(text: str) -> None:
    assert row(customer_id=text).customer_id == text


@pytest.mark.parametrize('text', ['', '  ', '\xa0'])
def test_a_customer_id_is_needed(text: str) -> None:
    assert 'missing' in error(customer_id=text).reason


@pytest.mark.parametrize(
    ('text', 'millionths'),
    [('0', 0), ('1e12', 10**18), ('999999999999.0000005', 999_999_999_999_000_000), ('42.3', 42_300_000)],
)
def test_account_values_are_exact(text: str, millionths: int) -> None:
    assert row(account_value=text).account_value == millionths


@pytest.mark.parametrize('text', ['-1', '1000000000000.01', '1,234.50', '$99', 'NaN', '1e13', '99999999999999999999'])
def test_what_is_no_account_value_is_refused(text: str) -> None:
    error(account_value=text)


def test_blanks_around_reasons_do_not_count() -> None:
    assert row(reasons=' +Logins down | -Annual contract ').reasons == '+Logins down\n-Annual contract'


@pytest.mark.parametrize('text', ['Logins down', '+', '+ ', '-|+a', '+a|', '|', '−a', '+' + 'x' * 201])
def test_reasons_begin_with_a_sign_and_have_text(text: str) -> None:
    error(reasons=text)


@pytest.mark.parametrize(
    ('text', 'lines'), [('+a||-b', '+a|-b'), ('+a|||-b', '+a|\n-b'), ('+a||||b', '+a||b'), ('+a||b|-c', '+a|b\n-c')]
)
def test_a_bar_within_a_reason_is_written_twice(text: str, lines: str) -> None:
    assert row(reasons=text).reasons == lines


def test_twenty_reasons_are_enough() -> None:
    assert row(reasons='|'.join(['+' + 'x' * 200] * 20)).reasons
    assert '21 reasons' in error(reasons='|'.join(['+a'] * 21)).reason


@pytest.mark.parametrize('text', ['done', 'Completed', 'x' * 1000])
def test_a_status_is_one_of_three(text: str) -> None:
    error(status=text)


def test_the_first_wrong_field_is_reported() -> None:
    assert parse(churn_score='x', status='y', customer_name='a\0') == RowError(
        7, 'churn_score', 'x', 'Write the score as a plain number between 0 and 1, such as 0.62 for 62 %.'
    )


@given(st.text(st.characters()))
def test_shown_values_are_short_and_printable(text: str) -> None:
    assert len(printable(text)) <= 100
    assert printable(text).isprintable()


@given(st.text(st.characters()), st.sampled_from(FIELDS))
def test_no_text_whatever_raises(text: str, column: str) -> None:
    assert isinstance(parse(**{column: text}), PredictionRow | RowError)
