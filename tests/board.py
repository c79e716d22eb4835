"""A real server process for the tests: started, talked to, killed, started again on the same data."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import update
from sqlmodel import col

from services import users
from services.clock import system_clock, to_micros
from services.database import Database
from services.models import BrowserSession
from services.tokens import Tokens
from tests.accounts import CHEAP, PASSWORD, SECRET

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
PORTS = range(10_000, 32_000)
"""Below those Linux, macOS and Windows take for outgoing connections."""


def free_port() -> int:
    """A port for a server that starts later.

    Not one the kernel offers: it gives those to connections, too, and there are hundreds until the server has started.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(('127.0.0.1', port))
            return port


@dataclass
class Board:
    """``python main.py`` with settings of its own."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ('--no-sample',)
    program: tuple[str, ...] = ('main.py',)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.port}'

    @property
    def log(self) -> str:
        return (self.folder / 'server.log').read_text()

    @property
    def environment(self) -> dict[str, str]:
        # NiceGUI compresses nothing where it believes to be under test: ours is a server as any other
        clean = {key: value for key, value in os.environ.items() if not key.startswith(('CHURNBOARD_', 'PYTEST_'))}
        return {
            **clean,
            'CHURNBOARD_DATA_DIR': str(self.folder / 'data'),
            'CHURNBOARD_PORT': str(self.port),
            'CHURNBOARD_SECRET_KEY': SECRET,
            'PYTHONWARNINGS': 'error::ResourceWarning',
            **{f'CHURNBOARD_{key}': value for key, value in self.settings.items()},
        }

    def start(self) -> None:
        with (self.folder / 'server.log').open('ab') as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, 'serve', *self.arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log
            try:
                if httpx.get(f'{self.url}/readyz', timeout=1).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f'no answer within {START_SECONDS} s: {self.log}')

    def stop(self) -> int:
        """Ask it to stop; the exit code."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def command(self, *arguments: str, text: str = '') -> subprocess.CompletedProcess[str]:
        """Run another command of ``main.py`` in a process of its own, with the same settings."""
        return subprocess.run(
            [sys.executable, 'main.py', *arguments],
            cwd=ROOT,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The server's database, from this process."""
        database = Database.open(
            self.settings.get('DATABASE_URL') or f'sqlite:///{self.folder}/data/churnboard.sqlite3'
        )
        try:
            yield database
        finally:
            database.close()

    def add_user(self, email: str, *, time_zone: str = 'UTC', seconds: int = 3600) -> str:
        """An account with ``PASSWORD``, made without the second a command's process takes; a token for it."""
        with self.database() as database, database.writing() as session:
            user = users.add(session, email, password_hash=CHEAP.hash(PASSWORD), time_zone=time_zone)
            assert user.id is not None
            tokens = Tokens(SECRET, max_seconds=3600, clock=system_clock)
            return tokens.issue(user.id, user.token_version, seconds=seconds)

    def end_sessions_in(self, email: str, left: timedelta, *, signed_in: timedelta = timedelta(0)) -> None:
        """Have the browser sessions of a user end that soon.

        :param signed_in: how long they have lasted.
        """
        now = system_clock()
        with self.database() as database, database.writing() as session:
            user = users.find(session, email)
            mine = update(BrowserSession).where(col(BrowserSession.user_id) == user.id)
            session.exec(mine.values(created_at=to_micros(now - signed_in), expires_at=to_micros(now + left)))

    def rest(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={'Authorization': f'Bearer {token}'}, timeout=30)
