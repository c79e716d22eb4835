from __future__ import annotations

import gzip
import io
import random
import tracemalloc
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import file_rows
from services.errors import InvalidRequest
from services.file_rows import FileFormat, Preview, preview, read_rows
from services.gzip_stream import ALWAYS_ALLOWED
from services.prediction_rows import PredictionRow, RowError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEADER = b'customer_id,churn_score\n'
CSV = HEADER + b'A,0.5\nB,1\n'
ROWS = [PredictionRow(2, 'A', 500_000, None), PredictionRow(3, 'B', 1_000_000, None)]
MEBIBYTE = 1024 * 1024


def rows(data: bytes, mapping: Mapping[str, str] | None = None) -> list[PredictionRow | RowError]:
    return list(read_rows(io.BytesIO(data), now=NOW, mapping=mapping or {}))


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidRequest) as caught:
        rows(data)
    return caught.value.message


def seen(data: bytes | str) -> Preview:
    return preview(io.BytesIO(data.encode() if isinstance(data, str) else data))


def many(count: int) -> bytes:
    chosen = random.Random(1)
    return HEADER + b''.join(b'C%d,0.%06d\n' % (chosen.randrange(10**9), chosen.randrange(10**6)) for _ in range(count))


@pytest.mark.parametrize(
    'data',
    [CSV, gzip.compress(CSV), gzip.compress(CSV[:30]) + gzip.compress(CSV[30:]), gzip.compress(CSV) + b'\0' * 512],
    ids=['plain', 'compressed', 'in parts', 'padded'],  # by their bytes the names would differ from run to run
)
def test_a_csv_file_may_be_compressed_with_gzip_also_in_parts(data: bytes) -> None:
    assert rows(data) == ROWS


def test_a_stream_is_read_from_its_beginning_wherever_it_stands() -> None:
    stream = io.BytesIO(CSV)
    stream.seek(20)
    assert list(read_rows(stream, now=NOW)) == ROWS


