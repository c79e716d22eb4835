"""Browser sessions that somebody prolongs, and what goes on with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services import users
from services.auth import Auth, Identity
from services.database import Database
from services.errors import InvalidToken
from tests.accounts import PASSWORD, SettableClock, alice_and_bob, create_auth

ALICE = 'alice@example.com'


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with alice_and_bob(tmp_path) as database:
        yield database


@pytest.fixture
def auth(database: Database, clock: SettableClock) -> Iterator[Auth]:
    auth = create_auth(database, clock)
    yield auth
    auth.close()


async def signed_in(auth: Auth, email: str = ALICE) -> tuple[str, Identity]:
    """Somebody's cookie, and who its page takes them for."""
    cookie_id = await auth.start_session(await auth.sign_in(email, PASSWORD))
    identity = await auth.session(cookie_id)
    assert identity is not None
    return cookie_id, identity


async def prolong(auth: Auth, identity: Identity) -> timedelta:
    """How much longer the session lasts then."""
    assert identity.session_hash
    return timedelta(seconds=(await auth.prolong_session(identity.session_hash)).seconds_left)


async def test_a_prolonged_session_lasts_as_long_as_a_new_one_and_others_do_not(
    auth: Auth, clock: SettableClock
) -> None:
    cookie_id, me = await signed_in(auth)
    other, _ = await signed_in(auth)
    clock.advance(hours=11)
    assert await prolong(auth, me) == timedelta(hours=12)
    clock.advance(hours=11, minutes=59)
    assert await auth.session(cookie_id)
    assert await auth.session(other) is None
    clock.advance(minutes=1)
    assert await auth.session(cookie_id) is None


async def test_nothing_prolongs_a_session_beyond_its_limit(auth: Auth, clock: SettableClock) -> None:
    cookie_id, me = await signed_in(auth)
    for _ in range(14):
        clock.advance(hours=11, minutes=55)
        await prolong(auth, me)
    assert await prolong(auth, me) == timedelta(hours=168) - 14 * timedelta(hours=11, minutes=55)
    present = await auth.session(cookie_id)
    assert present
    end = auth.session_end(present)
    assert end
    assert not end.prolongable
    clock.advance(hours=12)
    assert await auth.session(cookie_id) is None


@pytest.mark.parametrize('how', ['expired', 'signed out', 'disabled', 'password'])
async def test_a_session_that_has_ended_is_not_revived(
    auth: Auth, database: Database, clock: SettableClock, how: str
) -> None:
    cookie_id, me = await signed_in(auth)
    if how == 'expired':
        clock.advance(hours=12)
    elif how == 'signed out':
        await auth.end_session(cookie_id)
    else:
        with database.writing() as session:
            if how == 'disabled':
                users.set_disabled(session, ALICE, disabled=True)
            else:
                users.set_password_hash(session, ALICE, 'another hash')
    with pytest.raises(InvalidToken):
        await prolong(auth, me)
    assert await auth.session(cookie_id) is None


async def test_a_page_that_was_opened_before_keeps_its_right_for_as_long(auth: Auth, clock: SettableClock) -> None:
    _, me = await signed_in(auth)
    clock.advance(hours=11)
    await prolong(auth, me)
    clock.advance(hours=11)
    assert await auth.lasts(me.user_id, me.right)
    clock.advance(hours=1)
    assert not await auth.lasts(me.user_id, me.right)


async def test_a_token_of_the_session_is_renewed_for_as_long_and_prolongs_nothing(
    auth: Auth, clock: SettableClock
) -> None:
    cookie_id, me = await signed_in(auth)
    clock.advance(hours=11)
    await prolong(auth, me)
    clock.advance(hours=11, minutes=30)
    present = await auth.session(cookie_id)
    assert present
    token = auth.issue_token(present).access_token
    assert (await auth.renew(await auth.authenticate_user(token))).expires_in == 30 * 60
    by_token = await auth.authenticate_user(token)
    assert auth.session_end(by_token) is None
    assert auth.session_end(present)
