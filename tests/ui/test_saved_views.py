from __future__ import annotations

import pytest
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from app.pages.board_views import UNEXPECTED
from services.errors import InvalidRequest, Unavailable
from services.query import DashboardQuery
from services.saved_views import SavedView
from tests.ui.board_user import settled
from tests.ui.drawn import by_id, enter, page, press, spoken
from tests.ui.fakes import FakeHub, FakeServices, FakeViews

HIGH = DashboardQuery.parse({'risk': 'high', 'range': '30d'})
NORTH = DashboardQuery.parse({'q': 'north', 'min_score': 0.4})


@pytest.fixture
def views(services: FakeServices) -> FakeViews:
    services.views.kept = [
        SavedView(id=1, name='All high', query=HIGH, stored=''),
        SavedView(id=2, name='North', query=NORTH, stored=''),
        SavedView(id=3, name='Old', query=None, stored='?'),
    ]
    return services.views


async def open_menu(user: User) -> None:
    user.find(marker='views').trigger('toggle')
    await settled()


async def expand(user: User, view_id: int) -> None:
    press(user, 'more-view', str(view_id))
    await settled()


async def follow(user: User, name: str) -> None:
    """What assets/view.js says when the link of a view is pressed."""
    (link,) = (each for each in page(user).all('view-link') if each.one('view-name').text == name)
    if 'data-view' in link.attributes:
        said = link.attributes['href'].removeprefix('/')
        assert user.client
        UserInteraction(user=user, elements={user.client.layout}, target=None).trigger('churnboard:address', said)
    await settled()


def current(user: User) -> list[str]:
    return [
        link.attributes['href'] for link in page(user).all('view-link') if link.attributes.get('aria-current') == 'true'
    ]


async def test_views_are_asked_for_when_the_menu_is_opened(user: User, views: FakeViews) -> None:
    await user.open('/')
    await user.should_not_see('All high')
    await open_menu(user)
    await user.should_see('All high')
    await user.should_see('High risk, the last 30 days')
    await user.should_see('“north” in name or id, a score of 40 % or more')


async def test_who_has_none_is_told_how_to_save_one(user: User) -> None:
    await user.open('/')
    await open_menu(user)
    assert page(user).one('view-none')


async def test_a_view_is_opened_and_marked_while_its_filters_are_in_force(
    user: User, hub: FakeHub, views: FakeViews
) -> None:
    await user.open('/')
    await open_menu(user)
    assert current(user) == []

    await follow(user, 'North')
    assert hub.queries[-1] == NORTH
    assert current(user) == ['/?q=north&min_score=0.4']
    assert page(user).one('view-present').text == '“north” in name or id, a score of 40 % or more'

    press(user, 'risk', 'high')
    await settled()
    assert current(user) == []


async def test_a_view_that_cannot_be_read_says_so_and_opens_nothing(user: User, hub: FakeHub, views: FakeViews) -> None:
    await user.open('/?risk=low')
    await open_menu(user)
    await user.should_see('Saved by another release')
    asked = len(hub.queries)
    await follow(user, 'Old')
    assert len(hub.queries) == asked


async def test_the_present_filters_are_saved_under_a_name(user: User, services: FakeServices) -> None:
    await user.open('/?risk=high&range=30d')
    await open_menu(user)
    enter(user, 'view', {'name': 'All high'})
    await settled()
    assert [(view.name, view.query) for view in services.views.kept] == [('All high', HIGH)]
    assert spoken(user) == '“All high” is saved.'
    assert current(user) == ['/?range=30d&risk=high']


@pytest.mark.parametrize('said', [None, 7, [], {'name': 7}, {}])
async def test_a_name_that_is_none_is_refused_by_the_service_not_by_the_page(
    user: User, services: FakeServices, said: object
) -> None:
    services.views.error = InvalidRequest('A name of 1 to 60 printable characters is needed.', field='name')
    await user.open('/')
    enter(user, 'view', said)
    await settled()
    assert by_id(user, 'error-view').text == 'A name of 1 to 60 printable characters is needed.'
    assert spoken(user) == ''


async def test_a_view_is_renamed(user: User, views: FakeViews) -> None:
    await user.open('/')
    await open_menu(user)
    await expand(user, 1)
    enter(user, 'rename', {'name': 'Every high one'}, item='1')
    await settled()
    assert [view.name for view in views.kept] == ['Every high one', 'North', 'Old']
    await user.should_see('Every high one')


async def test_one_view_at_a_time_is_changed(user: User, views: FakeViews) -> None:
    await user.open('/')
    await open_menu(user)
    await expand(user, 1)
    await expand(user, 2)
    assert page(user).one('form-rename').attributes['data-item'] == '2'
    await expand(user, 2)
    assert page(user).all('form-rename') == []


async def test_a_view_is_replaced_and_that_is_undone(user: User, views: FakeViews) -> None:
    await user.open('/?risk=low')
    await open_menu(user)
    await expand(user, 2)
    press(user, 'replace-view', '2')
    await settled()
    assert views.kept[1].query == DashboardQuery.parse({'risk': 'low'})

    press(user, 'undo')
    await settled()
    assert views.kept[1].query == NORTH
    assert spoken(user) == '“North” has its earlier filters again.'


async def test_a_view_is_deleted_and_brought_back(user: User, views: FakeViews) -> None:
    await user.open('/')
    await open_menu(user)
    await expand(user, 1)
    press(user, 'delete-view', '1')
    await settled()
    assert [view.name for view in views.kept] == ['North', 'Old']
    assert spoken(user) == '“All high” is deleted.'

    press(user, 'undo')
    await settled()
    assert {view.name for view in views.kept} == {'All high', 'North', 'Old'}
    assert not [each for each in page(user).all() if each.attributes.get('data-action') == 'undo']


@pytest.mark.parametrize(
    ('error', 'said'),
    [(Unavailable('The database does not answer at the moment.'), None), (ValueError('a secret'), UNEXPECTED)],
)
async def test_what_goes_wrong_is_said_in_the_menu(
    user: User, services: FakeServices, error: Exception, said: str | None
) -> None:
    services.views.error = error
    await user.open('/')
    await open_menu(user)
    assert page(user).one('views').all('field-error')[0].text == (said or str(error))


async def test_an_undo_that_fails_says_why_until_it_is_dismissed(user: User, views: FakeViews) -> None:
    await user.open('/')
    await open_menu(user)
    await expand(user, 1)
    press(user, 'delete-view', '1')
    await settled()
    views.error = InvalidRequest('There is a view of this name already.')
    press(user, 'undo')
    await settled()
    assert spoken(user) == 'There is a view of this name already.'
    assert 'failed' in page(user).one('status-note').classes
