"""The first start: an account to sign in with, and a sample workspace to look at."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from services import users
from services.clock import Clock
from services.database import Database
from services.passwords import Passwords
from services.predictions import Ingest
from services.scores import RiskBands
from services.workspace import fill

EMAIL = 'you@churnboard.local'


@dataclass(frozen=True, kw_only=True)
class FirstAccount:
    """Shown once; the password is stored nowhere."""

    user_id: int
    email: str
    password: str


def has_users(database: Database) -> bool:
    with database.reading() as session:
        return users.any_exist(session)


def create_first_account(database: Database, *, clock: Clock) -> FirstAccount:
    """Make the account with a random password."""
    password = '-'.join(secrets.token_hex(2) for _ in range(5))
    passwords = Passwords()
    try:
        password_hash = asyncio.run(passwords.hash(password, email=EMAIL))
    finally:
        passwords.close()
    with database.writing() as session:
        user = users.add(session, EMAIL, password_hash=password_hash, clock=clock)
        assert user.id is not None
        return FirstAccount(user_id=user.id, email=user.email, password=password)


def fill_sample(database: Database, account: FirstAccount, *, bands: RiskBands, clock: Clock) -> None:
    fill(Ingest(database, clock=clock, bands=bands), account.user_id, zone='UTC', now=clock())
