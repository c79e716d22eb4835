from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services import sign_in_limits, users
from services.counters import Counters
from services.database import Database
from services.errors import ChurnboardError, InvalidCredentials, RateLimited, Unavailable
from services.passwords import Passwords
from services.sign_in import SignIn
from services.sign_in_limits import SignInLimits
from tests.accounts import CHEAP, PASSWORD, alice_and_bob

ALICE, HOME = 'alice@example.com', '192.0.2.1'


class Door:
    """The sign-in with a clock of its own, and without waiting."""

    def __init__(self, database: Database, **limits: Any) -> None:
        self.now = 1_000_000.0
        self.delays: list[float] = []
        self.counters = Counters()
        self.limits = SignInLimits(counters=self.counters, monotonic=lambda: self.now, **limits)
        self.passwords = Passwords(CHEAP)
        self.sign_in = SignIn(database, passwords=self.passwords, limits=self.limits, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        await asyncio.sleep(0)

    async def fail(self, times: int = 1, *, email: str = ALICE, address: str = HOME) -> None:
        for _ in range(times):
            with pytest.raises(InvalidCredentials):
                await self.sign_in.user(email, 'a wrong password', address=address)

    async def refusal(self, *, email: str = ALICE, address: str = HOME, password: str = PASSWORD) -> RateLimited:
        with pytest.raises(RateLimited) as refused:
            await self.sign_in.user(email, password, address=address)
        return refused.value

    async def succeed(self, *, email: str = ALICE, address: str = HOME) -> None:
        assert (await self.sign_in.user(email, PASSWORD, address=address)).email == email


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with alice_and_bob(tmp_path) as database:
        yield database


@pytest.fixture
def door(database: Database) -> Iterator[Door]:
    door = Door(database)
    yield door
    door.passwords.close()


async def test_after_five_failures_each_attempt_takes_longer(door: Door) -> None:
    await door.fail(5)
    assert door.delays == []
    await door.fail(7)
    assert door.delays == [0.5, 1, 2, 4, 8, 8, 8]


async def test_after_twenty_failures_within_an_hour_the_right_password_is_refused_too(door: Door) -> None:
    await door.fail(20)
    refused = await door.refusal()
    assert refused.retry_after == 3600
    assert '60 minutes' in refused.message
    assert door.counters.refusals('failed_sign_ins_of_account') == 1
    assert door.counters.refusals('invalid_credentials') == 20
    door.now += 3599
    assert (await door.refusal()).message == 'Too many sign-ins have failed. Wait 1 minute, then try again.'
    door.now += 1
    await door.succeed()


async def test_the_window_slides(door: Door) -> None:
    await door.fail(10)
    door.now += 1800
    await door.fail(10)
    assert (await door.refusal()).retry_after == 1800
    door.now += 1800
    await door.fail(10)
    await door.refusal()


async def test_an_account_that_there_is_not_is_treated_as_one_that_there_is(door: Door) -> None:
    told: list[list[object]] = []
    for email in (ALICE, 'nobody@example.com', 'no address at all', '', '\ud800'):
        door.delays.clear()
        answers: list[object] = []
        for number in range(22):
            with pytest.raises(ChurnboardError) as refused:
                await door.sign_in.user(email, 'a wrong password', address=f'192.0.2.{number}')
            answers.append(refused.value.payload())
        told.append([*answers, *door.delays])
    assert all(each == told[0] for each in told)


async def test_case_and_space_make_no_other_account(door: Door) -> None:
    for spelling in (ALICE, 'Alice@Example.COM', f'  {ALICE} ', ALICE.upper()):
        await door.fail(5, email=spelling)
    await door.refusal()


async def test_many_at_once_are_no_way_around(door: Door) -> None:
    async def attempt(number: int) -> str:
        try:
            await door.sign_in.user(ALICE, 'a wrong password', address=f'192.0.2.{number}')
        except ChurnboardError as error:
            return error.code
        return 'in'

    codes = await asyncio.gather(*map(attempt, range(60)))
    assert (codes.count('invalid_credentials'), codes.count('rate_limited')) == (20, 40)


async def test_one_password_on_many_accounts_is_refused_after_fifty_from_an_address(door: Door) -> None:
    for number in range(50):
        await door.fail(email=f'user{number}@example.com')
    await door.refusal(email='bob@example.com')
    assert door.counters.refusals('failed_sign_ins_of_address') == 1
    await door.succeed(email='bob@example.com', address='198.51.100.7')


@pytest.mark.parametrize(
    ('first', 'second', 'same'),
    [
        ('2001:db8::1', '2001:db8::ffff:2', True),
        ('2001:db8::1', '2001:db8:0:1::1', False),
        ('::ffff:192.0.2.1', '192.0.2.1', True),
        ('192.0.2.1', '192.0.2.2', False),
        ('fe80::1%eth0', 'fe80::2', True),
        ('a name', 'a name', True),
    ],
)
async def test_an_address_is_what_one_client_has_for_itself(
    database: Database, first: str, second: str, same: bool
) -> None:
    door = Door(database, per_address=1)
    await door.fail(address=first)
    if same:
        await door.refusal(address=second)
    else:
        await door.succeed(address=second)
    door.passwords.close()


async def test_without_an_address_none_is_counted(database: Database) -> None:
    door = Door(database, per_address=1)
    await door.fail(3, address='')
    await door.succeed(address='')
    door.passwords.close()


async def test_a_success_clears_the_account_and_not_the_address(door: Door) -> None:
    await door.fail(19)
    await door.succeed()
    door.delays.clear()
    await door.fail(5)
    assert door.delays == []
    for number in range(26):
        await door.fail(email=f'user{number}@example.com')
    await door.refusal(email='bob@example.com')


async def test_what_could_not_be_decided_does_not_count(database: Database) -> None:
    door = Door(database, per_account=1, per_address=1)
    with database.writing() as session:
        session.connection().execute(text('ALTER TABLE user RENAME TO lost'))
    for _ in range(3):
        with pytest.raises(Unavailable):
            await door.sign_in.user(ALICE, PASSWORD, address=HOME)
    with database.writing() as session:
        session.connection().execute(text('ALTER TABLE lost RENAME TO user'))
    await door.succeed()
    door.passwords.close()


async def test_a_disabled_account_fails_as_any_other(database: Database, door: Door) -> None:
    with database.writing() as session:
        users.set_disabled(session, ALICE, disabled=True)
    for _ in range(20):
        with pytest.raises(InvalidCredentials):
            await door.sign_in.user(ALICE, PASSWORD, address=HOME)
    await door.refusal()


async def test_no_thread_is_held_while_an_attempt_waits(database: Database) -> None:
    door = Door(database)
    await door.fail(5)
    going = asyncio.Event()

    async def wait(_seconds: float) -> None:
        await going.wait()

    waiting = SignIn(database, passwords=door.passwords, limits=door.limits, sleep=wait)
    attempts = [asyncio.create_task(waiting.user(ALICE, 'a wrong password')) for _ in range(10)]
    await asyncio.sleep(0)
    await door.succeed(email='bob@example.com')
    assert not any(attempt.done() for attempt in attempts)
    going.set()
    assert {type(error) for error in await asyncio.gather(*attempts, return_exceptions=True)} == {InvalidCredentials}
    door.passwords.close()


async def test_what_is_remembered_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_limits, 'REMEMBERED', 3)
    door = Door(database, per_account=1)
    await door.fail(email='first@example.com')
    for number in range(3):
        await door.fail(email=f'user{number}@example.com', address=f'192.0.2.{number}')
    await door.fail(email='first@example.com')
    await door.refusal(email='user2@example.com')
    door.passwords.close()
