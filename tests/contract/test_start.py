"""Starting and stopping: a clear line for what is wrong, a clean end, and a first start that can be used at once."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import stat
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from tests.board import Board
from tests.contract.live import listening


def one_line(board: Board, *arguments: str) -> str:
    """Start it and expect one line on standard error and exit code 2."""
    done = board.command('serve', *arguments)
    assert done.returncode == 2
    assert done.stderr.count('\n') == 1, done.stderr
    assert 'Traceback' not in done.stderr
    return done.stderr


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in one_line(Board(tmp_path, port=port))


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / 'data').write_text('a file, where the folder should be')
    assert 'CHURNBOARD_DATA_DIR' in one_line(Board(tmp_path))


@pytest.mark.parametrize(
    ('name', 'value'), [('PORT', 'x'), ('REFRESH_SECONDS', '0'), ('SECRET_KEY', 'short'), ('NONSENSE', '1')]
)
def test_a_bad_setting_is_one_clear_line(tmp_path: Path, name: str, value: str) -> None:
    assert f'CHURNBOARD_{name}' in one_line(Board(tmp_path, {name: value}))


def test_postgresql_without_tables_is_refused_with_the_command_to_run(tmp_path: Path, postgresql_url: str) -> None:
    done = Board(tmp_path, {'DATABASE_URL': postgresql_url}).command('serve')
    assert done.returncode != 0
    assert 'db upgrade' in done.stderr
    assert 'Traceback' not in done.stderr


def test_an_unreachable_postgresql_is_told_with_its_address_and_cause(tmp_path: Path) -> None:
    line = one_line(Board(tmp_path, {'DATABASE_URL': 'postgresql://board:topsecret@127.0.0.1:1/board'}))
    assert '127.0.0.1' in line
    assert 'refused' in line
    assert 'topsecret' not in line
    assert 'Nothing was changed' not in line


@pytest.mark.parametrize('where', ['embedded', 'url'])
def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path, where: str) -> None:
    (tmp_path / 'data').mkdir()
    file = tmp_path / 'data' / 'churnboard.sqlite3'
    file.write_text('no database at all, but long enough to be looked at' * 100)
    line = one_line(Board(tmp_path, {} if where == 'embedded' else {'DATABASE_URL': f'sqlite:///{file}'}))
    assert 'not a database' in line
    assert ('CHURNBOARD_DATA_DIR' if where == 'embedded' else 'CHURNBOARD_DATABASE_URL') in line


def test_tables_of_a_newer_version_are_one_clear_line(tmp_path: Path) -> None:
    board = Board(tmp_path)
    assert board.command('db', 'upgrade').returncode == 0
    with board.database() as database, database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert 'newer version' in one_line(board)
    again = board.command('db', 'upgrade')
    assert (again.returncode, again.stderr.count('\n')) == (2, 1)


@pytest.mark.parametrize('host', ['..', 'x' * 64, 'a..b'])
def test_a_host_that_can_be_none_is_one_clear_line(tmp_path: Path, host: str) -> None:
    assert host in one_line(Board(tmp_path), '--host', host)


def test_a_database_url_with_an_unknown_option_is_one_clear_line(tmp_path: Path) -> None:
    line = one_line(Board(tmp_path, {'DATABASE_URL': 'postgresql://u:SECRET@127.0.0.1/db?colour=red'}))
    assert 'CHURNBOARD_DATABASE_URL' in line
    assert 'SECRET' not in line


def test_the_first_start_gives_an_account_and_a_live_sample_workspace(tmp_path: Path) -> None:
    board = Board(tmp_path, {'REFRESH_SECONDS': '1'}, arguments=())
    board.start()
    try:
        password = re.search(r'Password: (\S+)', board.log)
        assert password, board.log
        form = {'username': 'you@churnboard.local', 'password': password[1]}
        token = httpx.post(f'{board.url}/api/auth/token', data=form).json()['access_token']
        with board.rest(token) as rest:
            data = rest.get('/api/live-data').json()['data']
        assert data['sample'] is True
        assert data['metrics']['total_predictions'] > 25_000
        assert {item['file_name'] for item in data['recent_activity']} == {'Sample data'}
        assert stat.S_IMODE((tmp_path / 'data' / 'churnboard.sqlite3').stat().st_mode) == 0o600
    finally:
        assert board.stop() == 0
    board.start()
    assert board.stop() == 0
    assert board.log.count('Password:') == 1, 'it is shown once'


def test_no_sample_leaves_it_empty_and_says_how_to_go_on(tmp_path: Path) -> None:
    board = Board(tmp_path, arguments=('--no-sample',))
    board.start()
    assert board.stop() == 0
    assert 'user add' in board.log
    assert 'Password' not in board.log


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    board = Board(tmp_path)
    board.start()
    assert board.process
    start = time.monotonic()
    board.process.send_signal(number)
    assert board.process.wait(timeout=15) == 0
    assert time.monotonic() - start < 10
    assert 'Traceback' not in board.log


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.start()
    token = board.add_user('alice@example.com')
    with board.rest(token) as rest:
        rows = [{'customer_id': f'c{number}', 'churn_score': 0.5} for number in range(100)]
        assert rest.post('/api/predictions', json=rows).json()['data']['accepted'] == 100
    board.kill()
    board.start()
    with board.rest(token) as rest:
        assert rest.get('/api/live-data').json()['data']['metrics']['total_predictions'] == 100
    assert board.stop() == 0


async def test_clients_are_told_of_a_planned_stop(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.start()
    token = board.add_user('alice@example.com')
    async with listening(board.url, token) as live:
        await live.next('dashboard_update')
        assert board.process
        board.process.send_signal(signal.SIGTERM)
        assert (await live.next('server_shutdown'))['retry_after'] > 0
        await asyncio.wait_for(live.disconnected.wait(), timeout=30)
    assert board.process.wait(timeout=10) == 0
