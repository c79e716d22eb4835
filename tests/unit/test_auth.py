from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlmodel import select

from services import revoked_tokens, users
from services.auth import Auth, Identity
from services.credential_tables import RevokedToken
from services.database import Database
from services.errors import Forbidden, InvalidCredentials, InvalidToken, RateLimited, Unavailable
from services.models import BrowserSession, User
from tests.accounts import CHEAP, PASSWORD, SettableClock, add_user, create_auth, open_database

ALICE = 'alice@example.com'


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    add_user(database, ALICE, name='Alice', time_zone='Europe/Berlin')
    add_user(database, 'bob@example.com')
    yield database
    database.close()


@pytest.fixture
def auth(database: Database, clock: SettableClock) -> Iterator[Auth]:
    auth = create_auth(database, clock)
    yield auth
    auth.close()


def disable(database: Database, email: str = ALICE) -> None:
    with database.writing() as session:
        users.set_disabled(session, email, disabled=True)


def change_password(database: Database, email: str = ALICE) -> None:
    with database.writing() as session:
        users.set_password_hash(session, email, CHEAP.hash('another long password'))


def break_database(database: Database) -> None:
    with database.writing() as session:
        session.connection().execute(text('ALTER TABLE user RENAME TO lost'))


async def signed_in(auth: Auth, email: str = ALICE) -> str:
    return await auth.start_session(await auth.sign_in(email, PASSWORD))


async def test_the_right_password_signs_in(auth: Auth) -> None:
    identity = await auth.sign_in(' Alice@Example.com ', PASSWORD)
    assert (identity.email, identity.name, identity.time_zone) == (ALICE, 'Alice', 'Europe/Berlin')
    assert identity.session_hash is None


