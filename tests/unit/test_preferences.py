from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.database import Database
from services.errors import InvalidToken
from services.preferences import Locale, Preferences, PreferenceStore, Theme, UpdateInterval
from tests.accounts import add_user


@pytest.fixture
def store(database: Database) -> PreferenceStore:
    return PreferenceStore(database)


def id_of(database: Database, email: str = 'alice@example.com') -> int:
    return add_user(database, email).id or 0


async def test_who_never_chose_has_the_defaults_and_no_row(database: Database, store: PreferenceStore) -> None:
    alice = id_of(database)
    assert await store.of(alice) == Preferences()
    with database.reading() as session:
        assert session.execute(text('SELECT count(*) FROM preferences')).scalar() == 0


async def test_what_is_chosen_is_kept_and_the_rest_stays(database: Database, store: PreferenceStore) -> None:
    alice = id_of(database)
    await store.change(alice, interval=UpdateInterval.MINUTE, paused=True)
    changed = await store.change(alice, theme=Theme.DARK, locale=Locale.DE_DE, shortcuts=False)
    assert changed == await store.of(alice)
    assert changed == Preferences(
        interval=UpdateInterval.MINUTE, paused=True, theme=Theme.DARK, locale=Locale.DE_DE, shortcuts=False
    )


async def test_each_has_their_own(database: Database, store: PreferenceStore) -> None:
    alice, bob = id_of(database), id_of(database, 'bob@example.com')
    await store.change(alice, theme=Theme.DARK)
    await store.change(bob, theme=Theme.LIGHT)
    assert [(await store.of(user)).theme for user in (alice, bob)] == [Theme.DARK, Theme.LIGHT]


async def test_two_first_choices_at_once_are_both_kept(database: Database, store: PreferenceStore) -> None:
    alice = id_of(database)
    await asyncio.gather(store.change(alice, theme=Theme.DARK), store.change(alice, paused=True))
    assert await store.of(alice) == Preferences(theme=Theme.DARK, paused=True)


async def test_one_who_is_gone_cannot_choose(database: Database, store: PreferenceStore) -> None:
    with pytest.raises(InvalidToken):
        await store.change(77, paused=True)


async def test_they_go_with_their_user(database: Database, store: PreferenceStore) -> None:
    alice = id_of(database)
    await store.change(alice, paused=True)
    with database.writing() as session:
        _forget(session, alice)
    with database.reading() as session:
        assert session.execute(text('SELECT count(*) FROM preferences')).scalar() == 0


def _forget(session: Session, user_id: int) -> None:
    session.execute(text('DELETE FROM "user" WHERE id = :id'), {'id': user_id})


async def test_what_another_release_offered_counts_as_not_chosen(database: Database, store: PreferenceStore) -> None:
    alice = id_of(database)
    await store.change(alice, paused=True)
    with database.writing() as session:
        session.execute(text("UPDATE preferences SET theme = 'sepia', locale = 'tlh', \"interval\" = '3'"))
    assert await store.of(alice) == Preferences(paused=True)


@pytest.mark.parametrize(
    ('interval', 'beat', 'seconds'),
    [('5', 5, 5), ('5', 1, 1), ('5', 20, 20), ('15', 5, 15), ('15', 20, 20), ('60', 5, 60), ('off', 5, None)],
)
def test_no_page_shows_more_often_than_the_server_beats(interval: str, beat: float, seconds: float | None) -> None:
    assert UpdateInterval(interval).seconds(beat) == seconds
