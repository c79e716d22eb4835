from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import select

from services.auth import Auth
from services.browser_sessions import BrowserSessions
from services.database import Database
from services.errors import NotFound
from services.models import BrowserSession
from services.session_use import SessionUse
from tests.accounts import NOON, PASSWORD, SettableClock, add_user, create_auth
from tests.executed import statements_of

ALICE, BOB = 'alice@example.com', 'bob@example.com'


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def use(database: Database, clock: SettableClock) -> SessionUse:
    return SessionUse(database, clock=clock)


@pytest.fixture
def auth(database: Database, clock: SettableClock, use: SessionUse) -> Iterator[Auth]:
    auth = create_auth(database, clock, session_use=use)
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


async def test_what_had_expired_is_not_counted_as_signed_out(
    auth: Auth, sessions: BrowserSessions, clock: SettableClock, database: Database, alice: int
) -> None:
    await sign_in(auth, ALICE, '')
    clock.advance(hours=6)
    this = await sign_in(auth, ALICE, '')
    clock.advance(hours=6)
    assert await sessions.end_others(alice, keep=this) == frozenset()
    with database.reading() as session:
        assert session.exec(select(BrowserSession.id_hash)).all() == [this]


async def last_seen(sessions: BrowserSessions, user_id: int) -> list[object]:
    return [info.last_seen_at for info in await sessions.list(user_id)]


async def test_a_browser_is_last_seen_when_it_signs_in(auth: Auth, sessions: BrowserSessions, alice: int) -> None:
    await sign_in(auth, ALICE, '')
    assert await last_seen(sessions, alice) == [NOON]


async def test_a_browser_is_seen_by_its_requests_and_that_is_written_at_most_every_five_minutes(
    auth: Auth, sessions: BrowserSessions, clock: SettableClock, database: Database, use: SessionUse
) -> None:
    alice = add_user(database, ALICE).id or 0
    cookie = await auth.start_session(await auth.sign_in(ALICE, PASSWORD))
    await sign_in(auth, ALICE, 'never used again')
    writes = statements_of(database, 'UPDATE')
    for minutes, expected in ((4, 0), (1, 0), (4, 9), (4, 9), (60, 73)):
        clock.advance(minutes=minutes)
        for _request in range(3):
            assert await auth.session(cookie)
        assert writes == [], 'no request waits for a write'
        await use.write()
        assert set(await last_seen(sessions, alice)) == {NOON + timedelta(minutes=expected), NOON}
        assert len(writes) <= 1
        writes.clear()


async def test_a_browser_is_seen_for_as_long_as_a_page_of_it_is_open(
    auth: Auth, sessions: BrowserSessions, clock: SettableClock, use: SessionUse, alice: int
) -> None:
    open_, closed = await sign_in(auth, ALICE, 'open'), await sign_in(auth, ALICE, 'closed')
    clock.advance(minutes=30)
    assert await auth.living_sessions([open_]) == {open_}
    await use.write()
    found = {info.id_hash: info.last_seen_at for info in await sessions.list(alice)}
    assert found == {open_: NOON + timedelta(minutes=30), closed: NOON}


async def test_a_session_that_has_ended_is_not_seen(
    auth: Auth, clock: SettableClock, database: Database, use: SessionUse, alice: int
) -> None:
    ended = await sign_in(auth, ALICE, '')
    clock.advance(hours=13)
    assert await auth.living_sessions([ended]) == set()
    writes = statements_of(database, 'UPDATE')
    await use.write()
    assert writes == []