async def test_a_refused_sign_in_says_the_same_for_every_reason(auth: Auth, database: Database) -> None:
    disable(database, 'bob@example.com')
    answers = set()
    for email, password in (
        (ALICE, 'a wrong password'),
        (ALICE, ''),
        (ALICE, 'x' * 100_000),
        (ALICE, '\ud800'),
        ('mallory@example.com', PASSWORD),
        ('bob@example.com', PASSWORD),
        ('', PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ('\0\ud800', PASSWORD),
    ):
        with pytest.raises(InvalidCredentials) as refused:
            await auth.sign_in(email, password)
        answers.add(str(refused.value.payload()))
    assert len(answers) == 1


async def test_only_the_hash_of_a_session_is_stored(auth: Auth, database: Database) -> None:
    cookie_id = await signed_in(auth)
    with database.reading() as session:
        stored = session.exec(select(BrowserSession.id_hash)).one()
    assert stored == hashlib.sha256(cookie_id.encode()).hexdigest() == auth.session_hash(cookie_id)


async def test_a_session_knows_its_user_until_it_expires(auth: Auth, clock: SettableClock) -> None:
    cookie_id = await signed_in(auth)

    identity = await auth.session(cookie_id)
    assert identity is not None
    assert (identity.email, identity.session_hash) == (ALICE, auth.session_hash(cookie_id))
    clock.advance(hours=11, minutes=59)
    assert await auth.session(cookie_id) == identity
    clock.advance(minutes=1)
    assert await auth.session(cookie_id) is None


@pytest.mark.parametrize(
    'cookie_id', [None, '', 'x' * 43, 'x' * 100_000, '\ud800', 'é' * 43, '\0'], ids=lambda c: ascii(c)[:9]
)
async def test_a_made_up_cookie_is_no_session(auth: Auth, cookie_id: str | None) -> None:
    await signed_in(auth)
    assert await auth.session(cookie_id) is None
    assert await auth.end_session(cookie_id) is None


async def test_the_stored_hash_is_no_cookie(auth: Auth) -> None:
    assert await auth.session(auth.session_hash(await signed_in(auth))) is None


async def test_a_session_ends_at_sign_out_and_no_other_does(auth: Auth) -> None:
    first, second = await signed_in(auth), await signed_in(auth)
    assert first != second
    assert await auth.end_session(first) == auth.session_hash(first)
    assert await auth.end_session(first) is None
    assert await auth.session(first) is None
    assert await auth.session(second)


@pytest.mark.parametrize('end', [disable, change_password])
async def test_disabling_or_a_new_password_ends_sessions_and_tokens(auth: Auth, database: Database, end: type) -> None:
    cookie_id, bobs = await signed_in(auth), await signed_in(auth, 'bob@example.com')
    token = auth.issue_token(await auth.sign_in(ALICE, PASSWORD)).access_token
    assert (await auth.authenticate_user(token)).email == ALICE

    end(database)

    assert await auth.session(cookie_id) is None
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(token)
    assert await auth.session(bobs)


async def test_a_session_row_of_an_earlier_token_version_is_worth_nothing(auth: Auth, database: Database) -> None:
    cookie_id = await signed_in(auth)
    with database.writing() as session:
        user = users.find(session, ALICE)
        user.token_version += 1
        session.add(user)
    assert await auth.session(cookie_id) is None
    assert await auth.living_sessions([auth.session_hash(cookie_id)]) == set()


@pytest.mark.parametrize('end', [disable, change_password])
async def test_no_session_starts_when_the_account_changed_after_the_password_was_checked(
    auth: Auth, database: Database, end: type
) -> None:
    identity = await auth.sign_in(ALICE, PASSWORD)
    end(database)
    with pytest.raises(InvalidCredentials):
        await auth.start_session(identity)


async def test_starting_a_session_forgets_the_users_expired_ones(
    auth: Auth, database: Database, clock: SettableClock
) -> None:
    await signed_in(auth)
    bobs = await signed_in(auth, 'bob@example.com')
    clock.advance(hours=13)
    fresh = await signed_in(auth)
    with database.reading() as session:
        assert set(session.exec(select(BrowserSession.id_hash))) == {auth.session_hash(fresh), auth.session_hash(bobs)}


async def test_living_sessions_are_those_still_valid(auth: Auth, database: Database, clock: SettableClock) -> None:
    expiring = await signed_in(auth)
    clock.advance(hours=1)
    ended, living, bobs = await signed_in(auth), await signed_in(auth), await signed_in(auth, 'bob@example.com')
    await auth.end_session(ended)
    disable(database, 'bob@example.com')
    clock.advance(hours=11)

    hashes = [auth.session_hash(cookie_id) for cookie_id in (expiring, ended, living, bobs)]
    assert await auth.living_sessions([*hashes, 'unknown']) == {auth.session_hash(living)}
    assert await auth.living_sessions([]) == set()


async def test_a_token_says_how_long_it_lives(auth: Auth, clock: SettableClock) -> None:
    issued = auth.issue_token(await auth.sign_in(ALICE, PASSWORD))

    assert (issued.token_type, issued.expires_in) == ('bearer', 3600)
    identity = await auth.authenticate_user(issued.access_token)
    assert (identity.expires_at - clock.now).total_seconds() == 3600
    clock.advance(hours=1)
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(issued.access_token)


async def test_a_days_token_is_not_cut_to_the_length_of_a_session(database: Database, clock: SettableClock) -> None:
    auth = create_auth(database, clock, token_seconds=86_400)
    assert auth.issue_token(await auth.sign_in(ALICE, PASSWORD)).expires_in == 86_400
    auth.close()


async def test_a_pages_token_ends_with_its_session(auth: Auth, clock: SettableClock) -> None:
    cookie_id = await signed_in(auth)
    clock.advance(hours=11, minutes=50)
    session = await auth.session(cookie_id)
    assert session is not None

    issued = auth.issue_token(session)

    assert issued.expires_in == 600
    assert (await auth.authenticate_user(issued.access_token)).session_hash == session.session_hash
    await auth.end_session(cookie_id)
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(issued.access_token)


async def test_a_token_cannot_be_prolonged_by_itself(auth: Auth, clock: SettableClock) -> None:
    issued = auth.issue_token(await auth.sign_in(ALICE, PASSWORD))
    clock.advance(minutes=50)
    identity = await auth.authenticate_user(issued.access_token)
    assert auth.issue_token(identity).expires_in == 600
    clock.advance(minutes=10)
    with pytest.raises(InvalidToken):
        auth.issue_token(identity)


async def test_the_token_of_a_deleted_user_is_refused(auth: Auth, database: Database) -> None:
    token = auth.issue_token(await auth.sign_in(ALICE, PASSWORD)).access_token
    with database.writing() as session:
        session.delete(users.find(session, ALICE))
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(token)


@pytest.mark.parametrize('token', [None, '', 5, ['x'], {}, '\ud800.a.b', 'a.b.c'], ids=ascii)
async def test_what_is_no_token_is_refused(auth: Auth, token: object) -> None:
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(token)


async def test_a_database_that_does_not_answer_is_not_taken_for_a_bad_token(auth: Auth, database: Database) -> None:
    cookie_id = await signed_in(auth)
    token = auth.issue_token(await auth.sign_in(ALICE, PASSWORD)).access_token
    break_database(database)
    for attempt in (auth.authenticate_user(token), auth.session(cookie_id), auth.sign_in(ALICE, PASSWORD)):
        with pytest.raises(Unavailable):
            await attempt


async def test_an_older_hash_is_renewed_at_sign_in_and_ends_nothing(auth: Auth, database: Database) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    with database.writing() as session:
        users.set_password_hash(session, ALICE, old)

    first = await auth.sign_in(ALICE, PASSWORD)

    with database.reading() as session:
        stored: User = users.find(session, ALICE)
    assert stored.password_hash != old
    assert stored.token_version == first.token_version
    assert await auth.sign_in(ALICE, PASSWORD)


async def test_hashing_leaves_the_event_loop_free(database: Database, clock: SettableClock) -> None:
    auth = Auth(database, secret_key='x' * 32, token_seconds=60, session_hours=1, clock=clock)
    running, turns = asyncio.create_task(_refused(auth)), 0
    while not running.done():
        await asyncio.sleep(0.001)
        turns += 1
    auth.close()
    assert turns >= 20  # two real hashings and a dummy's take some 200 ms


async def _refused(auth: Auth) -> None:
    for email in (ALICE, 'mallory@example.com'):
        with pytest.raises(InvalidCredentials):
            await auth.sign_in(email, 'a wrong password')


def test_an_identity_cannot_be_changed(clock: SettableClock) -> None:
    identity = Identity(user_id=1, email=ALICE, name='', time_zone='UTC', token_version=0, expires_at=clock.now)
    with pytest.raises(AttributeError):
        identity.user_id = 2  # type: ignore[misc]


async def test_a_renewed_token_lives_as_long_as_a_new_one_and_keeps_when_the_password_was_given(
    auth: Auth, clock: SettableClock
) -> None:
    start, token = clock.now, auth.issue_token(await auth.sign_in(ALICE, PASSWORD)).access_token
    for hours in range(11):
        clock.advance(minutes=59)
        token = (await auth.renew(await auth.authenticate_user(token))).access_token
        identity = await auth.authenticate_user(token)
        assert (identity.signed_in_at, identity.expires_at - clock.now) == (start, timedelta(hours=1)), hours


async def test_renewals_end_when_a_browser_session_would(auth: Auth, clock: SettableClock) -> None:
    start, token = clock.now, auth.issue_token(await auth.sign_in(ALICE, PASSWORD)).access_token
    while clock.now < start + timedelta(hours=11):
        clock.advance(minutes=45)
        token = (await auth.renew(await auth.authenticate_user(token))).access_token
    identity = await auth.authenticate_user(token)
    assert identity.expires_at == start + timedelta(hours=12)
    clock.now = start + timedelta(hours=12, seconds=-1)
    with pytest.raises(Forbidden):
        await auth.renew(identity)
    assert await auth.authenticate_user(token)


async def test_a_renewed_token_never_outlives_its_browser_session(auth: Auth, clock: SettableClock) -> None:
    cookie_id = await signed_in(auth)
    session = await auth.session(cookie_id)
    assert session is not None
    clock.advance(hours=11, minutes=50)
    token = auth.issue_token(session).access_token
    renewed = await auth.renew(await auth.authenticate_user(token))
    assert renewed.expires_in == 600
    identity = await auth.authenticate_user(renewed.access_token)
    assert identity.session_hash == session.session_hash
    await auth.end_session(cookie_id)
    with pytest.raises(InvalidToken):
        await auth.renew(identity)


async def test_a_shorter_session_bounds_the_renewals_too(auth: Auth, database: Database, clock: SettableClock) -> None:
    """It began before somebody set longer ones."""
    cookie_id = await signed_in(auth)
    with database.writing() as session:
        row = session.exec(select(BrowserSession)).one()
        row.expires_at -= 11 * 3_600_000_000
    clock.advance(minutes=50)
    found = await auth.session(cookie_id)
    assert found is not None
    assert (await auth.renew(found)).expires_in == 600


async def test_a_revoked_token_is_refused_and_the_users_others_are_not(auth: Auth, database: Database) -> None:
    identity = await auth.sign_in(ALICE, PASSWORD)
    first, second = (auth.issue_token(identity).access_token for _ in range(2))
    for _ in range(2):
        await auth.revoke_token(identity.user_id, first)
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(first)
    found = await auth.authenticate_user(second)
    assert await auth.lasts(found.user_id, found.right)
    with database.reading() as session:
        stored = session.exec(select(RevokedToken)).one()
        assert session.exec(select(User.access_revision).where(User.id == identity.user_id)).one() == 1
    token_id = jwt.decode(first, options={'verify_signature': False})['jti']
    assert stored.id_hash == hashlib.sha256(token_id.encode()).hexdigest()


async def renewals(auth: Auth, clock: SettableClock, *, number: int = 4) -> list[str]:
    """A token, and those that were renewed one from the other, while all of them hold."""
    tokens = [auth.issue_token(await auth.sign_in(ALICE, PASSWORD)).access_token]
    for _ in range(number - 1):
        clock.advance(minutes=10)
        tokens.append((await auth.renew(await auth.authenticate_user(tokens[-1]))).access_token)
    return tokens


@pytest.mark.parametrize('revoked', range(4))
async def test_with_a_token_end_all_that_were_renewed_from_one_another(
    auth: Auth, clock: SettableClock, revoked: int
) -> None:
    tokens, others = await renewals(auth, clock), await renewals(auth, clock, number=2)
    identities = [await auth.authenticate_user(token) for token in tokens]
    await auth.revoke_token(identities[0].user_id, tokens[revoked])
    for token, identity in zip(tokens, identities, strict=True):
        with pytest.raises(InvalidToken):
            await auth.authenticate_user(token)
        assert not await auth.lasts(identity.user_id, identity.right)
    for token in others:
        assert await auth.authenticate_user(token)


async def test_a_renewal_that_was_under_way_ends_with_its_token(auth: Auth, clock: SettableClock) -> None:
    token = (await renewals(auth, clock))[-1]
    identity = await auth.authenticate_user(token)
    await auth.revoke_token(identity.user_id, token)
    clock.advance(seconds=59)
    for late in (auth.issue_token(identity), await auth.renew(identity)):
        clock.advance(seconds=late.expires_in - 1)
        with pytest.raises(InvalidToken):
            await auth.authenticate_user(late.access_token)
        clock.advance(seconds=1 - late.expires_in)


@pytest.mark.parametrize('shown', [False, True])
async def test_a_token_that_has_expired_ends_what_was_renewed_from_it(
    auth: Auth, clock: SettableClock, shown: bool
) -> None:
    first, *_, last = await renewals(auth, clock, number=7)
    identity = await auth.authenticate_user(last)
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(first)
    await auth.revoke_token(None if shown else identity.user_id, first)
    with pytest.raises(InvalidToken):
        await auth.authenticate_user(last)


async def test_a_right_ends_with_its_time_and_with_the_password_it_came_from(
    auth: Auth, database: Database, clock: SettableClock
) -> None:
    identity = await auth.sign_in(ALICE, PASSWORD)
    found = await auth.authenticate_user(auth.issue_token(identity).access_token)
    clock.advance(seconds=3_599)
    assert await auth.lasts(found.user_id, found.right)
    clock.advance(seconds=1)
    assert not await auth.lasts(found.user_id, found.right)
    clock.advance(seconds=-60)
    assert await auth.lasts(found.user_id, found.right)
    with database.writing() as session:
        users.set_password_hash(session, ALICE, 'another hash')
    assert not await auth.lasts(found.user_id, found.right)


async def test_a_token_that_another_server_revoked_is_refused_at_once(
    auth: Auth, database: Database, clock: SettableClock
) -> None:
    identity = await auth.sign_in(ALICE, PASSWORD)
    tokens = [auth.issue_token(identity).access_token for _ in range(3)]
    other = create_auth(database, clock)
    for number, token in enumerate(tokens):
        await other.revoke_token(identity.user_id, token)
        for each in tokens[: number + 1]:
            with pytest.raises(InvalidToken):
                await auth.authenticate_user(each)
        for each in tokens[number + 1 :]:
            assert await auth.authenticate_user(each)
    other.close()


async def test_nobody_revokes_the_token_of_somebody_else(auth: Auth) -> None:
    bob = await auth.sign_in('bob@example.com', PASSWORD)
    token = auth.issue_token(await auth.sign_in(ALICE, PASSWORD)).access_token
    with pytest.raises(Forbidden):
        await auth.revoke_token(bob.user_id, token)
    for nothing in ('a.b.c', None, 5, '\ud800'):
        await auth.revoke_token(bob.user_id, nothing)
    assert await auth.authenticate_user(token)


async def test_revoked_tokens_are_forgotten_when_they_have_expired_and_bounded_before(
    auth: Auth, database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoked_tokens, 'MOST', 3)
    identity = await auth.sign_in(ALICE, PASSWORD)

    async def revoke() -> None:
        await auth.revoke_token(identity.user_id, auth.issue_token(identity).access_token)

    for _ in range(3):
        await revoke()
    with pytest.raises(RateLimited, match='password'):
        await revoke()
    clock.advance(hours=1)  # what was renewed the moment before has just ended, and what was under way has not
    with pytest.raises(RateLimited, match='password'):
        await revoke()
    clock.advance(minutes=1)
    await revoke()
    with database.reading() as session:
        assert len(session.exec(select(RevokedToken)).all()) == 1
