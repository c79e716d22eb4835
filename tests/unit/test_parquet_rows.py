from __future__ import annotations

import csv
import gzip
import io
import random
import subprocess
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services import parquet_rows
from services.errors import InvalidRequest
from services.file_rows import FileFormat, preview, read_rows
from services.prediction_rows import PredictionRow, RowError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = datetime(2026, 11, 20, 23, 30, 0, 123_456, tzinfo=UTC)
MICROS = 1_795_217_400_123_456


def parquet(columns: Mapping[str, Any], **options: Any) -> bytes:
    """A file with these columns; three rows, unless a column says otherwise."""
    given = {'customer_id': ['A', 'B', 'C'], 'churn_score': [0.5, 0.25, 1.0], **columns}
    data = io.BytesIO()
    pq.write_table(pa.table({name: values for name, values in given.items() if values is not None}), data, **options)
    return data.getvalue()


def rows(data: bytes, mapping: Mapping[str, str] | None = None) -> list[PredictionRow | RowError]:
    return list(read_rows(io.BytesIO(data), now=NOW, mapping=mapping or {}))


def good_rows(data: bytes) -> list[PredictionRow]:
    found = rows(data)
    assert [row for row in found if isinstance(row, RowError)] == []
    return [row for row in found if isinstance(row, PredictionRow)]


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidRequest) as caught:
        rows(data)
    return caught.value.message


def test_every_field_is_read_from_the_types_that_suit_it() -> None:
    data = parquet(
        {
            'churn_score': [0.6999995, 0.0, 1.0],
            'predicted_at': [AT, None, AT],
            'external_id': pa.array([2**40, None, 7]),
            'customer_name': pa.array(['Ärger & Söhne', None, ' b ']).dictionary_encode(),
            'account_value': [Decimal('29.85'), None, Decimal('1000.00')],
            'reasons': [['+Tenure', None, '-Total charges'], [], None],
            'status': pa.array(['pending', None, '']).dictionary_encode(),
        }
    )
    assert rows(data) == [
        PredictionRow(
            *(1, 'A', 700_000, MICROS, str(2**40), 'Ärger & Söhne', 29_850_000, '+Tenure\n-Total charges', 'pending')
        ),
        PredictionRow(2, 'B', 0, None),
        PredictionRow(3, 'C', 1_000_000, MICROS, '7', 'b', 1_000_000_000),
    ]


def test_customers_and_scores_of_all_suitable_types_mean_the_same() -> None:
    ids: list[Any] = [[1, 2, 3], pa.array([1, 2, 3], pa.uint8()), pa.array(['1', '2', '3'], pa.large_string())]
    ids += [
        pa.array(['1', '2', '3'], pa.string_view()),
        pa.array([Decimal(n) for n in (1, 2, 3)], pa.decimal128(38, 0)),
    ]
    scores: list[Any] = [[0.1, 0.7, 1.0], pa.array([0.1, 0.7, 1.0], pa.float32()), ['0.1', '0.7', '1']]
    scores += [
        [Decimal('0.1000000001'), Decimal('0.7'), Decimal(1)],
        pa.array(['.1', '7e-1', '1.']).dictionary_encode(),
    ]
    for customer_id, churn_score in zip(ids, scores, strict=True):
        found = good_rows(parquet({'customer_id': customer_id, 'churn_score': churn_score}))
        assert [row.customer_id for row in found] == ['1', '2', '3']
        assert [row.score for row in found] == [100_000, 700_000, 1_000_000]


def test_a_score_is_rounded_as_the_shortest_number_that_means_it() -> None:
    single = pa.array([0.6999995, 0.30000001192092896, 1e-7], pa.float32())
    assert [row.score for row in good_rows(parquet({'churn_score': single}))] == [700_000, 300_000, 0]
    double = pa.array([0.6999985, 0.0000005, 0.1 + 0.2])
    assert [row.score for row in good_rows(parquet({'churn_score': double}))] == [699_998, 0, 300_000]


