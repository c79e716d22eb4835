"""What the live protocol and REST cost, beside Node's socket.io that sends as much to as many.

Each server has a core of its own; the load, the writer and, unless another server is named, the database share the
others. CPU is user and system time of the server's process over whole beats, after a beat to warm up. An "update" is
a ``dashboard_update`` or ``dashboard_changes`` that a client got. Ratios within one run count, absolute values are the
machine's. "beside pings" takes off what the same connections cost on a server that has no beat.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from benchmarks import live_data
from benchmarks.live_figures import report_of
from benchmarks.live_report import Report
from benchmarks.live_run import Bench, Plan
from benchmarks.live_servers import Place, peer_modules
from services.database import Database
from services.errors import Unavailable
from services.loop_lag import WINDOW
from services.rollup_check import first_difference
from services.scores import RiskBands

SPARE_FILES = 500
CHECKED = 5

LAG_SECONDS = 1.1 * WINDOW
"""The server keeps a number of looks, which take longer while the loop is late."""

FULL = Plan(users=4_000, beat=5, beats=5, rest_seconds=10, idle_seconds=25, lag_seconds=LAG_SECONDS)
QUICK = Plan(users=100, beat=0.5, beats=2, rest_seconds=1, idle_seconds=0, lag_seconds=0)


def run(plan: Plan, *, server: str | None = None, tell: Callable[[str], None]) -> Report:
    """Measure everything once.

    :param server: the address of a PostgreSQL server on which a database may be created; ``None``: one of our own.
    :raises Unavailable: this machine cannot do it, or a server failed.
    """
    if not hasattr(os, 'sched_setaffinity'):
        raise Unavailable('bench live needs Linux: it reads what a server used from /proc, and gives it a core.')
    _allow_files(plan.users)
    modules = peer_modules(tell)
    with (
        _core_of_its_own() as core,
        tempfile.TemporaryDirectory(prefix='churnboard-bench-') as folder,
        live_data.empty_database(server, Path(folder)) as url,
    ):
        tell(f'{plan.users:,} users with {live_data.ROWS} predictions each ...')
        database = Database.open(url)
        try:
            bench = Bench(plan, database, url, Place(core=core, beat=plan.beat, folder=Path(folder)), tell)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                measured = runner.run(bench.measure(modules))
            _check_rollups(database, bench.users)
        finally:
            database.close()
    return report_of(plan.users, plan.beat, database.engine.dialect.name, measured)


@contextmanager
def _core_of_its_own() -> Iterator[int]:
    """Keep this process and what it starts off one core, where there is more than one."""
    before = os.sched_getaffinity(0)
    first, *others = sorted(before)
    os.sched_setaffinity(0, others or before)
    try:
        yield first
    finally:
        os.sched_setaffinity(0, before)


def _allow_files(users: int) -> None:
    needed = users + SPARE_FILES
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < needed:
        raise Unavailable(
            f'{needed:,} open files are needed, and {most:,} allowed: raise `ulimit -n`, or use --clients.'
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _check_rollups(database: Database, users: list[int]) -> None:
    """What the writer wrote is what the product would have written."""
    with database.reading(patient=True) as session:
        for user_id in random.Random(1).sample(users, min(CHECKED, len(users))):
            difference = first_difference(session, user_id, zone='UTC', bands=RiskBands())
            if difference:
                raise Unavailable(
                    f'The figures are worth nothing: the rollups of user {user_id} are wrong: {difference}'
                )
