from __future__ import annotations

import argparse
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlmodel import col, select

from app.commands import import_
from app.commands import progress as progress_module
from app.commands.context import opened
from app.commands.progress import Progress
from app.settings import Settings
from services import users
from services.models import Prediction, Source
from services.predictions import Ingest

HEADER = 'customer_id,churn_score,predicted_at\n'
GOOD = HEADER + 'A,0.5,2026-11-20T08:00:00Z\nB,0.25,2026-11-20T09:00:00+02:00\n'
BAD = HEADER + 'C,0.5,\nD,"0,5",\n'

Call = Callable[..., int]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path / 'data')
    with opened(settings) as database, database.writing() as session:
        users.add(session, 'alice@example.com', password_hash='x')
    return settings


@pytest.fixture
def call(settings: Settings) -> Call:
    def call(*arguments: object) -> int:
        parser = argparse.ArgumentParser()
        import_.add_parser(parser.add_subparsers())
        args = parser.parse_args(['import', *map(str, arguments)])
        return int(args.run(args, settings))

    return call


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding='utf-8')
        return path

    return write


Write = Callable[[str, str], Path]


def stored(settings: Settings) -> list[tuple[str, int]]:
    with opened(settings) as database, database.reading() as session:
        query = select(Prediction.customer_id, Prediction.score).order_by(col(Prediction.arrival))
        return [(customer_id, score) for customer_id, score in session.exec(query)]


def sources(settings: Settings) -> list[str]:
    with opened(settings) as database, database.reading() as session:
        return list(session.exec(select(Source.name).order_by(col(Source.id))))


