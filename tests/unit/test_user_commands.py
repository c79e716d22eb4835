from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands import token, user
from app.secret_key import secret_key
from app.settings import Settings
from services import users
from services.auth import Auth
from services.database import Database
from tests.accounts import PASSWORD

ALICE = 'alice@example.com'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / 'data')


def run(settings: Settings, *words: str) -> int:
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    user.add_parser(subparsers)
    token.add_parser(subparsers)
    args = parser.parse_args(words)
    code = args.run(args, settings)
    assert isinstance(code, int)
    return code


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'stdin', io.StringIO(f'{PASSWORD}\r\nanother line\n'))


@pytest.mark.usefixtures('password')
async def test_an_added_user_can_sign_in(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    added = await asyncio.to_thread(run, settings, 'user', 'add', 'Alice@example.com', '--time-zone', 'Europe/Berlin')

    assert added == 0
    assert capsys.readouterr() == ('', 'Added alice@example.com.\n')
    database = Database.open(settings.database)
    auth = Auth(database, secret_key=secret_key(settings), token_seconds=60, session_hours=1)
    assert (await auth.sign_in(ALICE, PASSWORD)).time_zone == 'Europe/Berlin'
    run(settings, 'token', ALICE)
    printed = capsys.readouterr()
    assert printed.err == ''
    assert printed.out.count('\n') == 1
    with pytest.raises(Exception, match='not valid'):  # another lifetime: this server allows 60 seconds only
        await auth.authenticate_user(printed.out.strip())
    long = Auth(database, secret_key=secret_key(settings), token_seconds=3600, session_hours=1)
    assert (await long.authenticate_user(printed.out.strip())).email == ALICE
    auth.close()
    long.close()
    database.close()


@pytest.mark.usefixtures('password')
def test_users_are_listed_disabled_and_enabled(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    run(settings, 'user', 'add', ALICE, '--name', 'Alice')
    assert run(settings, 'user', 'disable', ALICE) == 0
    capsys.readouterr()
    assert run(settings, 'user', 'list') == 0
    assert capsys.readouterr() == ('alice@example.com\tdisabled\tUTC\tAlice\n', '')
    assert run(settings, 'token', ALICE) == 1
    assert capsys.readouterr() == ('', 'alice@example.com is disabled.\n')
    assert run(settings, 'user', 'enable', ALICE) == 0
    assert run(settings, 'token', ALICE) == 0


@pytest.mark.usefixtures('password')
def test_a_new_password_is_taken_from_the_first_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    run(settings, 'user', 'add', ALICE)
    monkeypatch.setattr(sys, 'stdin', io.StringIO('another long passphrase'))
    assert run(settings, 'user', 'password', ALICE) == 0
    database = Database.open(settings.database)
    with database.reading() as session:
        assert users.find(session, ALICE).token_version == 1
    database.close()


def test_at_a_terminal_the_password_is_asked_for_twice(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, 'isatty', lambda: True)
    monkeypatch.setattr(sys, 'stdin', terminal)
    typed = iter([PASSWORD, 'something else', PASSWORD, PASSWORD])
    monkeypatch.setattr('getpass.getpass', lambda _prompt: next(typed))
    assert run(settings, 'user', 'add', ALICE) == 2
    assert 'differ' in capsys.readouterr().err
    assert run(settings, 'user', 'add', ALICE) == 0


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['user', 'add', 'no address'], 'e-mail'),
        (['user', 'add', ALICE, '--time-zone', 'Mars/Base'], 'Mars/Base'),
        (['user', 'add', ALICE], 'too short'),
        (['user', 'disable', 'mallory@example.com'], 'mallory@example.com'),
        (['user', 'password', 'mallory@example.com'], 'mallory@example.com'),
        (['token', 'mallory@example.com'], 'mallory@example.com'),
    ],
)
def test_a_wrong_call_is_told_in_one_line(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.setattr(sys, 'stdin', io.StringIO('short\n'))
    assert run(settings, *words) == 2
    printed = capsys.readouterr()
    assert printed.out == ''
    assert said in printed.err
    assert printed.err.count('\n') == 1


def test_a_folder_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'data').write_text('a file')
    assert run(Settings(data_dir=tmp_path / 'data'), 'user', 'list') == 2
    assert capsys.readouterr().err.count('\n') == 1


def test_there_is_no_argument_for_a_password(settings: Settings) -> None:
    for words in (['user', 'add', ALICE, PASSWORD], ['user', 'add', ALICE, '--password', PASSWORD]):
        with pytest.raises(SystemExit) as left:
            run(settings, *words)
        assert left.value.code == 2


def test_the_commands_import_no_page() -> None:
    script = (
        'import sys, app.commands.user, app.commands.token; print("nicegui" in sys.modules, "fastapi" in sys.modules)'
    )
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ['False', 'False']
