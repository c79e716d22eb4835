"""What reading the board and taking predictions in cost, by the length of the history.

Answers come from the code the board runs, each measured over ``READS`` calls after a warm-up, on a database of its own
in a temporary folder. "plain" is the same answer by SQL over the predictions; "raw" is the same rows loaded into the
same table with the same indexes and nothing else. Ratios within one run count, absolute values are the machine's.
"""

from __future__ import annotations

import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text
from sqlmodel import Session

from services import migrations, users
from services.aggregates import aggregate
from services.clock import to_micros
from services.dashboard import Dashboard
from services.database import Database
from services.models import Prediction, Source, SourceKind
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


def run(*, sizes: tuple[int, ...], urls: Callable[[Path], str], tell: Callable[[str], None]) -> Report:
    """Measure every size on a database of its own.

    :param urls: gives the address of an empty database, with a folder it may use.
    """
    report = Report()
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            tell(f'{size:,} predictions ...')
            database = Database.open(urls(Path(folder)))
            migrations.upgrade(database)
            try:
                report.rows.append(_measure(database, size))
            finally:
                database.close()
    return report


def _measure(database: Database, size: int) -> Figures:
    user_id, raw_user_id = _add_user(database, 'bench'), _add_user(database, 'raw')
    figures: Figures = {'database': database.engine.dialect.name, 'predictions': size}
    raw = _timed(lambda: _load_raw(database, raw_user_id, size))
    ingest = Ingest(database, clock=lambda: NOW)
    taken = _timed(lambda: ingest.take(user_id, _rows(size), kind=SourceKind.FILE, name='bench.csv'))
    figures |= {
        'raw rows/s': round(size / raw),
        'ingest rows/s': round(size / taken),
        'ingest/raw': round(raw / taken, 2),
    }
    dashboard = Dashboard(bands=RiskBands())
    for name, query in QUERIES.items():
        selection = dashboard.selection(user_id, DashboardQuery.parse(query), zone='UTC', now=NOW)
        figures |= _read_figures(database, dashboard, selection, name)
    figures['peak MB'] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    figures |= _rollup_sizes(database, user_id)
    return figures


def _read_figures(database: Database, dashboard: Dashboard, selection: Selection, name: str) -> Figures:
    def board(session: Session) -> None:
        dashboard.numbers(session, selection)

    def plain(session: Session) -> None:
        aggregate(session, selection)

    times = _times(database, board, READS)
    figures: Figures = {f'{name} p50 ms': _percentile(times, 0.5), f'{name} p95 ms': _percentile(times, 0.95)}
    if not selection.query.risk and not selection.query.text:
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


def _load_raw(database: Database, user_id: int, size: int) -> None:
    """The same rows into the same table, with nothing that makes them right."""
    with database.writing() as session:
        session.add(Source(user_id=user_id, id=1, kind=SourceKind.FILE, name='raw.csv', created_at=0))
        session.flush()
        batch: list[dict[str, object]] = []
        for arrival, row in enumerate(_rows(size), start=1):
            batch.append(_columns(user_id, arrival, row))
            if len(batch) == 5_000:
                _insert(session, batch)
                batch = []
        _insert(session, batch)


def _insert(session: Session, batch: list[dict[str, object]]) -> None:
    if batch:
        session.connection().execute(insert(Prediction), batch)


def _columns(user_id: int, arrival: int, row: PredictionRow) -> dict[str, object]:
    return {
        'user_id': user_id,
        'arrival': arrival,
        'source_id': 1,
        'customer_id': row.customer_id,
        'score': row.score,
        'predicted_at': row.predicted_at,
        'timed': True,
        'committed_at': 0,
        'external_id': None,
        'status': row.status,
        'customer_name': row.customer_name,
        'account_value': None,
        'reasons': None,
    }


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
