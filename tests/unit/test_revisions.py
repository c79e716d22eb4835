"""No committed change is missed: two processes write, a third reads what the revision says there must be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from services import users
from services.database import Database
from services.models import Prediction
from services.rollup_check import first_difference
from services.scores import RiskBands
from services.user_states import UserState, user_states
from services.visibility import visible

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from services.clock import system_clock
from services.database import Database
from services.errors import Unavailable
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest

url, user, name, commits = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
ingest = Ingest(Database.open(url), clock=system_clock)
number = 0
while number < commits:
    try:
        ingest.take(user, [PredictionRow(1, f'{name}{number % 50}', number, None)], kind=SourceKind.API, name='')
        number += 1
    except Unavailable:  # the other one writes without a pause, and SQLite has no queue: who is told so tries again
        pass
"""


@pytest.mark.parametrize('commits', [40, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])])
def test_a_reader_sees_every_commit_of_two_writing_processes(
    database: Database, database_url: str, commits: int
) -> None:
    with database.writing() as session:
        user_id = users.add(session, 'alice@example.com', password_hash='x').id
    assert user_id
    writers = [
        subprocess.Popen([sys.executable, '-c', WRITER, database_url, str(user_id), name, str(commits // 2)], cwd=ROOT)
        for name in 'ab'
    ]
    looks = [_look(database, user_id)]
    while any(writer.poll() is None for writer in writers):
        looks.append(_look(database, user_id))
    looks.append(_look(database, user_id))

    assert [writer.returncode for writer in writers] == [0, 0]
    assert (looks[-1].revision, looks[-1].arrivals) == (commits, commits)
    assert len({look.revision for look in looks}) > 2, 'it read while they wrote'
    assert looks == sorted(looks, key=lambda look: look.revision)
    with database.reading() as session:
        assert first_difference(session, user_id, zone='UTC', bands=RiskBands()) is None


def _look(database: Database, user_id: int) -> UserState:
    """A look as the hub takes it. What the state says was committed is all there, with no number left out."""
    with database.reading() as session:
        state = user_states(session, [user_id])[user_id]
        arrivals = col(Prediction.arrival)
        rows, last = session.execute(select(func.count(), func.max(arrivals)).where(*visible(user_id))).one()
    assert (rows, last or 0) == (state.arrivals, state.arrivals)
    assert state.revision == state.arrivals, 'each commit brings one prediction'
    return state
