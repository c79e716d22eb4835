from __future__ import annotations

import gc
import json
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidRequest, TooLarge
from services.json_rows import MAX_ROWS, read_json
from services.prediction_rows import PredictionRow, RowError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def rows(body: str | bytes, *, ndjson: bool = False) -> list[PredictionRow | RowError]:
    return read_json(body.encode() if isinstance(body, str) else body, ndjson=ndjson, now=NOW)


def one(members: str) -> PredictionRow | RowError:
    [row] = rows(f'[{{{members}}}]')
    return row


def error(members: str) -> RowError:
    row = one(members)
    assert isinstance(row, RowError), row
    return row


def with_field(column: str, value: str) -> str:
    fields = {'customer_id': '"A"', 'churn_score': '0.5', column: value}
    return ', '.join(f'"{key}": {text}' for key, text in fields.items())


def test_arrays_and_lines_hold_the_same_rows() -> None:
    element = (
        '{"customer_id": "A", "churn_score": 0.5, "reasons": ["+B|C", "-D"], "account_value": 12.5, "status": null}'
    )
    expected = PredictionRow(1, 'A', 500_000, None, account_value=12_500_000, reasons='+B|C\n-D')
    assert rows(f'\ufeff[{element}]') == rows(f'{element}\r\n\n', ndjson=True) == [expected]


def test_rows_are_numbered_as_elements_or_as_lines() -> None:
    element = '{"customer_id": "A", "churn_score": 1}'
    assert [row.line for row in rows(f'[\n\n{element},\n{element}]')] == [1, 2]
    assert [row.line for row in rows(f'{element}\n\n{element}', ndjson=True)] == [1, 3]


def test_reasons_may_come_as_one_text() -> None:
    assert one(with_field('reasons', '"+A|-B"')) == PredictionRow(1, 'A', 500_000, None, reasons='+A\n-B')


@pytest.mark.parametrize('body', ['[]', ' [ ] '])
def test_no_rows_are_no_rows(body: str) -> None:
    assert rows(body) == rows('', ndjson=True) == []


@given(st.decimals(min_value=0, max_value=1, places=30))
def test_scores_are_never_seen_as_floats(score: Decimal) -> None:
    row = one(with_field('churn_score', f'{abs(score):f}'))
    assert isinstance(row, PredictionRow)
    assert row.score == round(Fraction(score) * 1_000_000)


@pytest.mark.parametrize(
    ('column', 'value', 'shown'),
    [
        *(('churn_score', value, value) for value in ('true', 'false', 'NaN', '-0.0', '2', '-1')),
        ('churn_score', 'Infinity', 'NaN'),
        ('churn_score', '1e999', '1E+999'),
        ('churn_score', '1e99999999999999999999', 'NaN'),
        ('churn_score', '1' * 5000, '1' * 100),
        ('churn_score', '"0.5"', '0.5'),
        ('churn_score', '[0.5]', '0.5'),
        ('churn_score', '{}', '{...}'),
        ('account_value', 'true', 'true'),
        ('churn_score', 'null', ''),
        ('customer_id', 'null', ''),
        ('customer_id', '5', '5'),
        ('customer_id', '1', '1'),
        ('customer_id', '""', ''),
        ('customer_id', '"\\ud800"', '\\ud800'),
        ('customer_id', '"a\\u0000"', 'a\\x00'),
        ('predicted_at', '1795217400', '1795217400'),
        ('predicted_at', '"2026-11-20T23:30:00"', '2026-11-20T23:30:00'),
        ('reasons', '["A"]', 'A'),
        ('reasons', '["+A", 5]', '+A, 5'),
        ('reasons', '["+A\\n+B"]', '+A\\n+B'),
        ('reasons', '[["+A"]]', '[...]'),
        ('reasons', '5', '5'),
        ('status', '"done"', 'done'),
    ],
)
def test_a_bad_value_is_an_error_of_its_row_and_column(column: str, value: str, shown: str) -> None:
    bad = error(with_field(column, value))
    assert (bad.line, bad.column) == (1, column)
    assert bad.value == shown


def test_unknown_and_repeated_keys_are_named() -> None:
    assert error('"customer_id": "A", "churn_score": 1, "score": 2').column == 'score'
    assert error('"customer_id": "A", "churn_score": 1, "churn_score": 1').column == 'churn_score'
    assert error('"customer_id": "A", "churn_score": 1, "\\u0000\\ud800": 1').column == '\\x00\\ud800'


def test_missing_fields_are_named() -> None:
    assert error('').column == 'customer_id'
    assert error('"customer_id": "A"').column == 'churn_score'


@pytest.mark.parametrize('element', ['5', 'null', '"text"', '[]', 'true', 'NaN'])
def test_an_element_that_is_no_object_is_an_error_of_its_row(element: str) -> None:
    good = '{"customer_id": "A", "churn_score": 1}'
    for found in (rows(f'[{good}, {element}]'), rows(f'{good}\n{element}', ndjson=True)):
        assert isinstance(found[0], PredictionRow)
        assert isinstance(found[1], RowError)
        assert (found[1].line, found[1].column) == (2, 'row')


@pytest.mark.parametrize('body', ['{"customer_id": "A", "churn_score": 1}', 'null', '5', '"x"'])
def test_a_body_that_is_no_array_is_refused(body: str) -> None:
    with pytest.raises(InvalidRequest, match='array'):
        rows(body)


@pytest.mark.parametrize('body', ['', '[', '[{"customer_id": }]', "[{'a': 1}]", '[1,]', '[] []', '["\0"]'])
def test_a_body_that_is_no_json_is_refused(body: str) -> None:
    with pytest.raises(InvalidRequest, match='line 1'):
        rows(body)


