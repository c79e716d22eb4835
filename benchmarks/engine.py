"""What reading the board and taking predictions in cost, by the length of the history.

Answers come from the code the board runs, each measured over ``READS`` calls after a warm-up, on a database of its own.
"plain" is the same answer by SQL over the predictions. "raw" is the same rows loaded by the driver (executemany, COPY)
into the same table with the same indexes, and nothing else; "ingest" takes rows that were read and checked, "CSV" a
file from its first byte on, "next file" a twentieth as many new rows into what is there. Ratios within one run count,
absolute values are the machine's.
"""

from __future__ import annotations

import csv
import random
import resource
import secrets
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlmodel import Session

from benchmarks.raw_load import raw_load
from services import migrations, users
from services.aggregates import aggregate
from services.clock import from_micros, rfc3339, to_micros
from services.dashboard import Dashboard
from services.database import Database
from services.file_rows import read_rows
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.rollup_tables import CustomerDay, RollupBin, RollupDay, RollupInterval
from services.scores import RiskBands
from services.selection import Selection

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAYS = 90
PER_CUSTOMER = 10
READS = 30
SIZES = (5_000, 50_000, 500_000, 5_000_000)
QUICK_SIZES = (5_000, 50_000)
QUERIES = {
    'all': {},
    '30 days': {'range': '30d'},
    'high risk': {'risk': 'high'},
    'one name': {'q': 'customer 0000017'},
    '0.5 % by score': {'min_score': '0.995'},
}
Figures = dict[str, float | int | str]


@dataclass
class Report:
    """Rows of figures, one for each database and size."""

    rows: list[Figures] = field(default_factory=list)

    def table(self) -> str:
        """A line for each figure, a column for each size."""
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        lines = [[name, *(_shown(row.get(name)) for row in self.rows)] for name in names]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return '\n'.join(_line(line, widths) for line in lines)


def run(*, sizes: tuple[int, ...], server: str | None = None, tell: Callable[[str], None]) -> Report:
    """Measure every size on a database of its own.

    :param server: the address of a PostgreSQL server on which databases may be created; ``None``: SQLite.
    """
    report = Report()
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder, _empty_database(server, Path(folder)) as url:
            tell(f'{size:,} predictions ...')
            database = Database.open(url)
            migrations.upgrade(database)
            try:
                report.rows.append(_measure(database, size, Path(folder)))
            finally:
                database.close()
    return report


@contextmanager
def _empty_database(server: str | None, folder: Path) -> Iterator[str]:
    if server is None:
        yield f'sqlite:///{folder}/bench.sqlite3'
        return
    name = f'churnboard_bench_{secrets.token_hex(4)}'
    engine = create_engine(make_url(server).set(drivername='postgresql+psycopg2'), isolation_level='AUTOCOMMIT')
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE {name}'))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f'DROP DATABASE {name} WITH (FORCE)'))
    engine.dispose()


def _measure(database: Database, size: int, folder: Path) -> Figures:
    user_id = _add_user(database, 'bench')
    figures: Figures = {'database': database.engine.dialect.name, 'predictions': size}
    figures |= _ingest_figures(database, user_id, size, folder)
    dashboard = Dashboard(bands=RiskBands())
    for name, query in QUERIES.items():
        selection = dashboard.selection(user_id, DashboardQuery.parse(query), zone='UTC', now=NOW)
        figures |= _read_figures(database, dashboard, selection, name)
    figures['peak MB'] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    figures |= _rollup_sizes(database, user_id)
    return figures


def _ingest_figures(database: Database, user_id: int, size: int, folder: Path) -> Figures:
    """What loading costs; making the rows is measured apart and taken off."""
    raw_user_id, csv_user_id = _add_user(database, 'raw'), _add_user(database, 'csv')
    ingest = Ingest(database, clock=lambda: NOW)
    made = _timed(lambda: deque(_rows(size), maxlen=0))
    raw = _timed(lambda: raw_load(database, raw_user_id, _rows(size))) - made
    taken = _timed(lambda: ingest.take(user_id, _rows(size), kind=SourceKind.FILE, name='bench.csv')) - made
    path = folder / 'bench.csv'
    _write_csv(path, size)

    def take_csv() -> None:
        with path.open('rb') as stream:
            ingest.take(csv_user_id, read_rows(stream, now=NOW), kind=SourceKind.FILE, name='bench.csv')

    csv_taken = _timed(take_csv)
    more = size // 20
    later = (row._replace(predicted_at=(row.predicted_at or 0) - 1_000_000) for row in _rows(size))
    one_more = list(islice(later, more))
    next_taken = _timed(lambda: ingest.take(user_id, one_more, kind=SourceKind.FILE, name='next.csv'))
    return {
        'raw rows/s': round(size / raw),
        'ingest rows/s': round(size / taken),
        'ingest/raw': round(raw / taken, 2),
        'CSV rows/s': round(size / csv_taken),
        'CSV/raw': round(raw / csv_taken, 2),
        'next file rows/s': round(more / next_taken),
    }


