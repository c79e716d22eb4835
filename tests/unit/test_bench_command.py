"""``bench live``: what it writes is what the product would have written, and what it tells is what it measured."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from app.cli import main
from benchmarks import live_data, live_servers
from benchmarks.live import FULL, QUICK
from benchmarks.live_clients import Heard, Load
from benchmarks.live_figures import LAGS, Measured, Window, idle_of, report_of
from benchmarks.live_report import Figure, Target
from benchmarks.live_servers import Server, lags
from benchmarks.live_writer import write
from services.clock import from_micros, system_clock
from services.counters import Counters
from services.database import Database
from services.errors import Unavailable
from services.loop_lag import WINDOW, LoopLag
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.rollup_check import first_difference
from services.scores import RiskBands

OWN = {'user_id', 'committed_at', 'created_at', 'id', 'started_at'}
"""Columns in which two users with the same data differ."""


def rows(database: Database, table: str, user_id: int) -> set[frozenset[tuple[str, Any]]]:
    with database.reading() as session:
        found = session.execute(text(f'SELECT * FROM {table} WHERE user_id = :user'), {'user': user_id}).mappings()
        return {frozenset((key, value) for key, value in row.items() if key not in OWN) for row in found}


def test_every_user_has_the_same_data_and_right_rollups(database: Database) -> None:
    first, second, third = live_data.fill(database, 3)
    for table in live_data.COPIED:
        name = str(table.__tablename__)
        assert rows(database, name, first) == rows(database, name, second) == rows(database, name, third) != set()
    with database.reading() as session:
        assert first_difference(session, third, zone='UTC', bands=RiskBands()) is None


def test_the_writer_writes_what_the_product_would_have_written(database: Database) -> None:
    product, bench, other = live_data.fill(database, 3)
    with database.writing() as session:
        write(session, [bench])
    with database.reading() as session:
        newest = 'SELECT * FROM prediction WHERE user_id = :user ORDER BY arrival DESC LIMIT 1'
        made = session.execute(text(newest), {'user': bench}).mappings().one()
    row = PredictionRow(1, made['customer_id'], made['score'], made['predicted_at'])
    ingest = Ingest(database, clock=lambda: from_micros(made['committed_at']))
    ingest.take(product, [row], **live_data.FEED)  # type: ignore[arg-type]
    for table in live_data.COPIED:
        name = str(table.__tablename__)
        assert rows(database, name, bench) == rows(database, name, product), name
    assert rows(database, 'user_revision', bench) != rows(database, 'user_revision', other)


def test_the_writer_keeps_the_rollups_right(database: Database) -> None:
    users = live_data.fill(database, 3)
    for chosen in (users, users[:2], users):
        with database.writing() as session:
            write(session, chosen)
    with database.reading() as session:
        for user_id in users:
            assert first_difference(session, user_id, zone='UTC', bands=RiskBands()) is None


def test_the_lag_is_found_in_what_the_server_tells() -> None:
    lag, counters = LoopLag(), Counters()
    for wait in (0.001, 0.002, 0.05):
        lag.note(wait)
    for quantile, seconds in lag.quantiles().items():
        counters.show_lag(quantile, seconds)
    found = lags(counters.text().decode())
    assert found == pytest.approx({share: 1000 * seconds for share, seconds in lag.quantiles().items()})
    assert found.keys() == LAGS.keys()


@pytest.mark.parametrize(('beats', 'lead_in'), [(2, 18), (5, 3), (9, 0)])
def test_the_lag_that_is_told_is_of_one_load_alone(beats: int, lead_in: float) -> None:
    """Connecting and disconnecting thousands holds the loop for seconds."""
    assert replace(FULL, beats=beats).lead_in == pytest.approx(lead_in)
    assert FULL.lag_seconds > WINDOW
    assert QUICK.lead_in == 0


class StartingServer(Server):
    """One that works for a while some seconds after its start, as ours does when it looks through the rollups."""

    def cpu(self) -> float:
        return sum(min(max(0.0, time.monotonic() - self.port - begins), 0.3) * 1000 for begins in (0.2, 0.6))


async def test_a_server_is_at_rest_only_after_what_it_begins_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quiet at first is not at rest: what comes then would be taken for the cost of whatever is measured."""
    monkeypatch.setattr(live_servers, 'LOOK_SECONDS', 0.3)
    monkeypatch.setattr(live_servers, 'START_MARGIN', 0.1)
    monkeypatch.setattr(live_servers, 'LOOK_EVERY', 0.1)
    server = StartingServer('ours', 0, time.monotonic())  # type: ignore[arg-type]
    assert await server.at_rest() == pytest.approx(600, abs=1)


