"""What the browser's page costs, beside an empty page of NiceGUI.

Each server has a core of its own; the load, the writer, the browser and, unless another server is named, the database
share the others. CPU is user and system time of the server's process over whole beats, after a beat to warm up. A tab
is all that a browser's tab is to the server, with a user of its own, and with all charts in view. Ratios within one run
count, absolute values are the machine's.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvloop

from benchmarks import live_data
from benchmarks.live import check_rollups
from benchmarks.live_report import Report
from benchmarks.live_servers import Place
from benchmarks.machine import allow_files, check_platform, core_of_its_own
from benchmarks.pace import LAG_SECONDS
from benchmarks.page_figures import TABS, report_of
from benchmarks.page_run import Bench, Plan
from services.database import Database

FULL = Plan(tabs=TABS, beat=5, beats=5, loads=5, lag_seconds=LAG_SECONDS)
QUICK = Plan(tabs=30, beat=1, beats=2, loads=1, lag_seconds=0)


def run(plan: Plan, *, server: str | None = None, tell: Callable[[str], None]) -> Report:
    """Measure everything once.

    :param server: the address of a PostgreSQL server on which a database may be created; ``None``: one of our own.
    :raises Unavailable: this machine cannot do it, or a server failed.
    """
    check_platform('bench page')
    allow_files(plan.tabs, instead='--tabs')
    with (
        core_of_its_own() as core,
        tempfile.TemporaryDirectory(prefix='churnboard-bench-') as folder,
        live_data.empty_database(server, Path(folder)) as url,
    ):
        tell(f'{plan.tabs:,} users with {live_data.ROWS} predictions each ...')
        database = Database.open(url)
        try:
            bench = Bench(plan, database, url, Place(core=core, beat=plan.beat, folder=Path(folder)), tell)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                measured = runner.run(bench.measure())
            check_rollups(database, bench.users)
        finally:
            database.close()
    return report_of(plan.beat, database.engine.dialect.name, measured)