def test_instants_of_any_unit_and_zone_are_exact() -> None:
    offset = AT.astimezone(timezone(timedelta(hours=2)))
    data = parquet({'predicted_at': [AT.isoformat(), offset.isoformat(sep=' '), '2026-11-20T23:30:00.123456999Z']})
    assert [row.predicted_at for row in good_rows(data)] == [MICROS] * 3
    nanos = [MICROS * 1000 + 999, 0, None]
    for kind, stored, expected in (
        (pa.timestamp('ns', 'Europe/Berlin'), nanos, [MICROS, 0, None]),
        (pa.timestamp('us', '-08:00'), [MICROS, 0, None], [MICROS, 0, None]),
        (pa.timestamp('ms', 'UTC'), [MICROS // 1000, 0, None], [MICROS // 1000 * 1000, 0, None]),
    ):
        found = good_rows(parquet({'predicted_at': pa.array(stored, kind)}))
        assert [row.predicted_at for row in found] == expected


def test_bad_values_are_errors_of_their_rows_by_the_rules_of_csv_files() -> None:
    data = parquet(
        {
            'customer_id': ['A', None, 'C', 'D', 'E', 'F', 'G'],
            'churn_score': [float('nan'), 0.5, 1.5, 0.5, -0.0, 0.5, None],
            'predicted_at': pa.array([0, 0, 0, -1, 0, 2**62, 0], pa.timestamp('us', 'UTC')),
            'reasons': [None, None, None, None, None, ['+a', None, 'b'], None],
        }
    )
    errors = [row for row in rows(data) if isinstance(row, RowError)]
    assert [(error.line, error.column, error.value) for error in errors] == [
        (1, 'churn_score', 'nan'),
        (2, 'customer_id', ''),
        (3, 'churn_score', '1.5'),
        (4, 'predicted_at', '1969-12-31 23:59:59.999999Z'),
        (5, 'churn_score', '-0'),
        (6, 'predicted_at', f'<value out of range: {2**62}>Z'),
        (7, 'churn_score', ''),
    ]
    assert 'before 1970' in errors[3].reason


@pytest.mark.parametrize(
    ('columns', 'words'),
    [
        ({'churn_score': [True, False, True]}, 'The column churn_score has the type bool'),
        ({'customer_id': [1.0, 2.0, 3.0]}, 'The column customer_id has the type double'),
        ({'predicted_at': [datetime(2026, 11, 20)] * 3}, 'The times in the column predicted_at have no time zone'),  # noqa: DTZ001
        ({'predicted_at': [date(2026, 11, 20)] * 3}, 'the type date32'),
        ({'predicted_at': [1, 2, 3]}, 'the type int64'),
        ({'reasons': [{'a': 1}] * 3}, 'the type struct<a: int64>, but reasons takes text or lists of text'),
        ({'reasons': [[1]] * 3}, 'the type list<element: int64>'),
        ({'status': [b'x'] * 3}, 'the type binary'),
    ],
)
def test_a_column_of_a_wrong_type_is_named_with_its_type(columns: Mapping[str, Any], words: str) -> None:
    assert words in refusal(parquet(columns))


def test_columns_are_mapped_and_unused_ones_are_told_and_never_read() -> None:
    data = parquet({'churn_score': None, 'Risk Score': [0.5, 0.5, 0.5], 'a.b': [{'c': 1}] * 3, 'flag': [True] * 3})
    with pytest.raises(InvalidRequest, match='Risk Score=churn_score'):
        read_rows(io.BytesIO(data), now=NOW)
    file = read_rows(io.BytesIO(data), now=NOW, mapping={'risk score': 'churn_score'})
    assert file.ignored == ('a.b', 'flag')
    assert [row.line for row in file] == [1, 2, 3]


def test_a_preview_shows_columns_of_any_type() -> None:
    data = parquet(
        {
            'Account': [1, 2, None],
            'customer_id': None,
            'Scored at': [AT, AT, None],
            'local': [datetime(2026, 11, 20)] * 3,  # noqa: DTZ001
            'reasons': [['+a', '-b'], [], None],
            'nested': [{'a': 1}, None, {'a': 2}],
            'flag': [True, False, None],
        }
    )
    seen = preview(io.BytesIO(data))
    assert (seen.format, seen.compressed) == (FileFormat.PARQUET, False)
    assert seen.columns == ('churn_score', 'Account', 'Scored at', 'local', 'reasons', 'nested', 'flag')
    assert seen.guessed == {
        'churn_score': 'churn_score',
        'Account': 'customer_id',
        'Scored at': 'predicted_at',
        'reasons': 'reasons',
    }
    at = '2026-11-20 23:30:00.123456Z'
    assert seen.rows[0] == ('0.5', '1', at, '2026-11-20 00:00:00.000000', '+a|-b', "[('a', 1)]", 'true')
    assert seen.rows[2][1:5] == ('', '', '2026-11-20 00:00:00.000000', '')


def test_row_groups_and_batches_are_counted_through() -> None:
    numbers = range(10_000)
    data = parquet({'customer_id': numbers, 'churn_score': [0.5] * 10_000}, row_group_size=3_333)
    found = good_rows(data)
    assert [(row.line, row.customer_id) for row in found] == [(number + 1, str(number)) for number in numbers]


def test_a_file_without_rows_is_refused() -> None:
    data = parquet({'customer_id': pa.array([], pa.string()), 'churn_score': pa.array([], pa.float64())})
    assert refusal(data) == 'The file holds no rows.'
    with pytest.raises(InvalidRequest, match='no rows'):
        preview(io.BytesIO(data))


def test_a_damaged_file_is_refused_without_internals() -> None:
    good = parquet({'customer_id': range(5_000), 'churn_score': [n / 5_000 for n in range(5_000)]})
    chosen = random.Random(4)
    middle = good[:100] + chosen.randbytes(len(good) - 108) + good[-8:]
    footer = good[:-60] + chosen.randbytes(52) + good[-8:]
    pages = good[:2_000] + b'\xff' * 500 + good[2_500:]
    messages = {refusal(middle), refusal(footer), refusal(pages), refusal(b'PAR1' + good[-8:])}
    assert messages == {'The Parquet file is damaged: write it anew and send it again.'}
    assert 'incomplete' in refusal(good[:-1])


def test_a_small_file_that_takes_much_memory_is_refused() -> None:
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 5_000, pa.int32()), pa.array(['x' * 1_000_000]))
    data = parquet({'customer_id': same, 'churn_score': [0.5] * 5_000})
    assert len(data) < 100_000
    assert 'too much memory' in refusal(data)


