from __future__ import annotations

import asyncio

import pytest
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from app.pages import board_exporter
from services.errors import RateLimited
from services.export_formats import ExportFormat
from services.export_grants import ExportState
from services.query import DashboardQuery
from services.schemas import Charts, RiskLevel
from tests.ui.board_user import one, settled
from tests.ui.drawn import by_id, enter, metric, page, press, pressed
from tests.ui.fakes import FakeExportStatus, FakeHub, FakeServices, FakeSnapshot


def reset(user: User) -> None:
    """What the browser says once it has emptied the fields."""
    UserInteraction(user=user, elements={one(user, 'filters')}, target=None).trigger('action', ['reset', ''])


async def test_choosing_a_risk_asks_for_it_and_again_takes_it_back(user: User, hub: FakeHub) -> None:
    await user.open('/')

    press(user, 'risk', 'high')
    await settled()
    assert hub.queries[-1] == DashboardQuery(risk=(RiskLevel.HIGH,))
    assert pressed(user, 'risk', 'high')
    assert page(user).one('filters-toggle').text == 'Filters (1)'

    press(user, 'risk', 'high')
    await settled()
    assert hub.queries[-1] == DashboardQuery()


async def test_charts_of_a_filter_that_was_changed_meanwhile_are_not_asked_for(
    user: User, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await user.open('/')
    numbers, asked = asyncio.Event(), list[DashboardQuery]()
    snapshot, charts = hub.snapshot, hub.charts

    async def late(user_id: int, query: DashboardQuery) -> FakeSnapshot:
        await numbers.wait()
        return await snapshot(user_id, query)

    async def noted(user_id: int, query: DashboardQuery) -> Charts:
        asked.append(query)
        return await charts(user_id, query)

    monkeypatch.setattr(hub, 'snapshot', late)
    monkeypatch.setattr(hub, 'charts', noted)
    press(user, 'risk', 'high')
    await settled()
    press(user, 'risk', 'low')
    await settled()
    numbers.set()
    await settled()
    assert set(asked) == {DashboardQuery(risk=(RiskLevel.LOW, RiskLevel.HIGH))}


@pytest.mark.parametrize(
    ('key', 'value'),
    [('min_score', '900'), ('max_score', '1e308'), ('q', 'x' * 101), ('q', {'a': [1]}), ('from', 'yesterday')],
)
async def test_what_cannot_be_used_is_said_at_its_field_and_changes_no_number(
    user: User, hub: FakeHub, key: str, value: object
) -> None:
    await user.open('/')
    press(user, 'period', 'custom')
    await settled()
    asked = len(hub.queries)

    enter(user, 'filter', value, item=key)
    await settled()

    assert by_id(user, f'error-{key}').text.endswith('Not applied.')
    field = by_id(user, f'filter-{key}').attributes
    assert (field['aria-invalid'], field['aria-describedby']) == ('true', f'error-{key}')
    assert len(hub.queries) == asked


async def test_reset_clears_filters_and_messages(user: User, hub: FakeHub) -> None:
    await user.open('/')
    press(user, 'period', '7d')
    enter(user, 'filter', '900', item='min_score')
    await settled()

    reset(user)
    await settled()

    assert hub.queries[-1] == DashboardQuery()
    assert by_id(user, 'error-min_score').text == ''
    assert pressed(user, 'period', 'all')


async def test_filters_without_a_match_are_named(user: User, hub: FakeHub) -> None:
    await user.open('/')
    hub.empty()

    enter(user, 'filter', 'nobody', item='q')
    press(user, 'risk', 'high')
    await settled()

    await user.should_see('No prediction matches high risk, “nobody” in name or id.')
    assert metric(user, 'retention_rate') == '–', 'a mean of nothing is no number'


async def test_an_export_holds_what_is_shown(user: User, services: FakeServices) -> None:
    await user.open('/')
    press(user, 'period', '30d')

    press(user, 'export', 'csv')
    await settled()

    assert services.exports.granted == [(1, DashboardQuery().with_dates({'range': '30d'}), ExportFormat.CSV, '.')]
    assert page(user).one('toolbar-message').text == 'Preparing 12,480 rows as CSV.'


async def test_an_export_that_has_to_wait_says_how_long(user: User, services: FakeServices) -> None:
    services.exports.error = RateLimited('Too many exports in a short time. Try again in 12 s.', retry_after=12)
    await user.open('/')
    press(user, 'export', 'csv')
    await settled()
    assert page(user).one('toolbar-message').text == 'Too many exports in a short time. Try again in 12 s.'
    assert services.exports.granted == []


ALL = FakeExportStatus(state=ExportState.DONE, written=12_480)
FEWER = FakeExportStatus(state=ExportState.DONE, rows=12_479, written=12_479)
CUT = FakeExportStatus(state=ExportState.FAILED, written=7)


@pytest.mark.parametrize(
    ('end', 'said'),
    [
        (ALL, '12,480 of 12,480 rows were downloaded as CSV.'),
        (FEWER, '12,479 of 12,479 rows were downloaded as CSV.'),
        (CUT, 'The export was broken off, and what arrived is not all of it: export again.'),
    ],
)
async def test_an_export_says_how_it_ended(
    user: User, services: FakeServices, monkeypatch: pytest.MonkeyPatch, end: FakeExportStatus, said: str
) -> None:
    monkeypatch.setattr(board_exporter, 'LOOK_SECONDS', 0.01)
    services.exports.statuses = [FakeExportStatus(), end]
    await user.open('/')
    press(user, 'export', 'csv')
    await settled()
    await asyncio.sleep(0.1)
    assert page(user).one('toolbar-message').text == said


async def test_the_address_says_what_is_asked_and_asks_for_it(user: User, hub: FakeHub) -> None:
    await user.open('/?risk=high&min_score=0.4&q=acme&from=never')
    assert hub.queries[-1] == DashboardQuery.parse({'risk': 'high', 'min_score': '0.4', 'q': 'acme'})
    assert by_id(user, 'filter-min_score').attributes['^value'] == '40'
    assert by_id(user, 'error-from').text != ''
    await user.should_see('“acme” in name or id')


async def test_a_filter_is_taken_back_at_its_chip(user: User, hub: FakeHub) -> None:
    await user.open('/?risk=high&q=acme')
    press(user, 'clear', 'risk')
    await settled()
    assert hub.queries[-1] == DashboardQuery(text='acme')
    assert not pressed(user, 'risk', 'high')


async def test_the_browsers_own_buttons_change_the_view(user: User, hub: FakeHub) -> None:
    await user.open('/?risk=high')
    assert user.client
    UserInteraction(user=user, elements={user.client.layout}, target=None).trigger('churnboard:address', '?range=7d')
    await settled()
    assert hub.queries[-1] == DashboardQuery.parse({'range': '7d'})
    assert pressed(user, 'period', '7d')


@pytest.mark.parametrize('said', [None, 7, ['?q=x'], '?' + 'x' * 5_000])
async def test_an_address_that_is_none_changes_nothing(user: User, hub: FakeHub, said: object) -> None:
    await user.open('/?risk=high')
    assert user.client
    UserInteraction(user=user, elements={user.client.layout}, target=None).trigger('churnboard:address', said)
    await settled()
    assert hub.queries[-1] == DashboardQuery(risk=(RiskLevel.HIGH,))
