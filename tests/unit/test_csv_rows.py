from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import csv_lines, csv_rows
from services.csv_rows import read_csv
from services.errors import InvalidRequest
from services.prediction_rows import PredictionRow, RowError
from services.row_file import RowFile

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def opened(data: bytes | str, mapping: Mapping[str, str] | None = None) -> RowFile:
    return read_csv(io.BytesIO(data.encode() if isinstance(data, str) else data), now=NOW, mapping=mapping or {})


def rows(data: bytes | str, mapping: Mapping[str, str] | None = None) -> list[PredictionRow | RowError]:
    return list(opened(data, mapping))


def refusal(data: bytes | str, mapping: Mapping[str, str] | None = None) -> str:
    with pytest.raises(InvalidRequest) as caught:
        rows(data, mapping)
    return caught.value.message


def only_error(data: bytes | str) -> RowError:
    errors = [row for row in rows(data) if isinstance(row, RowError)]
    assert len(errors) == 1
    return errors[0]


@pytest.mark.parametrize('delimiter', [',', ';', '\t'])
@pytest.mark.parametrize('line_end', ['\n', '\r\n'])
@pytest.mark.parametrize('mark', ['', '\ufeff'])
def test_spreadsheets_of_all_countries_are_read(delimiter: str, line_end: str, mark: str) -> None:
    lines = ['customer_id,churn_score', 'A,0.5', '', 'Ä,1']
    text = mark + ''.join(line.replace(',', delimiter) + line_end for line in lines)
    assert rows(text) == [PredictionRow(2, 'A', 500_000, None), PredictionRow(4, 'Ä', 1_000_000, None)]


@pytest.mark.parametrize(
    ('text', 'meant'),
    [("'=1", '=1'), ("''=1", "'=1"), ("'+A", '+A'), ("'-A", '-A'), ("'@A", '@A')]
    + [(text, text) for text in ('=1', "'A", "''A", "'", "' =1", "A'=1")],
)
def test_the_apostrophe_that_an_export_puts_before_a_formula_is_taken_off(text: str, meant: str) -> None:
    header = 'customer_id,churn_score,external_id,customer_name,reasons'
    row = rows(f"""{header}\n{text},0.5,{text},{text},'+{text}|-{text}\n""")[0]
    expected = PredictionRow(2, meant, 500_000, None, meant, meant, None, f'+{text}\n-{text}')
    assert row == expected


def test_no_apostrophe_is_taken_off_a_number() -> None:
    assert only_error("customer_id,churn_score\nA,'-0\n").column == 'churn_score'


def test_the_last_line_needs_no_end() -> None:
    assert rows('customer_id,churn_score\nA,0.5') == [PredictionRow(2, 'A', 500_000, None)]


def test_column_names_may_have_any_case_order_and_blanks() -> None:
    file = opened('Plan, CHURN_SCORE ,"Customer_ID",Region\nbasic,0.5,A,EU\n')
    assert list(file) == [PredictionRow(2, 'A', 500_000, None)]
    assert file.ignored == ('Plan', 'Region')


def test_separators_within_a_quoted_name_do_not_decide_the_delimiter() -> None:
    assert rows('"a,b,c,d";customer_id;churn_score\nx;A;0.5\n') == [PredictionRow(2, 'A', 500_000, None)]


def test_other_names_are_mapped_and_win_over_ours() -> None:
    file = opened('Account,Score,customer_id\nA,0.5,B\n', {' account ': 'customer_id', 'SCORE': 'churn_score'})
    assert list(file) == [PredictionRow(2, 'A', 500_000, None)]
    assert file.ignored == ('customer_id',)


def test_a_column_that_is_mapped_to_nothing_is_not_used() -> None:
    file = opened('customer_id,churn_score,Status\nA,0.5,won\n', {'status': ''})
    assert list(file) == [PredictionRow(2, 'A', 500_000, None)]
    assert file.ignored == ('Status',)
    assert 'churn_score cannot be found' in refusal('customer_id,churn_score\nA,0.5\n', {'churn_score': ' '})


@pytest.mark.parametrize(
    ('mapping', 'named'),
    [
        ({'Score': 'scores'}, '"scores"'),
        ({'Missing': 'churn_score'}, '"Missing"'),
        ({'Score': 'customer_id'}, 'churn_score'),
    ],
)
def test_a_mapping_that_does_not_fit_is_named(mapping: Mapping[str, str], named: str) -> None:
    assert named in refusal('customer_id,Score\nA,0.5\n', mapping)


