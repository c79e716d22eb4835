from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session

from services import database as module
from services.database import Database
from services.errors import Unavailable

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url)
    with database.writing() as session:
        session.execute(text('CREATE TABLE facts (number integer)'))
    yield database
    database.close()


@pytest.fixture
def on_postgresql(postgresql_url: str) -> Iterator[Database]:
    database = Database.open(postgresql_url)
    yield database
    database.close()


def facts(session: Session) -> int:
    return session.execute(text('SELECT count(*) FROM facts')).scalar_one()


def add_fact(session: Session) -> None:
    session.execute(text('INSERT INTO facts VALUES (1)'))


def test_one_read_sees_one_state(empty: Database) -> None:
    with empty.reading() as reading:
        assert facts(reading) == 0
        with empty.writing() as writing:
            add_fact(writing)
        assert facts(reading) == 0
    with empty.reading() as reading:
        assert facts(reading) == 1


def test_what_a_read_changed_is_rolled_back(empty: Database) -> None:
    with empty.reading() as session:
        add_fact(session)
    with empty.reading() as session:
        assert facts(session) == 0


async def test_writers_that_wait_keep_no_reader_waiting(empty: Database) -> None:
    gate = threading.Event()
    writers = [asyncio.create_task(empty.run(lambda: gate.wait(10), writes=True)) for _ in range(10)]
    await asyncio.sleep(0.1)
    try:
        start = time.monotonic()
        assert await empty.read(facts) == 0
        assert time.monotonic() - start < 2
    finally:
        gate.set()
        await asyncio.gather(*writers)


async def test_a_writer_waits_for_another_as_long_as_it_may(empty: Database) -> None:
    def write(wait: float) -> None:
        with empty.writing(wait=wait) as session:
            session.execute(text('LOCK TABLE facts' if not empty.is_sqlite else 'SELECT 1'))
            add_fact(session)

    with empty.writing() as holder:
        add_fact(holder)
        start = time.monotonic()
        with pytest.raises(Unavailable, match='Nothing was changed'):
            await asyncio.to_thread(write, 0.2)
        assert 0.1 < time.monotonic() - start < 3
        waiting = asyncio.create_task(empty.run(lambda: write(10), writes=True))
        await asyncio.sleep(0.5)
        assert not waiting.done()
    await waiting
    assert await empty.read(facts) == 2