def test_a_file_is_taken_in_under_its_base_name(
    call: Call, write: Write, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write('week.csv', GOOD)
    assert call(path, '--user', 'Alice@example.com') == 0
    assert stored(settings) == [('A', 500_000), ('B', 250_000)]
    assert sources(settings) == ['week.csv']
    out, err = capsys.readouterr()
    assert out == ''
    assert err == f'{path}: 2 rows taken, 0 corrected, 0 duplicates, 0 rejected.\n'


def test_the_same_file_again_changes_nothing(
    call: Call, write: Write, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write('week.csv', GOOD)
    assert call(path, path, '--user', 'alice@example.com') == 0
    assert len(stored(settings)) == 2
    assert '0 rows taken, 0 corrected, 2 duplicates, 0 rejected.' in capsys.readouterr().err


def test_bad_rows_are_listed_and_nothing_of_their_file_is_taken(
    call: Call, write: Write, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = write('bad.csv', BAD), write('good.csv', GOOD)
    assert call(bad, good, '--user', 'alice@example.com') == 1
    assert [customer for customer, _ in stored(settings)] == ['A', 'B']
    assert capsys.readouterr().err.splitlines() == [
        f'{bad}:3: churn_score 0,5: Use a point as the decimal sign, not a comma: 0.5.',
        f'{bad}: nothing was taken, 1 row rejected. Correct the file, or add --skip-bad-rows.',
        f'{good}: 2 rows taken, 0 corrected, 0 duplicates, 0 rejected.',
        '1 of 2 files were taken.',
    ]


def test_bad_rows_are_skipped_on_request(
    call: Call, write: Write, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(write('bad.csv', BAD), '--user', 'alice@example.com', '--skip-bad-rows') == 0
    assert stored(settings) == [('C', 500_000)]
    assert '1 row taken, 0 corrected, 0 duplicates, 1 rejected.' in capsys.readouterr().err


def test_of_many_bad_rows_the_first_twenty_are_shown(
    call: Call, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write('bad.csv', HEADER + 'A,x,\n' * 1_234)
    assert call(path, '--user', 'alice@example.com') == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 22
    assert lines[20] == f'{path}: ... and 1,214 more'


def test_columns_are_mapped_and_unused_ones_are_told(
    call: Call, write: Write, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write('crm.csv', 'Account;Risk = Score;Region\nA;0.5;EU\n')
    options = ('--map', 'Account=customer_id', '--map', 'Risk = Score=churn_score')
    assert call(path, '--user', 'alice@example.com', *options) == 0
    assert stored(settings) == [('A', 500_000)]
    assert 'Unused columns: Region.' in capsys.readouterr().err


def test_compressed_files_and_parquet_files_are_told_by_their_content(
    call: Call, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed, table = tmp_path / 'week.csv.gz', tmp_path / 'week.parquet'
    packed.write_bytes(gzip.compress(GOOD.encode()))
    pq.write_table(pa.table({'customer_id': [1], 'churn_score': [0.75], 'region': ['EU']}), table)
    assert call(packed, table, '--user', 'alice@example.com') == 0
    assert stored(settings) == [('A', 500_000), ('B', 250_000), ('1', 750_000)]
    assert sources(settings) == ['week.csv.gz', 'week.parquet']
    assert capsys.readouterr().err.splitlines() == [
        f'{packed}: 2 rows taken, 0 corrected, 0 duplicates, 0 rejected.',
        f'{table}: 1 row taken, 0 corrected, 0 duplicates, 0 rejected. Unused columns: region.',
    ]


def test_a_file_that_was_cut_off_is_not_taken_in_by_half(
    call: Call, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'week.csv.gz'
    path.write_bytes(gzip.compress(GOOD.encode())[:-4])
    assert call(path, '--user', 'alice@example.com') == 1
    assert stored(settings) == []
    assert capsys.readouterr().err.startswith(f'{path}: nothing was taken. The gzip file ends too early')


def test_a_file_that_is_no_table_does_not_stop_the_others(
    call: Call, write: Write, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(write('odd.csv', 'a,b\n1,2\n'), write('good.csv', GOOD), '--user', 'alice@example.com') == 1
    assert len(stored(settings)) == 2
    assert '--map "THEIR NAME=customer_id"' in capsys.readouterr().err


def test_an_unknown_user_is_a_wrong_call(call: Call, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(write('good.csv', GOOD), '--user', 'bob@example.com') == 2
    assert 'bob@example.com' in capsys.readouterr().err


def test_a_missing_file_is_found_before_anything_is_taken(
    call: Call, write: Write, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for missing in (tmp_path / 'missing.csv', tmp_path):
        assert call(write('good.csv', GOOD), missing, '--user', 'alice@example.com') == 2
        assert str(missing) in capsys.readouterr().err
    assert stored(settings) == []


@pytest.mark.parametrize('mapping', ['Score', '=churn_score', 'Score=nonsense'])
def test_a_mapping_that_makes_no_sense_is_a_wrong_call(mapping: str, call: Call, write: Write) -> None:
    with pytest.raises(SystemExit) as caught:
        call(write('good.csv', GOOD), '--user', 'alice@example.com', '--map', mapping)
    assert caught.value.code == 2


def test_ctrl_c_leaves_nothing_half_taken(
    call: Call, write: Write, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    take = Ingest.take

    def interrupted(self: Ingest, user_id: int, rows: Iterator[object], **options: object) -> object:
        def some() -> Iterator[object]:
            yield next(iter(rows))
            raise KeyboardInterrupt

        return take(self, user_id, some(), **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Ingest, 'take', interrupted)
    path = write('good.csv', GOOD)
    assert call(path, path, '--user', 'alice@example.com') == 130
    assert stored(settings) == []
    assert capsys.readouterr().err == f'{path}: stopped; nothing of this file was taken.\n'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_at_most_ten_times_a_second_and_wiped_at_the_end() -> None:
    now = [0.0]
    terminal = Terminal()
    progress = Progress('week.csv', terminal, clock=lambda: now[0])
    for step in range(1, 1001):
        now[0] = step / 1000
        progress.read(step * 100, 0)
    assert 9 <= terminal.getvalue().count('\r') <= 11
    assert terminal.getvalue().endswith('rows/s')
    assert '100,000 rows/s' in terminal.getvalue()
    progress.clear()
    assert terminal.getvalue().endswith('\r\x1b[K')


def test_progress_tells_reading_from_storing_with_a_rate_for_each() -> None:
    now = [0.0]
    terminal = Terminal()
    progress = Progress('week.csv', terminal, clock=lambda: now[0])
    now[0] = 10
    progress.read(1_000, 20)
    for second in (10, 12):
        now[0] = second
        progress.stored(1_000)
    assert '1,000 rows read, 20 rejected, 100 rows/s' in terminal.getvalue()
    assert terminal.getvalue().endswith('1,000 rows stored, 500 rows/s')


def test_a_bar_tells_how_much_of_what_was_read_is_stored() -> None:
    now = [0.0]
    terminal = Terminal()
    progress = Progress('week.csv', terminal, clock=lambda: now[0])
    progress.read(4_000, 0)
    now[0] = 1.0
    progress.stored(1_000)
    assert f'[{"█" * 6}{"·" * 18}] 1,000 rows stored' in terminal.getvalue()


def test_progress_is_a_line_now_and_then_where_standard_error_is_a_file() -> None:
    now = [0.0]
    log = io.StringIO()
    progress = Progress('week.csv', log, clock=lambda: now[0])
    for second in range(8):
        now[0] = second
        if second < 5:
            progress.read(second * 100, 0)
        else:
            progress.stored(second * 100)
    progress.clear()
    assert log.getvalue() == 'week.csv: 300 rows read, 100 rows/s\nweek.csv: 600 rows stored, 300 rows/s\n'


def test_both_phases_of_an_import_are_told(
    call: Call, write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_module, 'LOG_PAUSE', 0.0)
    path = write('week.csv', HEADER + ''.join(f'C{n},0.5,2026-11-20T08:00:00Z\n' for n in range(2_500)))
    assert call(path, '--user', 'alice@example.com') == 0
    told = [line.partition(', ')[0] for line in capsys.readouterr().err.splitlines()[:-1]]
    assert told[-3:] == [
        f'week.csv: {rows} rows {phase}'
        for rows, phase in (('2,500', 'read'), ('2,000', 'stored'), ('2,500', 'stored'))
    ]
