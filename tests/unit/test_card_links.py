from __future__ import annotations

import pytest

from app.pages.card_links import card_links
from services.query import DashboardQuery
from services.schemas import Metrics

NARROWED = DashboardQuery.parse({'q': 'ana & co', 'from': '2026-11-01', 'risk': 'low'})


def test_every_number_leads_somewhere() -> None:
    assert set(card_links(DashboardQuery())) == set(Metrics.__slots__)


@pytest.mark.parametrize(
    ('number', 'address'),
    [
        ('avg_churn_score', '/?from=2026-11-01&risk=low&q=ana%20%26%20co#at-risk-title'),
        ('high_risk_predictions', '/?from=2026-11-01&risk=high&q=ana%20%26%20co#at-risk-title'),
        ('new_predictions_today', '/?range=today&risk=low&q=ana%20%26%20co#activity-title'),
        ('engagement_score', '/?range=7d&risk=low&q=ana%20%26%20co#at-risk-title'),
    ],
)
def test_a_link_replaces_what_it_is_about_and_keeps_the_rest(number: str, address: str) -> None:
    assert card_links(NARROWED)[number] == address
