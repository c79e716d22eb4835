from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from services import migrations, sessions, users
from services.database import Database
from services.errors import InvalidRequest, NotFound
from services.models import BrowserSession, UserRevision
from tests.accounts import NOON, add_user, open_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


def test_a_new_user_has_a_revision_row(database: Database) -> None:
    alice = add_user(database, '  Alice@Example.COM ', name=' Alice ', time_zone='Europe/Berlin')

    assert (alice.email, alice.name, alice.time_zone) == ('alice@example.com', 'Alice', 'Europe/Berlin')
    with database.reading() as session:
        assert session.exec(select(UserRevision.user_id, UserRevision.revision)).all() == [(alice.id, 0)]


def test_whether_there_are_any_is_known(database: Database) -> None:
    with database.reading() as session:
        assert not users.any_exist(session)
    add_user(database)
    with database.reading() as session:
        assert users.any_exist(session)


def test_the_same_address_in_another_case_is_the_same_account(database: Database) -> None:
    alice = add_user(database)
    with database.reading() as session:
        assert users.find(session, ' ALICE@example.com').id == alice.id
    with pytest.raises(InvalidRequest, match='already') as refused:
        add_user(database, 'ALICE@EXAMPLE.COM')
    assert refused.value.field == 'email'
    assert add_user(database, 'bob@example.com').id != alice.id


@pytest.mark.parametrize(
    'email',
    [
        '',
        'alice',
        '@example.com',
        'alice@',
        'a b@example.com',
        'a@b@c',
        'a@b..c',
        'a\0@b.c',
        '\ud800@b.c',
        'a@b.c\n.d',
        '<a@b.c>',
        'a,b@c.d',
        'a' * 251 + '@b.c',
    ],
    ids=ascii,
)
def test_what_is_no_address_is_refused(database: Database, email: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        add_user(database, email)
    assert refused.value.field == 'email'
    with database.reading() as session, pytest.raises(NotFound):
        users.find(session, email)


@pytest.mark.parametrize(
    ('field', 'value'), [('time_zone', 'Mars/Base'), ('time_zone', ''), ('name', 'x' * 101), ('name', 'a\nb')]
)
def test_a_value_that_cannot_be_used_is_named_and_nothing_is_added(database: Database, field: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        add_user(database, **{field: value})
    assert refused.value.field == field
    with database.reading() as session:
        assert users.everyone(session) == []


def test_users_are_listed_by_address(database: Database) -> None:
    add_user(database, 'bob@example.com')
    add_user(database, 'alice@example.com')
    with database.reading() as session:
        assert [user.email for user in users.everyone(session)] == ['alice@example.com', 'bob@example.com']


@pytest.mark.parametrize('end', ['disable', 'password'])
def test_disabling_and_a_new_password_end_only_that_users_sessions(database: Database, end: str) -> None:
    alice, bob = add_user(database), add_user(database, 'bob@example.com')
    with database.writing() as session:
        sessions.start(session, alice, 'hash of alice', now=NOON, expires_at=NOON.replace(hour=13))
        sessions.start(session, bob, 'hash of bob', now=NOON, expires_at=NOON.replace(hour=13))

    with database.writing() as session:
        if end == 'disable':
            users.set_disabled(session, alice.email, disabled=True)
        else:
            users.set_password_hash(session, alice.email, 'another hash')

    with database.reading() as session:
        assert users.find(session, alice.email).token_version == 1
        assert users.find(session, bob.email).token_version == 0
        assert session.exec(select(BrowserSession.id_hash)).all() == ['hash of bob']


def test_enabling_brings_no_earlier_token_back(database: Database) -> None:
    alice = add_user(database)
    for disabled in (True, False):
        with database.writing() as session:
            users.set_disabled(session, alice.email, disabled=disabled)
    with database.reading() as session:
        user = users.find(session, alice.email)
        assert (user.disabled, user.token_version) == (False, 1)


def test_an_unknown_user_cannot_be_changed(database: Database) -> None:
    with database.writing() as session, pytest.raises(NotFound, match=r'mallory@example\.com'):
        users.set_disabled(session, 'mallory@example.com', disabled=True)
    with database.writing() as session, pytest.raises(NotFound):
        users.set_password_hash(session, 'mallory@example.com', 'hash')


@pytest.mark.parametrize('end', ['disable', 'password'])
def test_two_who_end_everything_at_the_same_time_count_twice(postgresql_url: str, end: str) -> None:
    """Else what was opened after the first would outlive the second."""
    database = Database.open(postgresql_url)
    migrations.upgrade(database)
    alice = add_user(database)
    with database.writing() as late:
        before = users.find(late, alice.email)
        assert before.token_version == 0
        with database.writing() as early:
            users.set_password_hash(early, alice.email, 'another hash')
        if end == 'disable':
            users.set_disabled(late, alice.email, disabled=True)
        else:
            users.set_password_hash(late, alice.email, 'a third hash')
    with database.reading() as session:
        assert users.find(session, alice.email).token_version == 2
    database.close()
