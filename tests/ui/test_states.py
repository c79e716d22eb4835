from __future__ import annotations

from dataclasses import replace

from nicegui.testing import User

from services.errors import Unavailable
from tests.ui.board_user import one, one_hidden, refresh, settled
from tests.ui.drawn import metric, press
from tests.ui.fakes import FakeHub, FakeServices


async def test_a_board_without_data_says_how_to_bring_some(user: User, hub: FakeHub) -> None:
    hub.empty()
    await user.open('/')

    await user.should_see('No predictions yet')
    await user.should_see('python main.py import scores.csv --user alice@example.com')
    assert not one_hidden(user, 'filters').visible


async def test_a_failed_refresh_keeps_the_numbers_and_says_so_until_one_succeeds(user: User, hub: FakeHub) -> None:
    await user.open('/')
    hub.error = Unavailable('The database does not answer.')
    await refresh(user)

    await user.should_see('The numbers could not be refreshed, showing those of ')
    await user.should_see('The database does not answer.')
    assert metric(user, 'high_risk_predictions') == '1,391'
    assert one(user, 'connection').props['data-delayed'] == 'true', 'it is not called live meanwhile'

    hub.error = None
    await refresh(user)
    assert not one_hidden(user, 'error-banner').visible
    assert 'data-delayed' not in one(user, 'connection').props


async def test_numbers_that_come_without_their_charts_are_shown_and_it_is_said_what_is_older(
    user: User, hub: FakeHub
) -> None:
    await user.open('/')
    hub.metrics = replace(hub.metrics, high_risk_predictions=1_400)
    hub.charts_error = Unavailable('The database took too long.')
    await refresh(user)
    assert metric(user, 'high_risk_predictions') == '1,400'
    await user.should_see('The numbers are new, the charts and lists could not be refreshed. They are those of ')
    await user.should_see('The database took too long.')
    await user.should_see('Customer 3')

    hub.error = Unavailable('The database does not answer.')
    await refresh(user)
    await user.should_see('The numbers could not be refreshed, showing those of ')

    hub.error = hub.charts_error = None
    await refresh(user)
    assert not one_hidden(user, 'error-banner').visible


async def test_the_first_numbers_are_shown_also_when_their_charts_cannot_be_read(user: User, hub: FakeHub) -> None:
    hub.charts_error = Unavailable('The database took too long.')
    await user.open('/')
    await settled()
    assert metric(user, 'high_risk_predictions') == '1,391'
    await user.should_see('Not up to date')
    await user.should_see('The charts and lists could not be read.')


async def test_a_page_opened_while_the_database_is_away_fills_when_it_is_back(user: User, hub: FakeHub) -> None:
    hub.error = Unavailable('The database does not answer.')
    await user.open('/')
    await user.should_see('The numbers could not be read.')
    assert 'loading' in one(user, 'metrics').classes

    hub.error = None
    await refresh(user)
    assert metric(user, 'high_risk_predictions') == '1,391'


async def test_sample_data_is_marked_and_removed_after_a_question(user: User, hub: FakeHub) -> None:
    hub.has_sample = True
    await user.open('/')
    await user.should_see('Sample data')

    press(user, 'sample')
    await user.should_see('Remove the sample data?')
    user.find(marker='dialog-confirm').click()
    await settled()

    await user.should_not_see(marker='sample-banner')


async def test_a_removal_that_fails_says_why_in_the_dialog(user: User, hub: FakeHub, services: FakeServices) -> None:
    hub.has_sample = True
    services.workspace.error = Unavailable('The database does not answer.')
    await user.open('/')

    press(user, 'sample')
    user.find(marker='dialog-confirm').click()

    await user.should_see(marker='dialog-error', content='The database does not answer.')
    assert hub.has_sample
