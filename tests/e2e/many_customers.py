"""A person whose board has several pages of customers at risk, one of them snoozed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx

from tests.board import Board

CUSTOMERS = 45


@contextmanager
def many_customers(board: Board, email: str) -> Iterator[httpx.Client]:
    """Adds the account with scores of nine days ago and of now, and gives its REST client."""
    with board.rest(board.add_user(email)) as rest:
        for score, days_ago in ((0.5, 9), (0.95, 0)):
            rest.post('/api/predictions', json=_rows(score=score, days_ago=days_ago)).raise_for_status()
        until = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
        rest.patch(f'/api/customers/c{CUSTOMERS - 1}', json={'snoozed_until': until}).raise_for_status()
        yield rest


def _rows(*, score: float, days_ago: int) -> list[dict[str, object]]:
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    return [
        {
            'customer_id': f'c{number:02}',
            'churn_score': score - number / 100,
            'predicted_at': at,
            'reasons': ['+Logins down'],
        }
        for number in range(CUSTOMERS)
    ]
