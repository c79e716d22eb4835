from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from services import api_keys, users
from services.api_keys import ApiKeys
from services.auth import Auth
from services.database import Database
from services.errors import Forbidden, InvalidRequest, InvalidToken, NotFound
from services.identity import KeyScope
from services.key_use import KeyUse
from tests.accounts import NOON, PASSWORD, SECRET, SettableClock, add_user, open_database
from tests.executed import statements_of
from tests.unit.live_setting import until

ALICE, BOB = 1, 2


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def people(database: Database) -> Database:
    """On both databases."""
    add_user(database)
    add_user(database, 'bob@example.com')
    return database


@pytest.fixture
def keys(people: Database, clock: SettableClock) -> ApiKeys:
    return ApiKeys(people, clock=clock)


@pytest.fixture
def key_use(people: Database, clock: SettableClock) -> KeyUse:
    return KeyUse(people, clock=clock)


@pytest.fixture
def auth(people: Database, clock: SettableClock, key_use: KeyUse) -> Iterator[Auth]:
    auth = Auth(people, secret_key=SECRET, token_seconds=60, session_hours=1, clock=clock, key_use=key_use)
    yield auth
    auth.close()


async def make(keys: ApiKeys, name: str = 'a key', scope: KeyScope = KeyScope.READ, *, user_id: int = ALICE) -> str:
    return (await keys.create(user_id, name, scope, token_version=0)).key


async def refused(auth: Auth, key: object) -> None:
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(key)


async def test_a_key_says_whose_it_is_and_what_it_opens(auth: Auth, keys: ApiKeys) -> None:
    for user_id, scope in ((ALICE, KeyScope.READ), (BOB, KeyScope.INGEST)):
        identity = await auth.authenticate_user(await make(keys, scope=scope, user_id=user_id))
        assert (identity.user_id, identity.scope, identity.origin_id) == (user_id, scope, None)
        with pytest.raises(Forbidden):
            auth.issue_token(identity)
        with pytest.raises(Forbidden):
            await auth.renew(identity)


async def test_only_the_hash_of_a_key_is_stored(people: Database, keys: ApiKeys) -> None:
    key = await make(keys)
    assert len(key) == 47
    assert key.startswith('cbk_')
    with people.reading() as session:
        rows = session.connection().execute(text('SELECT * FROM api_key')).all()
    assert hashlib.sha256(key.encode()).hexdigest() in rows[0]
    assert key not in str(rows)
    assert key[4:] not in str(rows)


async def test_what_is_no_key_is_refused(auth: Auth, keys: ApiKeys) -> None:
    await make(keys)
    for key in ('cbk_', 'cbk_' + 'x' * 43, 'cbk_' + 'x' * 42, 'cbk_' + 'é' * 43, 'cbk_\0', 'CBK_' + 'x' * 43):
        await refused(auth, key)


async def test_around_a_good_key_nothing_is_accepted(auth: Auth, keys: ApiKeys) -> None:
    key = await make(keys)
    for spoilt in (f'{key} ', f' {key}', f'{key}\n', key[:-1], f'{key}x', key.upper(), [key], {'key': key}):
        await refused(auth, spoilt)


async def test_a_revoked_key_opens_nothing_and_the_others_do(auth: Auth, keys: ApiKeys) -> None:
    first, second = await make(keys, 'first'), await make(keys, 'second')
    await auth.authenticate_user(first)
    revoked = await keys.revoke(ALICE, 1)
    assert (revoked.name, revoked.revoked) == ('first', True)
    await refused(auth, first)
    assert (await auth.authenticate_user(second)).user_id == ALICE
    assert [(info.id, info.name, info.revoked) for info in await keys.list(ALICE)] == [
        (2, 'second', False),
        (1, 'first', True),
    ]
    assert (await keys.revoke(ALICE, 1)).revoked


async def test_a_key_that_another_server_revoked_is_refused_at_once(
    auth: Auth, keys: ApiKeys, people: Database, clock: SettableClock
) -> None:
    key = await make(keys)
    await auth.authenticate_user(key)
    await ApiKeys(people, clock=clock).revoke(ALICE, 1)
    await refused(auth, key)


async def test_nobody_sees_or_revokes_the_keys_of_others(auth: Auth, keys: ApiKeys) -> None:
    key = await make(keys)
    assert await keys.list(BOB) == []
    for user_id, key_id in ((BOB, 1), (ALICE, 2), (99, 1)):
        with pytest.raises(NotFound):
            await keys.revoke(user_id, key_id)
    assert await auth.authenticate_user(key)


@pytest.mark.parametrize('end', ['disabled', 'password', 'deleted'])
async def test_a_key_ends_with_the_password_and_the_account(
    auth: Auth, keys: ApiKeys, people: Database, end: str
) -> None:
    key = await make(keys)
    await auth.authenticate_user(key)
    with people.writing() as session:
        if end == 'disabled':
            users.set_disabled(session, 'alice@example.com', disabled=True)
        elif end == 'password':
            users.set_password_hash(session, 'alice@example.com', 'another hash')
        else:
            session.delete(users.find(session, 'alice@example.com'))
    await refused(auth, key)
    if end != 'deleted':
        assert [info.revoked for info in await keys.list(ALICE)] == [True]
        with people.writing() as session:
            users.set_disabled(session, 'alice@example.com', disabled=False)
        await refused(auth, key)
        with pytest.raises(InvalidToken):  # who asks was somebody before that
            await make(keys, 'another')