def _write_csv(path: Path, size: int) -> None:
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(('customer_id', 'churn_score', 'predicted_at', 'customer_name'))
        for row in _rows(size):
            at = from_micros(row.predicted_at or 0)
            writer.writerow((row.customer_id, row.score / 1_000_000, rfc3339(at), row.customer_name))


def _read_figures(database: Database, dashboard: Dashboard, selection: Selection, name: str) -> Figures:
    def board(session: Session) -> None:
        dashboard.numbers(session, selection)

    def plain(session: Session) -> None:
        aggregate(session, selection)

    times = _times(database, board, READS)
    figures: Figures = {f'{name} p50 ms': _percentile(times, 0.5), f'{name} p95 ms': _percentile(times, 0.95)}
    if name in ('all', '30 days'):
        figures[f'{name} plain ms'] = _percentile(_times(database, plain, 3), 0.5)
        figures[f'{name} charts ms'] = _percentile(
            _times(database, lambda session: _charts(dashboard, session, selection), 5), 0.5
        )
    return figures


def _charts(dashboard: Dashboard, session: Session, selection: Selection) -> None:
    dashboard.charts(session, selection)


def _times(database: Database, work: Callable[[Session], None], count: int) -> list[float]:
    """Milliseconds of each call; the first few warm up and are not counted, and long ones are not repeated for ever."""
    times: list[float] = []
    for number in range(count + 2):
        with database.reading() as session:
            began = time.perf_counter()
            work(session)
            took = 1000 * (time.perf_counter() - began)
        if number >= 2 or took > 2000:
            times.append(took)
        if sum(times) > 20_000 and len(times) >= 3:
            break
    return times


def _rows(size: int) -> Iterator[PredictionRow]:
    """Scorings of ``size / 10`` customers on ten days of the last ninety, day by day."""
    rng = random.Random(size)
    customers = max(1, size // PER_CUSTOMER)
    levels = [rng.random() for _ in range(customers)]
    first = NOW - timedelta(days=DAYS - 1)
    for scoring in range(PER_CUSTOMER):
        for customer in range(customers):
            day = (scoring * DAYS // PER_CUSTOMER) + customer % (DAYS // PER_CUSTOMER)
            at = to_micros(first + timedelta(days=day)) + customer
            score = min(1_000_000, max(0, int(1_000_000 * levels[customer] ** 2 + rng.gauss(0, 40_000))))
            yield PredictionRow(1, f'C{customer:07}', score, min(at, to_micros(NOW)), None, f'Customer {customer:07}')


def _rollup_sizes(database: Database, user_id: int) -> Figures:
    """Rows of each rollup."""
    figures: Figures = {}
    with database.reading() as session:
        for table in (RollupDay, RollupBin, CustomerDay, RollupInterval):
            count = session.execute(
                text(f'SELECT count(*) FROM {table.__tablename__} WHERE user_id = :user'), {'user': user_id}
            ).scalar_one()
            figures[f'{table.__tablename__} rows'] = count
    return figures


def _add_user(database: Database, name: str) -> int:
    with database.writing() as session:
        user = users.add(session, f'{name}@example.com', password_hash='')
        assert user.id is not None
        return user.id


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _percentile(times: list[float], share: float) -> float:
    if len(times) < 2:
        return round(times[0], 2)
    return round(statistics.quantiles(times, n=100, method='inclusive')[int(share * 100) - 1], 2)


def _line(cells: list[str], widths: list[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return '  '.join([first.strip().ljust(widths[0]), *others])


def _shown(value: object) -> str:
    return f'{value:,}' if isinstance(value, int | float) else str(value or '')
