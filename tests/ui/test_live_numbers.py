from __future__ import annotations

import asyncio

import pytest
from nicegui import ui
from nicegui.testing import User

from tests.ui.board_user import one, refresh, settled, touched
from tests.ui.drawn import metric, note, page, trend
from tests.ui.fakes import METRICS, FakeHub, FakeServices, activity, more


async def test_the_first_page_already_shows_the_numbers(user: User) -> None:
    await user.open('/')

    assert metric(user, 'avg_churn_score') == '41.9\u00a0%'
    assert metric(user, 'high_risk_predictions') == '1,391'
    assert metric(user, 'retention_rate') == '61.4\u00a0%'
    assert metric(user, 'new_predictions_today') == '218'
    assert note(user, 'high_risk_predictions') == '11\u00a0% of predictions'
    await user.should_see('41 customers at high risk.')
    await user.should_see('Customer 3')
    await user.should_see('− Long contract')
    assert 'loading' not in one(user, 'metrics').classes


async def test_polarity_and_not_direction_sets_the_tint_of_a_trend(user: User) -> None:
    await user.open('/')

    assert 'trend-bad' in trend(user, 'avg_churn_score').classes  # increasing
    assert 'trend-bad' in trend(user, 'engagement_score').classes  # decreasing
    assert 'trend-neutral' in trend(user, 'retention_rate').classes


async def test_a_refresh_without_change_touches_the_time_and_nothing_else(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await user.open('/')
    await settled()
    elements = touched(client, monkeypatch)

    await refresh(user)

    assert {'data-as-of' in element.props for element in elements} == {True}


async def test_a_changed_number_touches_the_numbers_and_no_list(
    user: User, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await user.open('/')
    await settled()
    hub.metrics = more(METRICS, new_predictions_today=219)
    elements = touched(client, monkeypatch)

    await refresh(user)

    assert {tuple(e._markers) for e in elements if 'data-as-of' not in e.props} == {('metrics',)}
    assert metric(user, 'new_predictions_today') == '219'


async def test_a_new_prediction_becomes_the_first_row_and_touches_no_other(
    user: User, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await user.open('/')
    await settled()
    before = page(user).all('activity-row')
    hub.activities = (activity(101), *hub.activities[:-1])
    elements = touched(client, monkeypatch)

    await refresh(user)

    first, *others = page(user).all('activity-row')
    assert others == before[:-1], 'each with the key it had'
    assert first.key not in {row.key for row in before}
    assert len({element.id for element in elements}) == 2, 'the list, and the time of the board'
    await user.should_see('A-101')


async def test_a_chart_is_created_when_it_comes_near_and_not_before(user: User) -> None:
    await user.open('/')
    assert user.client
    assert 'high risk' in page(user).one('finding-scores').text
    await user.should_not_see(ui.plotly)

    near = [e for each in user.client.elements.values() for e in each._event_listeners.values() if e.type == 'near']
    assert len(near) == 4
    with user.client:
        for listener in near:
            listener.handler and listener.handler()
    await settled()

    assert len(user.find(ui.plotly).elements) == 4


async def test_the_page_is_known_to_its_session_and_stops_watching_when_it_goes(
    user: User, hub: FakeHub, services: FakeServices
) -> None:
    client = await user.open('/')
    assert services.page_registry.pages == [('hash', client)]
    assert [watch.closed for watch in hub.watches] == [False]

    client.delete()

    assert [watch.closed for watch in hub.watches] == [True]


async def test_whose_days_are_shown_is_said_anew_when_the_account_moves_to_another_zone(
    user: User, hub: FakeHub
) -> None:
    await user.open('/')
    await settled()
    await user.should_see('Days are calendar days in Europe/Berlin.')
    hub.time_zone = 'Asia/Tokyo'
    await refresh(user)
    await user.should_see('Days are calendar days in Asia/Tokyo.')
    (connection,) = user.find(marker='connection').elements
    assert connection.props['data-zone'] == 'Asia/Tokyo'
    tips = [tip.text for tip in page(user).all('tip-body')]
    assert tips and all(tip.endswith('Days are those in Asia/Tokyo.') for tip in tips)


async def test_names_and_reasons_are_text_and_never_markup(user: User, hub: FakeHub) -> None:
    name = '<img src=x onerror=alert(1)>'
    hub.activities = (hub.activities[0].model_copy(update={'customer_name': name, 'customer_id': ':constructor'}),)
    await user.open('/')
    assert user.client

    (link,) = (each for each in page(user).all('customer-name') if name in each.children)
    assert link.attributes['href'] == '/customers/%3Aconstructor'
    holders = [e for e in user.client.elements.values() if name in str(e._to_dict())]
    assert holders == [], 'and nowhere outside of what is drawn'
    assert not any(name in str(each.attributes) for each in page(user).all())


async def test_a_change_is_shown_without_waiting_for_the_next_tick(user: User, hub: FakeHub) -> None:
    await user.open('/')
    await settled()
    hub.metrics = more(METRICS, new_predictions_today=219)
    assert hub.on_change

    await hub.on_change()
    await settled()

    assert metric(user, 'new_predictions_today') == '219'


async def test_a_stream_of_changes_is_shown_once_a_second(user: User, hub: FakeHub) -> None:
    await user.open('/')
    await settled()
    asked = len(hub.queries)
    assert hub.on_change

    for _ in range(50):
        await hub.on_change()
        await asyncio.sleep(0.005)

    assert len(hub.queries) - asked == 1


async def test_numbers_are_written_as_the_browser_asks_for_also_when_a_change_is_told(user: User, hub: FakeHub) -> None:
    user.http_client.headers['accept-language'] = 'de-DE,de;q=0.9,en;q=0.8'
    await user.open('/')
    assert metric(user, 'avg_churn_score') == '41,9\u00a0%'
    assert metric(user, 'high_risk_predictions') == '1.391'
    hub.metrics = more(METRICS, high_risk_predictions=1_392)
    assert hub.on_change
    await hub.on_change()
    await settled()
    assert metric(user, 'high_risk_predictions') == '1.392'
    assert note(user, 'new_predictions_today') == 'predictions, for 143 customers'
