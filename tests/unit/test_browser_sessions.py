from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.auth import Auth
from services.browser_sessions import BrowserSessions
from services.database import Database
from services.errors import NotFound
from tests.accounts import NOON, PASSWORD, SettableClock, add_user, create_auth

ALICE, BOB = 'alice@example.com', 'bob@example.com'


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def auth(database: Database, clock: SettableClock) -> Iterator[Auth]:
    auth = create_auth(database, clock)
    yield auth
    auth.close()


@pytest.fixture
def sessions(database: Database, clock: SettableClock) -> BrowserSessions:
    return BrowserSessions(database, clock=clock)


@pytest.fixture
def alice(database: Database) -> int:
    return add_user(database, ALICE).id or 0


@pytest.fixture
def bob(database: Database) -> int:
    return add_user(database, BOB).id or 0


async def sign_in(auth: Auth, email: str, browser: str) -> str:
    """The hash of the new session."""
    cookie = await auth.start_session(await auth.sign_in(email, PASSWORD), browser=browser)
    return auth.session_hash(cookie)


async def test_the_browsers_of_a_user_are_listed_latest_first(
    auth: Auth, sessions: BrowserSessions, clock: SettableClock, alice: int, bob: int
) -> None:
    await sign_in(auth, ALICE, 'Firefox on Linux')
    clock.advance(hours=1)
    second = await sign_in(auth, ALICE, 'Safari on iPhone')
    await sign_in(auth, BOB, 'Edge on Windows')

    found = await sessions.list(alice)

    assert [info.browser for info in found] == ['Safari on iPhone', 'Firefox on Linux']
    assert (found[0].id_hash, found[0].signed_in_at) == (second, NOON + timedelta(hours=1))
    assert found[0].expires_at == NOON + timedelta(hours=13)


async def test_what_has_expired_is_not_listed(
    auth: Auth, sessions: BrowserSessions, clock: SettableClock, alice: int
) -> None:
    await sign_in(auth, ALICE, '')
    clock.advance(hours=12)
    assert await sessions.list(alice) == []


async def test_one_browser_is_signed_out_and_the_others_stay(auth: Auth, sessions: BrowserSessions, alice: int) -> None:
    first, second = await sign_in(auth, ALICE, 'a'), await sign_in(auth, ALICE, 'b')
    await sessions.end(alice, first)
    assert await auth.living_sessions([first, second]) == {second}
    with pytest.raises(NotFound, match='signed out already'):
        await sessions.end(alice, first)


async def test_all_others_are_signed_out_at_once(auth: Auth, sessions: BrowserSessions, alice: int, bob: int) -> None:
    mine = [await sign_in(auth, ALICE, str(number)) for number in range(3)]
    bobs = await sign_in(auth, BOB, '')
    assert await sessions.end_others(alice, keep=mine[1]) == {mine[0], mine[2]}
    assert await auth.living_sessions([*mine, bobs]) == {mine[1], bobs}


async def test_nobody_ends_or_lists_the_sessions_of_another(
    auth: Auth, sessions: BrowserSessions, alice: int, bob: int
) -> None:
    of_alice = await sign_in(auth, ALICE, '')
    assert await sessions.list(bob) == []
    with pytest.raises(NotFound):
        await sessions.end(bob, of_alice)
    assert await sessions.end_others(bob, keep=of_alice) == frozenset()
    assert await auth.living_sessions([of_alice]) == {of_alice}