async def test_work_that_hangs_is_given_up(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(module, 'READ_SECONDS', 0.1)
    monkeypatch.setattr(module, 'WRITE_SECONDS', 0.1)
    try:
        with pytest.raises(Unavailable, match=r'^The database does not answer at the moment\.$'):
            await empty.run(gate.wait)
        with pytest.raises(Unavailable, match='not known'):
            await empty.run(gate.wait, writes=True)
    finally:
        gate.set()


async def test_a_timeout_of_the_work_itself_is_its_own(empty: Database) -> None:
    def work() -> None:
        raise TimeoutError('mine')

    with pytest.raises(TimeoutError, match='mine'):
        await empty.run(work)


async def test_a_cancelled_caller_takes_back_what_has_not_begun(empty: Database) -> None:
    gate, ran = threading.Event(), threading.Event()
    first = [asyncio.create_task(empty.run(lambda: gate.wait(10), writes=True)) for _ in range(module.WRITERS)]
    await asyncio.sleep(0.05)
    late = asyncio.create_task(empty.run(ran.set, writes=True))
    await asyncio.sleep(0.05)
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    gate.set()
    await asyncio.gather(*first)
    await empty.run(lambda: None, writes=True)
    assert not ran.is_set()


async def test_closing_waits_for_what_has_begun_but_not_for_ever(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, 'CLOSE_SECONDS', 1)
    gate, done = threading.Event(), threading.Event()
    begun = threading.Barrier(3)

    def short() -> None:
        begun.wait()
        time.sleep(0.1)
        done.set()

    def for_ever() -> None:
        begun.wait()
        gate.wait()

    tasks = [asyncio.create_task(empty.run(work)) for work in (short, for_ever)]
    await asyncio.to_thread(begun.wait, 10)
    start = time.monotonic()
    empty.close()
    assert time.monotonic() - start < 5
    assert done.is_set()
    gate.set()
    await asyncio.gather(*tasks)
    with pytest.raises(RuntimeError):
        await empty.run(lambda: None)


HANGING = """
import asyncio, sys, threading
from services import database
from services.database import Database

database.CLOSE_SECONDS = 0.2
database.READ_SECONDS = 0.2
opened = Database.open('sqlite:///' + sys.argv[1])
try:
    asyncio.run(opened.run(threading.Event().wait))
except Exception as error:
    print(error)
opened.close()
"""


def test_the_process_ends_although_a_thread_hangs(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, '-c', HANGING, str(tmp_path / 'x')],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, 'The database does not answer at the moment.\n'), ended.stderr


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_a_postgresql_that_hangs_is_told_and_comes_back(
    on_postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def backend(session: Session) -> int:
        return session.execute(text('SELECT pg_backend_pid()')).scalar_one()

    hanging = await on_postgresql.read(backend)
    with stopped([hanging]), monkeypatch.context() as impatient, pytest.raises(Unavailable, match='does not answer'):
        impatient.setattr(module, 'READ_SECONDS', 0.5)
        await on_postgresql.read(backend)
    assert await on_postgresql.read(backend)


def test_connections_that_broke_while_nobody_used_them_are_replaced_unnoticed(
    on_postgresql: Database, postgresql_url: str
) -> None:
    other = Database.open(postgresql_url)

    def backend(session: Session) -> int:
        return session.execute(text('SELECT pg_backend_pid()')).scalar_one()

    for transaction in (on_postgresql.reading, on_postgresql.writing):
        with ExitStack() as together:
            broken = {backend(together.enter_context(on_postgresql.reading())) for _ in range(3)}
        with other.reading() as killer:
            for pid in broken:
                killer.execute(text('SELECT pg_terminate_backend(:pid, 5000)'), {'pid': pid})
        for _ in range(3):
            with transaction() as session:
                assert backend(session) not in broken
    other.close()


def test_a_statement_of_its_own_is_asked_again_when_its_connection_broke_while_nobody_used_it(
    on_postgresql: Database,
) -> None:
    ask = 'SELECT pg_backend_pid()'
    ((broken,),) = on_postgresql.asked(ask, {})
    with on_postgresql.reading() as killer:
        killer.execute(text('SELECT pg_terminate_backend(:pid, 5000)'), {'pid': broken})
    ((made_again,),) = on_postgresql.asked(ask, {})
    assert made_again != broken


def test_a_statement_of_its_own_that_loses_its_connection_twice_is_told_as_that(on_postgresql: Database) -> None:
    with pytest.raises(Unavailable, match='does not answer'):
        on_postgresql.asked('SELECT pg_terminate_backend(pg_backend_pid())', {})


def test_a_statement_of_its_own_leaves_no_transaction_and_is_limited_as_a_read(on_postgresql: Database) -> None:
    for _ in range(2):
        on_postgresql.asked('SELECT 1', {})
        shown = on_postgresql.asked("SELECT pg_backend_pid(), current_setting('statement_timeout')", {})
        ((pid, limit),) = shown
        assert limit == '5s'
        with on_postgresql.reading() as session:
            found = session.execute(text('SELECT state FROM pg_stat_activity WHERE pid = :pid'), {'pid': pid})
            assert found.scalar_one() == 'idle'


def test_what_is_wrong_with_a_statement_is_no_failure_of_the_database(on_postgresql: Database) -> None:
    with pytest.raises(ProgrammingError):
        on_postgresql.asked('SELECT nothing FROM nowhere', {})


def test_a_connection_that_breaks_at_the_commit_leaves_the_outcome_open(on_postgresql: Database) -> None:
    def lose_the_connection() -> None:
        with on_postgresql.writing() as session:
            pid = session.execute(text('SELECT pg_backend_pid()')).scalar_one()
            with on_postgresql.reading() as other:
                other.execute(text('SELECT pg_terminate_backend(:pid, 5000)'), {'pid': pid})

    with pytest.raises(Unavailable, match='not known'):
        lose_the_connection()


def test_statements_are_limited_as_their_transaction_needs(on_postgresql: Database) -> None:
    def limits(session: Session) -> list[str]:
        names = ('transaction_isolation', 'statement_timeout', 'lock_timeout')
        return [session.execute(text(f'SHOW {name}')).scalar_one() for name in names]

    for _ in range(2):  # the connection is the same one: nothing is left over on it
        with on_postgresql.reading() as session:
            assert limits(session) == ['repeatable read', '5s', '0']
        with on_postgresql.reading(patient=True) as session:
            assert limits(session) == ['repeatable read', '10min', '0']
        with on_postgresql.writing() as session:
            assert limits(session) == ['read committed', '10min', '15s']
    with on_postgresql.engine.connect() as connection:
        for _ in range(2):
            with connection.begin(), Session(connection) as session:
                assert limits(session) == ['repeatable read', '5s', '0'], 'of each transaction, not only of the first'


def test_sqlite_is_reached_by_its_own_driver_whatever_was_named(tmp_path: Path) -> None:
    database = Database.open(f'sqlite+aiosqlite:///{tmp_path}/x')
    with database.writing() as session:
        session.execute(text('CREATE TABLE facts (number integer)'))
    database.close()


def test_a_disk_without_room_is_told_as_that_and_nothing_is_changed(tmp_path: Path) -> None:
    database = Database.open(f'sqlite:///{tmp_path}/small.sqlite3')
    with database.writing() as session:
        session.execute(text('CREATE TABLE things (name TEXT)'))

    @event.listens_for(database.engine, 'begin')
    def without_room(connection: Connection) -> None:
        connection.exec_driver_sql('PRAGMA max_page_count = 10')  # what SQLite says then is what it says of a full disk

    with pytest.raises(Unavailable, match='no room left on the disk'), database.writing() as session:
        session.execute(text('INSERT INTO things VALUES (:name)'), {'name': 'x' * 100_000})
    with database.reading() as session:
        assert session.execute(text('SELECT count(*) FROM things')).scalar() == 0
    database.close()