def test_two_columns_cannot_be_the_same_field() -> None:
    assert '2 columns hold churn_score' in refusal('customer_id,churn_score,Churn_Score\nA,0.5,0.5\n')
    assert '2 columns hold churn_score' in refusal('customer_id,a,b\nA,0,1\n', {'a': 'churn_score', 'b': 'churn_score'})


def test_missing_columns_are_listed_with_what_was_found_and_what_to_do() -> None:
    message = refusal('Customer ID,Score\nA,0.5\n')
    assert 'customer_id and churn_score' in message
    assert 'Customer ID, Score' in message
    assert message.endswith('for example Customer ID=customer_id and Score=churn_score.')
    assert 'for example THEIR NAME=customer_id.' in refusal('a,churn_score\nA,0.5\n')


def test_a_column_without_a_name_is_counted_out() -> None:
    assert 'Column 2 ' in refusal('customer_id,,churn_score\nA,x,0.5\n')


def test_crm_exports_are_wide_but_not_endless() -> None:
    wide = [f'c{number}' for number in range(254)]
    assert len(rows(f'customer_id,churn_score,{",".join(wide)}\nA,0.5,{"," * 253}\n')) == 1
    assert '257 columns' in refusal(f'customer_id,churn_score,x,{",".join(wide)}\n')
    assert '100002 columns' in refusal(f'customer_id,churn_score{",x" * 100_000}\n')


@pytest.mark.parametrize('data', ['', '\n\n', '\ufeff', 'customer_id,churn_score', 'customer_id,churn_score\n\n , \n'])
def test_a_file_without_rows_is_refused(data: str) -> None:
    assert 'holds no rows' in refusal(data)


def test_the_empty_rows_below_a_table_are_passed_over() -> None:
    assert len(rows('customer_id,churn_score\nA,0.5\n,\n  , \n')) == 1


