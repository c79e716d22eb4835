"""What the live protocol and REST cost, beside Node's socket.io that sends as much to as many.

Each server has a core of its own; the load, the writer and, unless another server is named, the database share the
others. CPU is user and system time of the server's process over whole beats, after a beat to warm up. An "update" is
a ``dashboard_update`` or ``dashboard_changes`` that a client got. Ratios within one run count, absolute values are the
machine's. "beside pings" takes off what the same connections cost on a server that has no beat.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvloop

from benchmarks import live_data
from benchmarks.live_figures import report_of
from benchmarks.live_report import Report
from benchmarks.live_run import Bench, Plan
from benchmarks.live_servers import Place, peer_modules
from benchmarks.machine import allow_files, check_platform, core_of_its_own
from benchmarks.pace import LAG_SECONDS
from services.database import Database
from services.errors import Unavailable
from services.rollup_check import first_difference
from services.scores import RiskBands

CHECKED = 5

FULL = Plan(users=4_000, beat=5, beats=5, rest_seconds=10, idle_seconds=25, lag_seconds=LAG_SECONDS)
QUICK = Plan(users=100, beat=0.5, beats=2, rest_seconds=1, idle_seconds=0, lag_seconds=0)


def run(plan: Plan, *, server: str | None = None, tell: Callable[[str], None]) -> Report:
    """Measure everything once.

    :param server: the address of a PostgreSQL server on which a database may be created; ``None``: one of our own.
    :raises Unavailable: this machine cannot do it, or a server failed.
    """
    check_platform('bench live')
    allow_files(plan.users, instead='--clients')
    modules = peer_modules(tell)
    with (
        core_of_its_own() as core,
        tempfile.TemporaryDirectory(prefix='churnboard-bench-') as folder,
        live_data.empty_database(server, Path(folder)) as url,
    ):
        tell(f'{plan.users:,} users with {live_data.ROWS} predictions each ...')
        database = Database.open(url)
        try:
            bench = Bench(plan, database, url, Place(core=core, beat=plan.beat, folder=Path(folder)), tell)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                measured = runner.run(bench.measure(modules))
            check_rollups(database, bench.users)
        finally:
            database.close()
    return report_of(plan.users, plan.beat, database.engine.dialect.name, measured)


def check_rollups(database: Database, users: list[int]) -> None:
    """What the writer wrote is what the product would have written."""
    with database.reading(patient=True) as session:
        for user_id in random.Random(1).sample(users, min(CHECKED, len(users))):
            difference = first_difference(session, user_id, zone='UTC', bands=RiskBands())
            if difference:
                raise Unavailable(
                    f'The figures are worth nothing: the rollups of user {user_id} are wrong: {difference}'
                )