def test_a_compressed_file_that_was_cut_off_says_so_and_how_far_it_could_be_read() -> None:
    data = gzip.compress(many(20_000))
    message = refusal(data[: len(data) // 2])
    assert message.startswith('The gzip file ends too early')
    line = int(message.partition('up to line ')[2].rstrip('.').replace(',', ''))
    assert 5_000 < line < 15_000
    assert 'cut off' in refusal(data[:-3])
    assert (
        refusal(data[:12])
        == refusal(data[:15])
        == 'The gzip file ends too early, as if it was cut off on its way: send it again.'
    )


def test_a_compressed_file_whose_checksum_is_wrong_is_damaged() -> None:
    data = bytearray(gzip.compress(CSV))
    data[-6] ^= 1
    assert refusal(bytes(data)).startswith('The gzip file is damaged')


def test_a_compressed_file_of_which_a_byte_was_changed_is_damaged() -> None:
    data = bytearray(gzip.compress(many(20_000)))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(InvalidRequest, match=r'gzip file is damaged|not UTF-8'):
        rows(bytes(data))


def test_what_follows_a_compressed_file_is_not_dropped() -> None:
    message = refusal(gzip.compress(CSV) + b'and more')
    assert message.startswith('Something that is no gzip data follows')
    assert 'up to line 3' in message


@pytest.mark.parametrize(
    ('inner', 'words'),
    [
        (b'PAR1' + b'\x15' * 20 + b'PAR1', 'send the Parquet file itself'),
        (gzip.compress(CSV), 'compressed twice'),
        (b'PK\x03\x04 a table', 'Excel'),
        (b'', 'holds no rows'),
    ],
    ids=['Parquet', 'gzip', 'Excel', 'nothing'],
)
def test_other_files_within_gzip_are_told_apart(inner: bytes, words: str) -> None:
    assert words in refusal(gzip.compress(inner))


@pytest.mark.parametrize('before', [b'', CSV])
def test_a_small_file_that_unpacks_to_endless_blank_lines_is_given_up(before: bytes) -> None:
    bomb = gzip.compress(before) + gzip.compress(b'\n' * MEBIBYTE) * (ALWAYS_ALLOWED // MEBIBYTE + 10)
    assert 'more than 100 times its size' in refusal(bomb)


def test_tables_that_compress_well_are_no_bombs() -> None:
    repeated = HEADER + b'customer-0001,0.5000\n' * 100_000
    assert len(repeated) > 100 * len(gzip.compress(repeated))
    assert sum(1 for _ in read_rows(io.BytesIO(gzip.compress(repeated)), now=NOW)) == 100_000


def test_a_field_of_100_megabytes_takes_little_memory_also_compressed() -> None:
    part = gzip.compress(b'x' * MEBIBYTE)
    data = gzip.compress(HEADER + b'A,"') + part * 100 + gzip.compress(b'"\n')
    tracemalloc.start()
    try:
        assert '1 MiB' in refusal(data)
        assert tracemalloc.get_traced_memory()[1] < 10 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file() -> None:
    peaks = []
    for count in (3_000, 20_000):
        stream = io.BytesIO(gzip.compress(many(count)))
        tracemalloc.start()
        assert sum(1 for _ in read_rows(stream, now=NOW)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + MEBIBYTE


def test_rows_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_rows, 'MAX_ROWS', 2)
    assert rows(CSV) == ROWS
    assert refusal(CSV + b'C,0.5\n') == 'The file holds more than 2 rows: split it into smaller ones.'


@pytest.mark.parametrize(
    'data', [b'', b'\n', b'PAR1', b'PAR1PAR1', random.Random(2).randbytes(10_000), b'\x1f\x8b', b'\x1f']
)
def test_a_file_that_is_none_of_any_kind_is_refused_in_words(data: bytes) -> None:
    for look in (rows, seen):
        with pytest.raises(InvalidRequest) as caught:
            look(data)
        assert caught.value.message[0].isupper()
        assert caught.value.message.endswith('.')


@given(st.binary(max_size=200).filter(lambda data: not data.endswith(b'PAR1')))
def test_no_bytes_whatever_raise_anything_but_a_clear_refusal(data: bytes) -> None:
    for start in (b'', b'\x1f\x8b', gzip.compress(CSV)[:12], zlib.compress(CSV)):
        for look in (rows, seen):
            try:
                look(start + data)
            except InvalidRequest as error:
                assert error.message


def test_a_preview_shows_the_first_ten_rows_as_they_are_and_guesses_the_columns() -> None:
    assert seen(gzip.compress(b'Account;Risk Score;Region\n' + b'A;0,5;"EU;\nDE"\n' * 12)) == Preview(
        format=FileFormat.CSV,
        compressed=True,
        columns=('Account', 'Risk Score', 'Region'),
        guessed={'Account': 'customer_id', 'Risk Score': 'churn_score'},
        rows=(('A', '0,5', 'EU;\\nDE'),) * 10,
    )


def test_a_preview_cuts_long_values_fills_short_rows_and_passes_over_what_is_no_row() -> None:
    text = 'a,b,c\n,,\n1\n\n1,2,3,4\n"1"x,2,3\n' + 'x' * 60_000 + ',,\n'
    assert seen(text).rows == (('1', '', ''), ('1', '2', '3'), ('x' * 100, '', ''))


def test_a_preview_of_a_file_that_cannot_be_taken_in_says_why() -> None:
    with pytest.raises(InvalidRequest, match='holds no rows'):
        seen(HEADER)
    with pytest.raises(InvalidRequest, match='257 columns'):
        seen(f'{",".join(f"c{n}" for n in range(257))}\n')
    with pytest.raises(InvalidRequest, match='UTF-16'):
        seen(CSV.decode().encode('utf-16'))


def test_a_mapping_from_a_preview_is_one_to_read_by() -> None:
    data = 'Client,Probability\nA,0.5\nB,1\n'
    assert rows(data.encode(), seen(data).guessed) == ROWS


@pytest.mark.parametrize(
    ('columns', 'guessed'),
    [
        ('customer_id,CHURN_SCORE, predicted_at ', {'customer_id': 0, 'churn_score': 1, 'predicted_at': 2}),
        ('Customer ID,churn score,Predicted-At', {'customer_id': 0, 'churn_score': 1, 'predicted_at': 2}),
        ('account,probability,date,company,mrr,drivers', {
            'customer_id': 0,
            'churn_score': 1,
            'predicted_at': 2,
            'customer_name': 3,
            'account_value': 4,
            'reasons': 5,
        }),
        ('id,Account Name,Account ID,score', {'customer_id': 2, 'customer_name': 1, 'churn_score': 3}),
        ('user id,risk,Churn Probability,time', {'customer_id': 0, 'churn_score': 2, 'predicted_at': 3}),
        ('client,score,churn_score', {'customer_id': 0, 'churn_score': 2}),
        ('customerID,Monthly Charges,Churn Reason,Churn Score', {
            'customer_id': 0,
            'account_value': 1,
            'reasons': 2,
            'churn_score': 3,
        }),
        ('plan,region', {}),
        ('score,score', {'churn_score': 0}),
        ('SCORE,Score', {'churn_score': 0}),
    ],
)  # fmt: skip
def test_columns_are_guessed_each_field_once_and_the_best_first(columns: str, guessed: dict[str, int]) -> None:
    names = columns.split(',')
    found = seen(f'{columns}\n{"x," * len(names)}\n').guessed
    assert found == {names[at].strip(): field for field, at in guessed.items()}


def test_a_file_on_disk_is_told_by_its_content_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / 'table.parquet'
    path.write_bytes(gzip.compress(CSV))
    with path.open('rb') as stream:
        assert list(read_rows(stream, now=NOW)) == ROWS
