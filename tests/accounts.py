"""What the tests of identity share: the cast's accounts, a settable clock and cheap password hashes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from sqlmodel import SQLModel

from services import users
from services.auth import Auth
from services.database import Database
from services.models import User
from services.passwords import Passwords
from services.session_use import SessionUse

SECRET = 'k3Jx0v9QeWcYb7Zs1LhTnRm5Ua8Pd2Gf'
PASSWORD = 'violet kettle ninety-one'
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class SettableClock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def open_database(folder: Path) -> Database:
    database = Database.open(f'sqlite:///{folder}/x.sqlite3')
    SQLModel.metadata.create_all(database.engine)
    return database


@contextmanager
def alice_and_bob(folder: Path) -> Iterator[Database]:
    """A database with two accounts."""
    database = open_database(folder)
    add_user(database)
    add_user(database, 'bob@example.com')
    yield database
    database.close()


def add_user(database: Database, email: str = 'alice@example.com', *, name: str = '', time_zone: str = 'UTC') -> User:
    with database.writing() as session:
        return users.add(session, email, password_hash=CHEAP.hash(PASSWORD), name=name, time_zone=time_zone)


def create_auth(
    database: Database, clock: SettableClock, *, token_seconds: int = 3600, session_use: SessionUse | None = None
) -> Auth:
    return Auth(
        database,
        secret_key=SECRET,
        token_seconds=token_seconds,
        session_hours=12,
        session_max_hours=168,
        clock=clock,
        passwords=Passwords(CHEAP),
        session_use=session_use,
    )