async def test_a_name_that_will_not_do_is_refused(keys: ApiKeys) -> None:
    for name in ('', ' ', 'x' * 101, 'a\nb', 'a\0', '\ud800'):
        with pytest.raises(InvalidRequest) as refusal:
            await make(keys, name)
        assert refusal.value.field == 'name'


async def test_a_name_is_unique_until_its_key_is_revoked(keys: ApiKeys) -> None:
    await make(keys, 'x' * 100)
    with pytest.raises(InvalidRequest, match='already'):
        await make(keys, f' {"x" * 100} ')
    await make(keys, 'x' * 100, user_id=BOB)
    await keys.revoke(ALICE, 1)
    await make(keys, 'x' * 100)


async def test_there_are_fifty_keys_at_most_however_many_are_made_at_once(
    keys: ApiKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, 'MOST', 5)
    made = await asyncio.gather(*(make(keys, f'key {number}') for number in range(9)), return_exceptions=True)
    assert [type(each) for each in made].count(str) == 5
    assert {type(each) for each in made} == {str, InvalidRequest}
    assert [info.id for info in await keys.list(ALICE)] == [5, 4, 3, 2, 1]


async def test_the_oldest_revoked_keys_are_forgotten_and_open_nothing(
    auth: Auth, keys: ApiKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, 'MOST', 2)
    first = await make(keys)
    await auth.authenticate_user(first)
    for number in range(1, 5):
        await keys.revoke(ALICE, number)
        await make(keys)
    assert [info.id for info in await keys.list(ALICE)] == [5, 4, 3]
    await refused(auth, first)


async def test_a_key_is_checked_by_one_query_once_it_is_known(auth: Auth, keys: ApiKeys, people: Database) -> None:
    key = await make(keys)
    await auth.authenticate_user(key)
    reads = statements_of(people, 'SELECT')
    await auth.authenticate_user(key)
    assert len(reads) == 1


async def test_a_token_of_a_user_without_keys_is_checked_by_one_query(auth: Auth, people: Database) -> None:
    token = auth.issue_token(await auth.sign_in('alice@example.com', PASSWORD)).access_token
    reads = statements_of(people, 'SELECT')
    await auth.authenticate_user(token)
    assert len(reads) == 1


async def last_use(keys: ApiKeys, name: str = 'a key') -> object:
    return {info.name: info.last_used_at for info in await keys.list(ALICE)}[name]


async def test_the_last_use_is_written_at_most_once_a_minute(
    auth: Auth, keys: ApiKeys, people: Database, clock: SettableClock, key_use: KeyUse
) -> None:
    key, unused = await make(keys), await make(keys, 'unused')
    assert await last_use(keys) is None
    writes = statements_of(people, 'UPDATE')
    for seconds, expected in ((0, 0), (59, 0), (1, 60), (59, 60), (3600, 3719)):
        clock.advance(seconds=seconds)
        await auth.authenticate_user(key)
        await refused(auth, f'{unused[:-1]}{"x" if unused[-1] != "x" else "y"}')
        await key_use.write()
        assert await last_use(keys) == NOON + timedelta(seconds=expected)
    assert await last_use(keys, 'unused') is None
    assert len(writes) == 3


async def test_a_last_use_that_another_server_has_just_written_is_left(
    auth: Auth, keys: ApiKeys, people: Database, clock: SettableClock, key_use: KeyUse
) -> None:
    key = await make(keys)
    await auth.authenticate_user(key)
    await key_use.write()
    other = KeyUse(people, clock=clock)
    for seconds, expected in ((30, 0), (60, 90)):
        clock.advance(seconds=seconds)
        other.note(hashlib.sha256(key.encode()).hexdigest())
        await other.write()
        assert await last_use(keys) == NOON + timedelta(seconds=expected)


async def test_a_use_that_cannot_be_written_fails_nobody_and_the_next_one_is(
    tmp_path: Path, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(tmp_path)
    add_user(database)
    keys, key_use = ApiKeys(database, clock=clock), KeyUse(database, clock=clock)
    key_hash = hashlib.sha256((await make(keys)).encode()).hexdigest()
    running = asyncio.create_task(key_use.run())
    rename(database, 'api_key', 'lost')
    key_use.note(key_hash)
    await until(lambda: 'could not be written' in caplog.text)
    assert key_hash not in caplog.text
    rename(database, 'lost', 'api_key')
    assert not running.done()
    running.cancel()
    clock.advance(seconds=60)
    key_use.note(key_hash)
    await key_use.write()
    assert await last_use(keys) == clock.now
    database.close()


def rename(database: Database, table: str, to: str) -> None:
    with database.writing() as session:
        session.connection().execute(text(f'ALTER TABLE {table} RENAME TO {to}'))
