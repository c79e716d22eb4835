from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from services import access_watch, users
from services.access_watch import WARNING
from services.api_keys import ApiKeys
from services.connections import Connection
from services.credentials import UserCredentials
from services.errors import Unavailable
from services.identity import NEVER, Identity, KeyScope, Proof
from services.secret_hash import secret_hash
from services.user_states import UserState
from tests.accounts import NOON
from tests.unit.live_setting import FakeSocket, Live, until


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    live = Live(tmp_path)
    yield live
    await live.close()


def renew(connection: Connection, **duration: float) -> None:
    later = connection.identity.expires_at + timedelta(**duration)
    connection.identity = replace(connection.identity, expires_at=later)


def codes(socket: FakeSocket) -> list[str]:
    return [error['code'] for error in socket.of('error')]


def warnings(socket: FakeSocket) -> list[str]:
    return [alert['id'] for alert in socket.of('system_alert')]


async def test_a_client_is_warned_and_its_connection_ends_with_its_token(live: Live) -> None:
    socket = live.connect(seconds=0.05)
    live.access.schedule(live.connection())
    await until(lambda: warnings(socket))
    assert live.connections.get('s1')
    live.clock.advance(seconds=0.05)
    await until(lambda: socket.of('error'))
    assert warnings(socket) == ['token-expiring']
    assert codes(socket) == ['token_expired']
    await until(lambda: live.server.ended == ['s1'])


async def test_the_warning_comes_a_minute_before_the_end(live: Live) -> None:
    socket = live.connect(seconds=3_600)
    live.access.schedule(live.connection())
    live.clock.now = NOON + timedelta(hours=1) - WARNING - timedelta(milliseconds=1)
    await live.access.check()
    assert warnings(socket) == []
    live.clock.advance(seconds=0.001)
    for _ in range(2):
        await live.access.check()
        assert warnings(socket) == ['token-expiring']
    live.clock.now = NOON + timedelta(hours=1)
    await live.access.check()
    assert codes(socket) == ['token_expired']


async def test_a_renewed_token_counts_from_anew(live: Live) -> None:
    socket = live.connect(seconds=100)
    live.access.schedule(live.connection())
    renew(live.connection(), hours=1)
    live.access.schedule(live.connection())
    for seconds, seen in ((40, []), (60, []), (3_539, []), (1, ['token-expiring']), (59, ['token-expiring'])):
        live.clock.advance(seconds=seconds)
        await live.access.check()
        assert warnings(socket) == seen
        assert codes(socket) == []
    live.clock.advance(seconds=1)
    await live.access.check()
    assert codes(socket) == ['token_expired']


async def test_a_renewal_until_the_same_moment_warns_no_second_time(live: Live) -> None:
    socket = live.connect(seconds=100)
    for _ in range(3):
        live.access.schedule(live.connection())
    live.clock.advance(seconds=41)
    await live.access.check()
    assert warnings(socket) == ['token-expiring']


