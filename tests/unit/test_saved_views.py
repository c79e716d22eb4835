from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import text

from services import saved_views
from services.database import Database
from services.errors import InvalidRequest, InvalidToken, NotFound
from services.query import DashboardQuery
from services.saved_views import SavedViews
from tests.accounts import add_user

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HIGH = DashboardQuery.parse({'risk': 'high', 'range': '30d'})
NORTH = DashboardQuery.parse({'q': 'Grün & Co', 'min_score': '0.4', 'max_score': '0.7051', 'source': 'a b.csv'})


@pytest.fixture
def views(database: Database) -> SavedViews:
    seconds = count()
    return SavedViews(database, clock=lambda: NOW + timedelta(seconds=next(seconds)))


def id_of(database: Database, email: str = 'alice@example.com') -> int:
    return add_user(database, email).id or 0


async def names(views: SavedViews, user_id: int) -> list[str]:
    return [view.name for view in await views.list(user_id)]


async def test_a_view_brings_its_query_back_and_they_are_listed_by_name(database: Database, views: SavedViews) -> None:
    alice = id_of(database)
    await views.add(alice, ' Western   accounts ', NORTH)
    await views.add(alice, 'acme', HIGH)
    await views.add(alice, 'Everything', DashboardQuery())
    assert [(view.name, view.query) for view in await views.list(alice)] == [
        ('acme', HIGH),
        ('Everything', DashboardQuery()),
        ('Western accounts', NORTH),
    ]


@pytest.mark.parametrize('name', ['', '   ', 'x' * 61, 'a\0b', 'a\ud800', 'a\u202eb'])
async def test_a_name_that_is_none_is_refused(database: Database, views: SavedViews, name: str) -> None:
    alice = id_of(database)
    with pytest.raises(InvalidRequest) as refused:
        await views.add(alice, name, HIGH)
    assert refused.value.field == 'name'
    assert await views.list(alice) == []


async def test_a_name_is_given_once_in_any_case(database: Database, views: SavedViews) -> None:
    alice, bob = id_of(database), id_of(database, 'bob@example.com')
    await views.add(alice, 'Straße', HIGH)
    other = await views.add(alice, 'Other', NORTH)
    await views.add(bob, 'STRASSE', HIGH)
    with pytest.raises(InvalidRequest):
        await views.add(alice, 'STRASSE', NORTH)
    with pytest.raises(InvalidRequest):
        await views.change(alice, other.id, name='strasse')
    assert (await views.change(alice, other.id, name='OTHER')).name == 'OTHER'


async def test_a_name_counts_as_the_same_however_its_accents_are_encoded(database: Database, views: SavedViews) -> None:
    alice = id_of(database)
    await views.add(alice, 'Café', HIGH)
    with pytest.raises(InvalidRequest):
        await views.add(alice, 'Cafe\u0301', HIGH)


async def test_two_saved_at_once_are_both_kept_and_of_one_name_one_is(database: Database, views: SavedViews) -> None:
    alice = id_of(database)
    await asyncio.gather(*(views.add(alice, name, HIGH) for name in ('a', 'b', 'c')))
    assert await names(views, alice) == ['a', 'b', 'c']
    ended = await asyncio.gather(*(views.add(alice, 'd', HIGH) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(each, InvalidRequest) for each in ended) == 2
    assert len({view.id for view in await views.list(alice)}) == 4


async def test_there_is_an_end_to_the_number_of_views(
    database: Database, views: SavedViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_views, 'MOST', 2)
    alice = id_of(database)
    for name in ('a', 'b'):
        await views.add(alice, name, HIGH)
    with pytest.raises(InvalidRequest, match='Delete one'):
        await views.add(alice, 'c', HIGH)


async def test_a_view_is_renamed_and_replaced(database: Database, views: SavedViews) -> None:
    alice = id_of(database)
    view = await views.add(alice, 'a', HIGH)
    await views.change(alice, view.id, name='b')
    changed = await views.change(alice, view.id, query=NORTH)
    assert [changed] == await views.list(alice)
    assert (changed.id, changed.name, changed.query) == (view.id, 'b', NORTH)


async def test_a_deleted_view_comes_back_as_it_was(database: Database, views: SavedViews) -> None:
    alice = id_of(database)
    view = await views.add(alice, 'a', HIGH)
    deleted = await views.delete(alice, view.id)
    assert await views.list(alice) == []
    await views.restore(alice, deleted)
    await views.restore(alice, deleted)
    assert await views.list(alice) == [view]


async def test_a_deleted_view_whose_name_was_given_again_does_not_come_back(
    database: Database, views: SavedViews
) -> None:
    alice = id_of(database)
    deleted = await views.delete(alice, (await views.add(alice, 'a', HIGH)).id)
    kept = await views.add(alice, 'A', NORTH)
    with pytest.raises(InvalidRequest):
        await views.restore(alice, deleted)
    assert [view.query for view in await views.list(alice)] == [kept.query]


async def test_what_belongs_to_somebody_else_is_not_there(database: Database, views: SavedViews) -> None:
    alice, mallory = id_of(database), id_of(database, 'mallory@example.com')
    view = await views.add(alice, 'a', HIGH)
    assert await views.list(mallory) == []
    with pytest.raises(NotFound):
        await views.change(mallory, view.id, name='mine')
    with pytest.raises(NotFound):
        await views.delete(mallory, view.id)
    assert await views.list(alice) == [view]


@pytest.mark.parametrize('stored', ['{"colour": "red"}', '{"range": "400d"}', '[]', 'nonsense', '{"q": 7}'])
async def test_a_view_that_cannot_be_read_is_listed_can_be_replaced_and_comes_back_as_it_was(
    database: Database, views: SavedViews, stored: str
) -> None:
    alice = id_of(database)
    view = await views.add(alice, 'a', HIGH)
    with database.writing() as session:
        session.execute(text('UPDATE saved_view SET query = :stored'), {'stored': stored})
    assert [(each.name, each.query) for each in await views.list(alice)] == [('a', None)]
    assert (await views.restore(alice, await views.delete(alice, view.id))).stored == stored
    assert (await views.change(alice, view.id, query=NORTH)).query == NORTH


async def test_they_go_with_their_user_who_can_save_none_afterwards(database: Database, views: SavedViews) -> None:
    alice = id_of(database)
    await views.add(alice, 'a', HIGH)
    with database.writing() as session:
        session.execute(text('DELETE FROM "user" WHERE id = :id'), {'id': alice})
    assert await views.list(alice) == []
    with pytest.raises(InvalidToken):
        await views.add(alice, 'b', HIGH)