def test_a_value_longer_than_a_csv_file_may_have_is_refused() -> None:
    assert 'column customer_name is longer than 64 KiB' in refusal(parquet({'customer_name': ['x' * 70_000, 'y', 'z']}))
    data = parquet({'customer_name': ['x' * 60_000] * 200, 'customer_id': range(200), 'churn_score': [1.0] * 200})
    assert [row.line for row in rows(data)] == list(range(1, 201))


def test_parquet_within_gzip_is_refused() -> None:
    assert 'send the Parquet file itself' in refusal(gzip.compress(parquet({})))


def test_without_pyarrow_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, 'find_spec', lambda _: None)
    assert 'pip install ".[parquet]"' in refusal(parquet({}))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The decoders that were started."""
    processes: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, 'Popen', Noted)
    return processes


def test_a_decoder_never_outlives_what_it_is_for(started: list[subprocess.Popen[bytes]]) -> None:
    data = parquet({'customer_id': range(50_000), 'churn_score': [0.5] * 50_000})
    file = read_rows(io.BytesIO(data), now=NOW)
    next(iter(file))
    del file
    read_rows(io.BytesIO(data), now=NOW)
    preview(io.BytesIO(data))
    with pytest.raises(InvalidRequest):
        read_rows(io.BytesIO(data), now=NOW, mapping={'no such': 'status'})
    assert [process.returncode is not None for process in started] == [True] * 4


def test_a_decoder_that_crashes_is_a_file_that_cannot_be_read(started: list[subprocess.Popen[bytes]]) -> None:
    file = read_rows(io.BytesIO(parquet({})), now=NOW)
    started[0].kill()
    with pytest.raises(InvalidRequest, match='cannot be read'):
        list(file)


def test_the_real_data_is_the_same_as_parquet_and_as_csv(telco: Path, tmp_path: Path) -> None:
    path = telco / 'predictions-2026-11-23.csv'
    with path.open(newline='', encoding='utf-8') as text:
        records = list(csv.DictReader(text))
    table = pa.Table.from_pylist(
        [
            {
                **record,
                'churn_score': float(record['churn_score']),
                'predicted_at': datetime.fromisoformat(record['predicted_at']),
                'account_value': Decimal(record['account_value']),
                'reasons': record['reasons'].split('|'),
            }
            for record in records
        ]
    )
    pq.write_table(table, tmp_path / 'table')
    with path.open('rb') as as_csv, (tmp_path / 'table').open('rb') as as_parquet:
        expected = [row._replace(line=row.line - 1) for row in read_rows(as_csv, now=NOW)]  # type: ignore[union-attr]
        assert list(read_rows(as_parquet, now=NOW)) == expected
