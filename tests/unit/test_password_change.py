from __future__ import annotations

from collections.abc import Iterator

import pytest

from services import users
from services.api_keys import ApiKeys
from services.auth import Auth
from services.counters import Counters
from services.database import Database
from services.errors import ChurnboardError, InvalidCredentials, InvalidRequest, InvalidToken, RateLimited
from services.identity import Identity, KeyScope
from services.passwords import Passwords
from services.sign_in_limits import SignInLimits
from tests.accounts import CHEAP, PASSWORD, SECRET, SettableClock, add_user, create_auth

ALICE = 'alice@example.com'
NEW = 'amber lantern forty-two'


@pytest.fixture
def auth(database: Database) -> Iterator[Auth]:
    add_user(database, ALICE)
    add_user(database, 'bob@example.com')
    auth = create_auth(database, SettableClock())
    yield auth
    auth.close()


async def signed_in(auth: Auth, email: str = ALICE) -> tuple[str, Identity]:
    """The cookie of a new session, and who it is of."""
    cookie = await auth.start_session(await auth.sign_in(email, PASSWORD))
    identity = await auth.session(cookie)
    assert identity
    return cookie, identity


async def change(auth: Auth, me: Identity, *, current: str = PASSWORD, new: str = NEW) -> frozenset[str]:
    assert me.session_hash
    return (await auth.change_password(me.user_id, current, new, keep=me.session_hash)).ended


async def test_the_session_it_was_changed_in_goes_on_and_everything_else_ends(auth: Auth, database: Database) -> None:
    cookie, me = await signed_in(auth)
    other, elsewhere = await signed_in(auth)
    bobs, _ = await signed_in(auth, 'bob@example.com')
    token = auth.issue_token(me).access_token
    key = await ApiKeys(database).create(me.user_id, 'wall', KeyScope.READ, token_version=me.token_version)

    assert await change(auth, me) == {elsewhere.session_hash}

    assert await auth.session(cookie)
    assert await auth.session(bobs)
    assert await auth.session(other) is None
    for dead in (token, key.key):
        with pytest.raises(InvalidToken):
            await auth.authenticate_user(dead)
    assert (await auth.sign_in(ALICE, NEW)).user_id == me.user_id
    with pytest.raises(InvalidCredentials):
        await auth.sign_in(ALICE, PASSWORD)


async def test_pages_of_the_session_that_are_open_keep_their_right_and_can_learn_the_accounts_new_version(
    auth: Auth,
) -> None:
    _, me = await signed_in(auth)
    _, elsewhere = await signed_in(auth)
    assert await auth.version_now(me.user_id, me.right) == me.token_version
    await change(auth, me)
    assert await auth.lasts(me.user_id, me.right)
    assert await auth.version_now(me.user_id, me.right) == me.token_version + 1
    assert not await auth.lasts(elsewhere.user_id, elsewhere.right)
    assert await auth.version_now(elsewhere.user_id, elsewhere.right) is None


@pytest.mark.parametrize(
    ('current', 'new', 'error', 'field'),
    [
        ('not the right one', NEW, InvalidCredentials, 'current'),
        ('', NEW, InvalidCredentials, 'current'),
        (PASSWORD, 'too short', InvalidRequest, 'new'),
        (PASSWORD, 'password password', InvalidRequest, 'new'),
        (PASSWORD, f'{ALICE} and more', InvalidRequest, 'new'),
        (PASSWORD, PASSWORD, InvalidRequest, 'new'),
        (PASSWORD, 'x' * 2_000, InvalidRequest, 'new'),
    ],
)
async def test_what_is_wrong_names_its_field_and_nothing_changes(
    auth: Auth, current: str, new: str, error: type[ChurnboardError], field: str
) -> None:
    _, me = await signed_in(auth)
    other, _ = await signed_in(auth)
    with pytest.raises(error) as refused:
        await change(auth, me, current=current, new=new)
    assert refused.value.field == field
    assert await auth.session(other)
    assert (await auth.sign_in(ALICE, PASSWORD)).token_version == me.token_version


async def test_guessing_the_present_password_is_limited_as_a_sign_in_is(database: Database) -> None:
    add_user(database, ALICE)
    limits = SignInLimits(per_account=3, counters=Counters())
    auth = Auth(
        database, secret_key=SECRET, token_seconds=60, session_hours=1, passwords=Passwords(CHEAP), limits=limits
    )
    _, me = await signed_in(auth)
    for _ in range(3):
        with pytest.raises(InvalidCredentials):
            await change(auth, me, current='a wrong guess of it')
    with pytest.raises(RateLimited):
        await change(auth, me)
    auth.close()


async def test_a_session_that_was_signed_out_changes_nothing(auth: Auth) -> None:
    cookie, me = await signed_in(auth)
    await auth.end_session(cookie)
    with pytest.raises(InvalidToken):
        await change(auth, me)
    assert (await auth.sign_in(ALICE, PASSWORD)).token_version == me.token_version


async def test_a_password_that_was_changed_meanwhile_is_not_overwritten(
    auth: Auth, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, me = await signed_in(auth)
    passwords = auth._password_change._passwords
    hash_of = passwords.hash

    async def meanwhile(password: str, *, email: str) -> str:
        with database.writing() as session:
            users.set_password_hash(session, ALICE, CHEAP.hash('a third one, from the command line'))
        return await hash_of(password, email=email)

    monkeypatch.setattr(passwords, 'hash', meanwhile)
    with pytest.raises(InvalidToken):
        await change(auth, me)
    assert await auth.sign_in(ALICE, 'a third one, from the command line')
