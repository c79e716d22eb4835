from __future__ import annotations

import dataclasses
from datetime import timedelta

from nicegui.testing import User

from services.query import DashboardQuery
from tests.ui.board_user import refresh
from tests.ui.drawn import Drawn, page
from tests.ui.fakes import NO_CHARTS, NOW, FakeHub, charts


def card(user: User, key: str) -> Drawn:
    return page(user).one(f'card-{key}')


async def test_the_leading_cards_say_what_changed_and_draw_it(user: User, hub: FakeHub) -> None:
    day = charts().days[-1]
    first = NOW.date() - timedelta(days=13)
    hub.board_charts = charts().model_copy(
        update={'days': tuple(
            dataclasses.replace(
                day, day=first + timedelta(days=number), predictions=100 + number, avg_churn_score=score,
                high=high, medium=0, low=0, retention_rate=retention,
            )
            for number, (score, high, retention) in enumerate([(0.4, 10, 60.0)] * 7 + [(0.42, 10, 59.2)] * 7)
        )}
    )  # fmt: skip
    await user.open('/')

    assert card(user, 'avg_churn_score').one('card-change').text == '+2 points vs the 7 days before'
    assert card(user, 'retention_rate').one('card-change').text == '\u22120.8 points vs 7 days ago'
    assert card(user, 'new_predictions_today').one('card-change').text == (
        '763 in the 7 days before, 148 more than in the 7 before those'
    )
    assert card(user, 'high_risk_predictions').one('card-change').text == 'Share \u22120.6 points vs the 7 days before'
    assert len(page(user).all('spark')) == 4
    assert card(user, 'total_predictions').all('card-change') == []


async def test_where_nothing_came_before_nothing_is_claimed(user: User, hub: FakeHub) -> None:
    hub.board_charts = NO_CHARTS
    await user.open('/')

    assert card(user, 'avg_churn_score').one('card-change').text == 'No earlier data'
    assert card(user, 'avg_churn_score').all('trend') == [], 'not "Stable" either'
    assert page(user).all('spark') == []


async def test_a_card_leads_to_the_view_of_what_it_counts(user: User, hub: FakeHub) -> None:
    await user.open('/?q=ana')
    await refresh(user)

    assert hub.queries[-1] == DashboardQuery.parse({'q': 'ana'})
    link = card(user, 'high_risk_predictions').one('card-link')
    assert (link.text, link.attributes['href']) == ('High risk', '/?risk=high&q=ana#at-risk-title')


async def test_a_tip_names_formula_window_and_zone(user: User) -> None:
    await user.open('/')

    tip = card(user, 'retention_rate').one('tip-body').text
    assert tip.startswith('100 % minus the mean of each customer’s latest churn score.')
    assert 'the last 30' in tip
    assert 'Days are those in' in tip