def test_a_line_that_is_no_json_is_an_error_of_its_row() -> None:
    [bad, good] = rows('{"customer_id": \n{"customer_id": "A", "churn_score": 1}', ndjson=True)
    assert isinstance(bad, RowError)
    assert isinstance(good, PredictionRow)


@pytest.mark.parametrize('opening', ['[', '{"a":'])
def test_nesting_bombs_do_no_harm(opening: str) -> None:
    with pytest.raises(InvalidRequest):
        rows(opening * 40_000)
    with pytest.raises(InvalidRequest, match='deeply'):
        rows(f'{"[" * 40_000}{"]" * 40_000}')
    [bad] = rows(opening * 40_000, ndjson=True)
    assert isinstance(bad, RowError)


@pytest.mark.parametrize('ndjson', [True, False])
def test_bytes_that_are_no_utf8_are_refused_with_their_line(ndjson: bool) -> None:
    with pytest.raises(InvalidRequest, match='Line 2'):
        rows(b'[\n"\xe4"]', ndjson=ndjson)


def test_more_rows_than_allowed_are_too_large() -> None:
    element = '{"customer_id": "A", "churn_score": 1}'
    assert len(rows(f'[{",".join([element] * MAX_ROWS)}]')) == MAX_ROWS
    with pytest.raises(TooLarge, match='more than 10,000 rows'):
        rows(f'[{",".join([element] * (MAX_ROWS + 1))}]')
    with pytest.raises(TooLarge, match='more than 10,000 rows'):
        rows('\n'.join([element] * (MAX_ROWS + 1)), ndjson=True)


FLOODS = {
    'numbers': b'[' + b'1,' * 4_000_000 + b'1]',
    'numbers in one row': b'[[' + b'1,' * 4_000_000 + b'1]]',
    'fractions in one row': b'[[' + b'0.5,' * 2_000_000 + b'1]]',
    'lists': b'[' + b'[],' * 2_600_000 + b'1]',
    'lists in one row': b'[[' + b'[],' * 2_600_000 + b'1]]',
    'objects in one row': b'[[' + b'{},' * 2_600_000 + b'1]]',
    'texts': b'[' + b'"",' * 2_600_000 + b'1]',
    'texts in one row': b'[["' + b'x","' * 2_000_000 + b'"]]',
    'reasons of one row': b'[{"reasons":["' + b'x","' * 2_000_000 + b'"]}]',
    'keys of one row': b'[{"' + b'x":"x","' * 1_000_000 + b'":1}]',
}


@pytest.mark.parametrize('flood', FLOODS)
@pytest.mark.parametrize('ndjson', [True, False])
def test_a_flood_of_values_is_given_up_early(flood: str, ndjson: bool) -> None:
    body = FLOODS[flood]
    if flood in ('numbers', 'lists', 'texts') and ndjson:
        body = body[1:-1].replace(b',', b'\n')
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            rows(body, ndjson=ndjson)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(body)


def test_the_most_rows_with_all_that_a_row_may_have_are_read() -> None:
    texts = {column: '"x"' for column in ('customer_id', 'external_id', 'customer_name', 'status')}
    members = ', '.join(f'"{column}": {value}' for column, value in texts.items())
    reasons = ', '.join(['"+x"'] * 20)
    element = f'{{{members}, "churn_score": 1, "account_value": 1, "predicted_at": "x", "reasons": [{reasons}]}}'
    assert len(rows(f'[{", ".join([element] * MAX_ROWS)}]')) == MAX_ROWS


@pytest.mark.parametrize('ndjson', [True, False])
def test_other_threads_run_while_a_large_body_is_read(ndjson: bool) -> None:
    element = '{"customer_id": "A", "churn_score": 0.5, "account_value": 12.5}'
    body = ('\n' if ndjson else ',').join([element] * MAX_ROWS)
    longest = longest_pause_during(lambda: rows(body if ndjson else f'[{body}]', ndjson=ndjson))
    assert longest < 0.25


def test_blank_lines_cost_next_to_nothing_and_are_counted() -> None:
    element = '{"customer_id": "A", "churn_score": 1}'
    start = time.process_time()
    found = rows('\n' * 4_000_000 + element + '\r\n \n' * 1_000_000, ndjson=True)
    assert time.process_time() - start < 0.5
    assert [row.line for row in found] == [4_000_001]


def longest_pause_during(work: Callable[[], object]) -> float:
    """How long another thread that wants to run every few milliseconds had to wait at worst.

    By this process's own time: what others take of a busy machine is no fault of ours. Nor is what thousands of tests
    left behind, which the collector would look through.
    """
    worker = threading.Thread(target=work)
    gc.collect()
    gc.freeze()
    try:
        longest, last = 0.0, time.process_time()
        worker.start()
        while worker.is_alive():
            time.sleep(0.005)
            longest, last = max(longest, time.process_time() - last), time.process_time()
    finally:
        gc.unfreeze()
    return longest


@given(st.lists(st.sampled_from(['', ' ', '\t', '\r', '5', '[]', '"x"', '\x1c', '{"a": 1}'])))
def test_lines_keep_their_numbers_whatever_is_blank(lines: list[str]) -> None:
    found = rows('\n'.join(lines), ndjson=True)
    assert [row.line for row in found] == [n for n, line in enumerate(lines, start=1) if line and not line.isspace()]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(JSON, st.sampled_from(['customer_id', 'churn_score', 'predicted_at', 'account_value', 'reasons', 'status', 'x']))
def test_no_value_whatever_raises(value: Any, column: str) -> None:
    [row] = rows(json.dumps([{'customer_id': 'A', 'churn_score': 0.5, column: value}]))
    assert isinstance(row, PredictionRow | RowError)