async def test_a_server_that_never_rests_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy(Server):
        def cpu(self) -> float:
            return 1000 * time.monotonic()

    for name, value in (('LOOK_SECONDS', 0), ('START_MARGIN', 0), ('LOOK_EVERY', 0.1), ('REST_SECONDS', 1)):
        monkeypatch.setattr(live_servers, name, value)
    with pytest.raises(Unavailable, match='come to rest'):
        await Busy('ours', 0, 0).at_rest()


def test_what_pings_cost_is_told_only_where_it_can_be() -> None:
    assert idle_of(alone=22, connected=58, pings=100) == (22, 36, 100)
    assert idle_of(alone=900, connected=438, pings=100) is None
    assert idle_of(alone=22, connected=58, pings=0) is None


@pytest.mark.parametrize(
    ('target', 'ours', 'peer', 'met'),
    [
        (Target(limit=50), 50, None, True),
        (Target(limit=50), 51, 1, False),
        (Target(limit=2.5, of_ratio=True), 10, 4, True),
        (Target(limit=2.5, of_ratio=True), 10.1, 4, False),
        (Target(limit=2.5, of_ratio=True), 10, None, None),
        (Target(limit=300, at_least=True), 299, None, False),
        (Target(limit=300, at_least=True), 300, None, True),
        (None, 1, 1, None),
    ],
)
def test_a_target_is_met_missed_or_not_measured(
    target: Target | None, ours: float, peer: float | None, met: bool | None
) -> None:
    assert Figure(name='x', ours=ours, peer=peer, target=target).met is met


def test_figures_are_taken_over_updates_and_beats() -> None:
    heard = Heard(events=Counter(dashboard_update=100, new_prediction=40), bytes=Counter(dashboard_update=430_000))
    window = Window(beats=5, cpu=250, heard=heard, lag={}, written=120)
    peer = Window(beats=5, cpu=50, heard=heard, lag={})
    measured = Measured(connected={'ours': (400, 30)}, windows={('full', 1.0): window}, peer=peer)
    figures = {row.name: row for row in report_of(20, 5, 'sqlite', measured).rows}
    assert figures['full, all changing: CPU ms/update'].ours == 2.5
    assert figures['full, all changing: CPU ms/update'].ratio == 5
    assert figures['full, all changing: CPU ms/beat'].ours == 50
    assert figures['full, all changing: other events/beat'].ours == 8
    assert figures['bytes/update'].ours == 4300


async def test_a_client_that_is_refused_ends_the_run() -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 503 Service Unavailable\r\n\r\n')
        writer.close()

    server = await asyncio.start_server(refuse, '127.0.0.1', 0)
    with pytest.raises(Unavailable, match='503'):
        await Load(server.sockets[0].getsockname()[1]).connect(['token'])
    server.close()


def test_a_wrong_number_of_clients_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match='2'):
        main(['bench', 'live', '--clients', '0'])
    assert '--clients' in capsys.readouterr().err


def test_the_history_ends_before_now_and_repeats() -> None:
    now = system_clock()
    history = list(live_data.history(now))
    assert history == list(live_data.history(now))
    assert len(history) == live_data.ROWS
    assert max(from_micros(row.predicted_at or 0) for row in history) < now