async def test_what_cannot_be_told_ends_all_the_same(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.connect(seconds=100)
    live.access.schedule(live.connection())
    monkeypatch.setattr(FakeSocket, 'send_text', None)
    live.clock.advance(seconds=100)
    await live.access.check()
    assert live.connections.get('s1') is None


@pytest.mark.parametrize('step', [timedelta(hours=2), timedelta(seconds=3_601)])
async def test_a_token_ends_by_the_time_of_day_when_the_clock_is_set(live: Live, step: timedelta) -> None:
    """A timer does not notice that the clock was set, nor that the machine slept."""
    socket = live.connect(seconds=3_600)
    live.access.schedule(live.connection())
    await live.access.check()
    assert live.connections.get('s1')
    live.clock.now += step
    await live.access.check()
    assert live.connections.get('s1') is None
    assert codes(socket) == ['token_expired']


async def test_one_who_has_only_just_come_may_stay(live: Live) -> None:
    socket = live.connect()
    await live.access.check()
    assert live.connections.get('s1')
    assert socket.sent == []


@pytest.mark.parametrize('change', ['disabled', 'token_version'])
async def test_one_who_lost_the_right_is_told_and_closed(live: Live, change: str) -> None:
    socket = live.connect()
    await live.hub.beat([live.user_id])
    await live.access.check()
    with live.database.writing() as session:
        user = session.get_one(type(live.user), live.user_id)
        setattr(user, change, 1)
    await live.hub.beat([live.user_id])
    await live.access.check()
    assert live.connections.get('s1') is None
    assert codes(socket) == ['invalid_token']
    await until(lambda: live.server.ended == ['s1'])


async def test_one_whose_account_is_gone_is_told_and_closed(live: Live) -> None:
    live.take(1)
    socket = live.connect()
    await live.hub.beat([live.user_id])
    await live.access.check()
    with live.database.writing() as session:
        session.delete(session.get_one(type(live.user), live.user_id))
    live.clock.advance(seconds=5)
    await live.hub.beat([live.user_id])
    await live.access.check()
    assert live.connections.get('s1') is None
    assert codes(socket) == ['invalid_token']


async def test_a_connection_ends_with_the_browser_session_its_token_came_from(live: Live) -> None:
    live.connect('other')
    identity = live.connection('other').identity
    cookie = await live.auth.start_session(identity)
    socket = live.connect('of the session')
    connection = live.connection('of the session')
    connection.identity = replace(identity, proof=Proof(session_hash=live.auth.session_hash(cookie)))
    await live.hub.beat([live.user_id])
    await live.access.check()
    assert live.connections.get('of the session')
    await live.auth.end_session(cookie)
    await live.access.check()
    assert live.connections.get('of the session') is None
    assert codes(socket) == ['invalid_token']
    assert live.connections.get('other'), 'a token of no session stays'


async def test_a_connection_ends_with_its_key_or_token_and_no_other_does(live: Live) -> None:
    keys = ApiKeys(live.database, clock=live.clock)
    made = [await keys.create(live.user_id, f'key {number}', KeyScope.READ, token_version=0) for number in range(2)]
    signed_in = Identity.of(live.user, expires_at=NOON + timedelta(hours=1), signed_in_at=NOON)
    tokens = [live.auth.issue_token(signed_in).access_token for _ in range(2)]
    shown = {'key': made[0].key, 'other key': made[1].key, 'token': tokens[0], 'other token': tokens[1]}
    sockets = {sid: live.connect(sid) for sid in shown}
    for sid, text in shown.items():
        live.connection(sid).identity = await live.auth.authenticate_user(text)
        live.access.schedule(live.connection(sid))

    async def look() -> set[str]:
        await live.hub.beat([live.user_id])
        await live.access.check()
        return {connection.sid for connection in live.connections}

    assert await look() == set(shown)
    await keys.revoke(live.user_id, made[0].info.id)
    assert await look() == set(shown) - {'key'}
    await live.auth.revoke_token(live.user_id, tokens[0])
    assert await look() == {'other key', 'other token'}
    assert [codes(sockets[sid]) for sid in shown] == [['invalid_token'], [], ['invalid_token'], []]


async def test_keys_and_tokens_are_only_read_after_some_were_revoked(live: Live) -> None:
    live.connect()
    await live.hub.beat([live.user_id])
    reads: list[str] = []
    event.listen(live.database.engine, 'before_cursor_execute', lambda *given: reads.append(given[2]))
    await live.access.check()
    assert reads == []
    keys = ApiKeys(live.database, clock=live.clock)
    await keys.create(live.user_id, 'a key', KeyScope.READ, token_version=0)
    reads.clear()
    await live.hub.beat([live.user_id])
    await live.access.check()
    assert len([read for read in reads if 'FROM api_key' in read]) == 1
    reads.clear()
    await live.access.check()
    assert reads == []


async def test_one_who_was_let_stay_is_not_judged_again_while_nothing_can_have_ended_it(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ApiKeys(live.database, clock=live.clock)
    first, other = [await keys.create(live.user_id, name, KeyScope.READ, token_version=0) for name in ('a', 'b')]
    live.connect()
    live.connection().identity = await live.auth.authenticate_user(first.key)
    judged, judge = 0, UserCredentials.hold

    def counting(known: UserCredentials, proof: Proof, token_version: int) -> bool:
        nonlocal judged
        judged += 1
        return judge(known, proof, token_version)

    monkeypatch.setattr(UserCredentials, 'hold', counting)

    async def judgements() -> int:
        nonlocal judged
        judged = 0
        await live.hub.beat([live.user_id])
        for _ in range(2):
            await live.access.check()
        return judged

    assert await judgements() == 1
    assert await judgements() == 0
    live.take(1)
    assert await judgements() == 0, 'new data end nothing'
    await keys.revoke(live.user_id, other.info.id)
    assert await judgements() == 1
    assert live.connections.get('s1')


async def test_while_nobodys_access_changes_nobody_is_looked_at_again(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    seen = live.hub.seen
    monkeypatch.setattr(live.hub, 'seen', lambda user_id: (looked_at.append(user_id), seen(user_id))[1])
    live.connect()
    await live.hub.beat([live.user_id])
    for _ in range(2):
        await live.access.check()
    looked_at.clear()
    live.take(1)
    await live.hub.beat([live.user_id])
    await live.access.check()
    assert looked_at == []
    with live.database.writing() as session:
        session.get_one(type(live.user), live.user_id).disabled = True
    await live.hub.beat([live.user_id])
    assert looked_at != [], 'at once'


async def test_a_check_that_failed_is_made_again_of_everybody(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ApiKeys(live.database, clock=live.clock)
    made = await keys.create(live.user_id, 'a key', KeyScope.READ, token_version=0)
    live.connect()
    live.connection().identity = await live.auth.authenticate_user(made.key)
    await live.hub.beat([live.user_id])
    await live.access.check()
    read = live.auth.credentials.of_many

    async def failing(_states: Collection[UserState]) -> dict[int, UserCredentials]:
        raise Unavailable('The database is away.')

    monkeypatch.setattr(live.auth.credentials, 'of_many', failing)
    await keys.revoke(live.user_id, made.info.id)
    await live.hub.beat([live.user_id])
    for _ in range(2):
        with pytest.raises(Unavailable):
            await live.access.check()
    monkeypatch.setattr(live.auth.credentials, 'of_many', read)
    await live.access.check()
    assert live.connections.get('s1') is None


async def test_what_is_shown_later_is_judged_though_the_user_is_as_before(live: Live) -> None:
    signed_in = Identity.of(live.user, expires_at=NOON + timedelta(hours=1), signed_in_at=NOON)
    good = await live.auth.authenticate_user(live.auth.issue_token(signed_in).access_token)
    keys = ApiKeys(live.database, clock=live.clock)
    made = await keys.create(live.user_id, 'a key', KeyScope.READ, token_version=0)
    socket = live.connect()
    live.connection().identity = good
    await keys.revoke(live.user_id, made.info.id)
    await live.hub.beat([live.user_id])
    await live.access.check()
    live.connection().identity = replace(good, proof=Proof(key_hash=secret_hash(made.key)))
    await live.access.check()
    assert live.connections.get('s1') is None
    assert codes(socket) == ['invalid_token']


async def test_what_ended_while_it_was_judged_ends_it_at_the_next_check(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is revoked after a check has read is not known to it; the check that the look begins may fail."""
    signed_in = Identity.of(live.user, expires_at=NOON + timedelta(hours=1), signed_in_at=NOON)
    token = live.auth.issue_token(signed_in).access_token
    live.connect()
    live.connection().identity = await live.auth.authenticate_user(token)
    await live.hub.beat([live.user_id])
    read = live.auth.credentials.of_many

    async def failing(_states: Collection[UserState]) -> dict[int, UserCredentials]:
        raise Unavailable('The database is away.')

    async def meanwhile(states: Collection[UserState]) -> dict[int, UserCredentials]:
        known = await read(states)
        monkeypatch.setattr(live.auth.credentials, 'of_many', failing)
        await live.auth.revoke_token(live.user_id, token)
        await live.hub.look()
        return known

    monkeypatch.setattr(live.auth.credentials, 'of_many', meanwhile)
    await live.access.check()
    assert live.connections.get('s1')
    monkeypatch.setattr(live.auth.credentials, 'of_many', read)
    await live.access.check()
    assert live.connections.get('s1') is None


async def test_a_connection_by_key_is_not_warned_and_does_not_expire(live: Live) -> None:
    socket = live.connect()
    connection = live.connection()
    live.access.schedule(connection)
    connection.identity = replace(connection.identity, expires_at=NEVER)
    live.access.schedule(connection)
    assert connection.due is None, 'that of the token before counts no more'
    live.clock.advance(days=10_000)
    await live.access.check()
    assert live.connections.get('s1')
    assert socket.sent == []


async def test_nothing_is_sent_after_the_end(live: Live) -> None:
    socket = live.connect()
    connection = live.connection()
    live.access.schedule(connection)
    live.access.expire(connection)
    assert [event for event, _ in socket.sent] == ['error']
    # what was under way when it ended
    live.emitter.tell(connection, 'connected', {})
    live.emitter.send(connection, 'dashboard_update', b'{}')
    live.emitter.push(live.user_id, 'system_alert', {})
    assert [event for event, _ in socket.sent] == ['error']


async def test_a_connection_that_ended_while_its_token_was_renewed_stays_ended(live: Live) -> None:
    live.connect()
    connection = live.connection()
    live.access.schedule(connection)
    live.access.end(connection, None)
    renew(connection, hours=1)
    connection.due = None
    live.access.schedule(connection)
    assert connection.due is None


async def test_pages_are_checked_too_and_again_whatever_fails(
    live: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    checked = asyncio.Event()
    turns = 0

    async def failing() -> None:
        raise RuntimeError('check down')

    async def pages() -> None:
        nonlocal turns
        turns += 1
        if turns == 3:
            checked.set()

    monkeypatch.setattr(access_watch, 'LONGEST', 0.0)
    live.access.also(failing)
    live.access.also(pages)
    running = asyncio.create_task(live.access.run())
    async with asyncio.timeout(20):
        await checked.wait()
    running.cancel()
    assert 'check down' in caplog.text


@pytest.mark.parametrize('newcomer', [True, False])
async def test_one_who_is_let_in_while_all_are_checked_stays(
    live: Live, monkeypatch: pytest.MonkeyPatch, newcomer: bool
) -> None:
    """What is read for a check is as old as its beginning: whoever was let in since is known better."""
    live.connect('first')
    await live.hub.beat([live.user_id])
    cookie = await live.auth.start_session(live.connection('first').identity)
    of_the_session = Proof(session_hash=live.auth.session_hash(cookie))
    if not newcomer:  # it shows something else just in time
        first = live.connection('first')
        first.identity = replace(first.identity, proof=Proof(session_hash='0' * 64))
    look_up = live.auth.living_sessions

    async def meanwhile(hashes: list[str]) -> set[str]:
        living = await look_up(hashes)
        if newcomer:
            live.connect('newcomer')
        connection = live.connection('newcomer' if newcomer else 'first')
        connection.identity = replace(connection.identity, proof=of_the_session)
        return living

    monkeypatch.setattr(live.auth, 'living_sessions', meanwhile)
    await live.access.check()
    assert live.connections.get('first')
    assert bool(live.connections.get('newcomer')) == newcomer


async def test_a_connection_with_the_new_password_stays_though_the_last_look_knew_the_old_one(live: Live) -> None:
    live.connect('with the old one')
    await live.hub.beat([live.user_id])
    change_password(live)
    live.connect('with the new one')
    connection = live.connection('with the new one')
    connection.identity = replace(connection.identity, token_version=1)
    await live.access.check()
    assert live.connections.get('with the new one')
    await live.hub.beat([live.user_id])
    await live.access.check()
    assert [connection.sid for connection in live.connections] == ['with the new one']


@pytest.mark.parametrize('lost', ['password', 'account', 'key', 'token'])
async def test_a_look_that_learns_of_the_end_ends_at_once(live: Live, lost: str) -> None:
    """Else the time of a look and that of a check would add up."""
    keys = ApiKeys(live.database, clock=live.clock)
    made = await keys.create(live.user_id, 'a key', KeyScope.READ, token_version=0)
    signed_in = Identity.of(live.user, expires_at=NOON + timedelta(hours=1), signed_in_at=NOON)
    token = live.auth.issue_token(signed_in).access_token
    socket = live.connect()
    live.connection().identity = await live.auth.authenticate_user(made.key if lost == 'key' else token)
    await live.hub.beat([live.user_id])
    assert live.connections.get('s1')
    if lost == 'password':
        change_password(live)
    elif lost == 'account':
        with live.database.writing() as session:
            users.set_disabled(session, live.user.email, disabled=True)
    elif lost == 'key':
        await keys.revoke(live.user_id, made.info.id)
    else:
        await live.auth.revoke_token(live.user_id, token)
    await live.hub.look()
    assert live.connections.get('s1') is None
    assert codes(socket) == ['invalid_token']


async def test_what_has_expired_ends_also_while_the_database_is_away(live: Live) -> None:
    socket = live.connect()
    live.access.schedule(live.connection())
    live.connect('other')
    connection = live.connection('other')
    connection.identity = replace(connection.identity, proof=Proof(session_hash='0' * 64))
    live.database.close()
    live.clock.advance(seconds=3_601)
    with pytest.raises(RuntimeError):
        await live.access.check()
    assert codes(socket) == ['token_expired']


async def test_a_check_that_hangs_keeps_no_other_from_its_time(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_watch, 'LONGEST', 0.01)
    turns = 0

    async def hanging() -> None:
        await asyncio.Event().wait()

    async def pages() -> None:
        nonlocal turns
        turns += 1

    live.access.also(hanging)
    live.access.also(pages)
    running = asyncio.create_task(live.access.run())
    await until(lambda: turns >= 3)
    running.cancel()


def change_password(live: Live) -> None:
    with live.database.writing() as session:
        users.set_password_hash(session, live.user.email, 'another hash')