@pytest.mark.parametrize(
    ('data', 'words'),
    [
        ('customer_id,churn_score\nA,0.5\n'.encode('utf-16'), 'UTF-16'),
        ('customer_id,churn_score\nA,0.5\n'.encode('utf-16-be'), 'UTF-16'),
        (b'customer_id,churn_score\nA,0.5\n\xc4rger,0.5\n', 'Line 3 is not UTF-8'),
        (b'customer_id,churn_score,\xe4\nA,0.5,\n', 'Line 1 is not UTF-8'),
        (b'PK\x03\x04\x14\x00', 'Excel'),
        (b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'old Excel'),
        (b'PAR1\x15\x04\x15\x10', 'incomplete'),
        (b'(\xb5/\xfd\x04\x00', 'zstd'),
        (b'customer_id,churn_score\n' + b'A,0.5\n' * 10_000 + b'\xff,0.5\n', 'Line 10002 is not UTF-8'),
        (b'customer_id,churn_score\n' + b'A,0.5\n' * 10_000 + b'"A,0.5\n' + b'A,0.5\n' * 20_000, 'line 10002'),
        (b'x,' * 1_000_000, 'too many columns'),
        (b'customer_id,churn_score,unused\nA,0.5,' + b'x' * 70_000 + b'\n', 'longer than 64 KiB'),
        (b'customer_id,churn_score\rA,0.5\r', 'CR only'),
        (b'customer_id,churn_score\nA,0.5\n"B,0.5\nC,0.5\n', 'line 3'),
        (b'customer_id,churn_score\n"' + b'x' * 70_000 + b'",0.5\n', 'longer than 64 KiB'),
        (b'customer_id,churn_score\n"' + b'x' * 140_000 + b'",0.5\n', 'longer than 64 KiB'),
        (b'customer_id,churn_score\n"' + b'x\n' * 600_000, 'line 2'),
        (b'customer_id,churn_score\nA,0.5' + b'\rB,0.5' * 200_000, 'CR only'),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_to_do(data: bytes, words: str) -> None:
    assert words in refusal(data)


class Endless(io.RawIOBase):
    """A file that would never come to its end."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self.given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None and 0 < size <= 2 * 1024 * 1024
        data = (self._start + b'x' * size)[:size]
        self._start = self._start[size:]
        self.given += size
        assert self.given < 10 * 1024 * 1024
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        return self.read(size)


@pytest.mark.parametrize('start', [b'', b'customer_id,churn_score\n', b'customer_id,churn_score\nA,"'])
def test_a_huge_line_is_never_held(start: bytes) -> None:
    with pytest.raises(InvalidRequest, match='1 MiB'):
        list(read_csv(Endless(start), now=NOW))  # type: ignore[arg-type]


@pytest.mark.parametrize('filler', [b'\n', b'\r\n', b' , \n', b',,\n'])
def test_blank_lines_cost_little_and_count(filler: bytes) -> None:
    file = b'customer_id,churn_score\nA,0.5\n' + filler * 200_000 + b'B,0.5\n'
    assert [row.line for row in rows(file)] == [2, 200_003]


@pytest.mark.parametrize('cells', ['A', 'A,0.5,extra', 'A,0.5,'])
def test_a_row_with_another_number_of_cells_is_an_error_of_that_row(cells: str) -> None:
    error = only_error(f'customer_id,churn_score\nA,0.5\n{cells}\nB,0.5\n')
    assert (error.line, error.column) == (3, 'row')
    assert f'{cells.count(",") + 1} cells' in error.reason


def test_a_cell_too_few_is_not_made_good_by_one_too_many_on_the_next_line() -> None:
    found = rows('customer_id,churn_score,unused\nA,0.5\nB,0.5,1,1\n')
    assert [(row.line, isinstance(row, RowError)) for row in found] == [(2, True), (3, True)]


def test_bad_quotes_spoil_one_row_only() -> None:
    error = only_error('customer_id,churn_score\n"A"x,0.5\nB,0.5\n')
    assert (error.line, error.column) == (2, 'row')
    assert 'quotation' in error.reason


def test_rows_that_a_quote_swallowed_are_named() -> None:
    error = only_error('customer_id,churn_score\n"A,0.5\nB,0.5\n"C",0.5\nD,0.5\n')
    assert 'lines 2 to 4' in error.reason


def test_a_carriage_return_within_a_row_is_an_error_of_that_row() -> None:
    assert only_error('customer_id,churn_score\nA,0.5\nA\rB,0.5\n').line == 3


def test_lines_are_those_an_editor_shows_even_after_line_breaks_in_quotes() -> None:
    text = 'customer_id,churn_score,"no\nte"\nA,0.5,"two\nlines"\n\nB,2,x\nC,1,x\n'
    assert [row.line for row in rows(text)] == [3, 6, 7]


def test_a_nul_byte_in_a_field_is_an_error_of_that_row() -> None:
    assert only_error('customer_id,churn_score\nA\0,0.5\nB,0.5\n').value == 'A\\x00'


PIECES = (
    *('A,0.5,x\n', 'B,0.25,"x, y"\n', 'C,1,"two\nlines"\n', 'D,0.5,"""best"""\r\n', "E,0.5,'=1\n", "F,0.5,O'Brien\n"),
    *('G,2,x\n', 'H,0.5\n', '\n', ',,\n', '"I"x,0.5,\n', 'J\r,0.5,x\n', 'K\0,0.5,\n', '"L,0.5,x\n', ' M , 0.5 ,\n'),
    *('N,0.5\nO,0.5,1,1\n', 'P,0.5,x\ry\n'),
)


@given(
    st.lists(st.one_of(*[st.sampled_from(PIECES[:6])] * 4, st.sampled_from(PIECES)), max_size=12),
    st.sampled_from(['customer_name', 'unused']),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_taken_together_give_what_they_give_one_by_one(
    monkeypatch: pytest.MonkeyPatch, pieces: list[str], last: str
) -> None:
    text = f'customer_id,churn_score,{last}\n{"".join(pieces)}'
    with monkeypatch.context() as patch:
        patch.setattr(csv_lines, 'BLOCK', 64)
        together = outcome(text)
        patch.setattr(csv_rows, 'columns_of', lambda *_: None)
        assert outcome(text) == together


def outcome(text: str) -> list[PredictionRow | RowError] | str:
    try:
        return rows(text)
    except InvalidRequest as error:
        return error.message


def test_good_lines_are_not_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def careful(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(csv_rows, '_careful_rows', careful)
    text = 'customer_id;churn_score;reasons;customer_name\n' + 'A;0.5;+a|-b;"Ärger; Söhne"\r\n' * 5_000
    assert [row.line for row in rows(text)] == list(range(2, 5_002))


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_but_a_clear_refusal(data: bytes) -> None:
    for start in (b'', b'customer_id,churn_score\n'):
        try:
            rows(start + data)
        except InvalidRequest as error:
            assert error.message


@pytest.mark.parametrize(
    ('folder', 'pattern', 'count'), [('telco', 'predictions-*.csv', 55_678), ('edges', 'edges.csv', 438)]
)
def test_every_row_of_the_real_files_is_good(
    request: pytest.FixtureRequest, folder: str, pattern: str, count: int
) -> None:
    data: Path = request.getfixturevalue(folder)
    found = 0
    for path in sorted(data.glob(pattern)):
        with path.open('rb') as stream:
            file = read_csv(stream, now=NOW)
            assert file.ignored == ()
            for row in file:
                assert isinstance(row, PredictionRow)
                found += 1
    assert found == count
