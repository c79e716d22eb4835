"""What REST tells of customers. A key whose value is ``None`` here is absent there, unless it is always there."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.schemas import ActivityItem, AtRiskCustomer, BoardState, Payload, PredictionStatus

EXAMPLE_CUSTOMER = {
    'customer_id': 'C-1042',
    'customer_name': 'Fjord Logistics',
    'churn_score': 0.82,
    'risk_level': 'high',
    'timestamp': '2026-11-23T08:00:00.000Z',
    'account_value': 1200.0,
    'reasons': ['+Logins down', '-Annual contract'],
    'status': 'completed',
    'first_seen': '2026-09-28T08:00:00.000Z',
    'last_seen': '2026-11-23T08:00:00.000Z',
}
EXAMPLE_PREDICTION = {
    'id': '812',
    'user_id': '1',
    'churn_score': 0.82,
    'risk_level': 'high',
    'timestamp': '2026-11-23T08:00:00.000Z',
    'file_name': 'scores-2026-11-23.csv',
    'status': 'completed',
    'customer_id': 'C-1042',
    'customer_name': 'Fjord Logistics',
    'reasons': ['+Logins down', '-Annual contract'],
    'account_value': 1200.0,
    'external_id': 'run-48-1042',
}


class CustomerItem(AtRiskCustomer):
    """A customer by the latest prediction that matches the query; ``timestamp`` is that one's time."""

    status: PredictionStatus
    """Of that prediction."""
    first_seen: str
    """Time of the customer's first prediction, in the query or not."""
    last_seen: str
    """Time of the customer's last prediction, in the query or not."""


class CustomerPage(Payload):
    """Customers of a query, in the order that was asked for."""

    items: tuple[CustomerItem, ...]
    next_cursor: str | None
    """Leads to the next page; ``null``: this is the last."""
    state: BoardState | None = None
    """There while a newer page is being worked out: this is the one known last."""


class PredictionItem(ActivityItem):
    """A prediction with everything that was said of it."""

    account_value: float | None = None
    external_id: str | None = None


class PredictionPage(Payload):
    """Predictions, newest first."""

    items: tuple[PredictionItem, ...]
    next_cursor: str | None
    """Leads to the next page; ``null``: this is the last."""


class CustomerDetail(CustomerItem):
    """A customer by the latest of all predictions, whatever days the history is asked for."""

    predictions: Annotated[int, Field(ge=1)]
    """How many there are of the customer in all."""
    change: Annotated[float, Field(ge=-1, le=1)] | None = None
    """The latest score minus the one before it; absent where there is none before it."""
    history: PredictionPage
    """The predictions of the days asked for."""
