"""What REST tells of customers. A key whose value is ``None`` here is absent there, unless it is always there."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.customer_records import LONGEST_NOTE, LONGEST_OWNER, LONGEST_REASON, LONGEST_SNOOZE
from services.protocol_schemas import Timestamp
from services.schemas import ActivityItem, AtRiskCustomer, BoardState, Payload, PredictionStatus

EXAMPLE_CUSTOMER = {
    'customer_id': 'C-1042',
    'customer_name': 'Fjord Logistics',
    'churn_score': 0.82,
    'risk_level': 'high',
    'timestamp': '2026-11-23T08:00:00.000Z',
    'account_value': 1200.0,
    'reasons': ['+Logins down', '-Annual contract'],
    'change_7d': 0.12,
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
EXAMPLE_RECORD = {
    'owner': 'Maria Lund',
    'snoozed_until': '2026-12-01',
    'snooze_reason': 'Waits for the new contract',
}
EXAMPLE_NOTE = {
    'id': '49',
    'customer_id': 'C-1042',
    'text': 'Called Ana: they miss the weekly report. Sends numbers by Friday.',
    'written_at': '2026-11-23T09:30:00.000Z',
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


class CustomerRecordData(Payload):
    """Who looks after a customer, and until when it is left out of the board's list of those at risk."""

    owner: Annotated[str, Field(max_length=LONGEST_OWNER)] | None = None
    snoozed_until: date | None = None
    """The first day, in your time zone, on which the customer is listed again; absent once it has come."""
    snooze_reason: Annotated[str, Field(max_length=LONGEST_REASON)] | None = None
    woken_up: bool | None = None
    """True while the latest score is 10 points or more above that at the snoozing: it is listed all the same."""


class NoteData(Payload):
    """What somebody wrote about a customer."""

    id: str
    customer_id: str
    text: str
    written_at: Timestamp
    edited_at: Timestamp | None = None


class NoteAsk(BaseModel):
    """What a note is to say."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]


RECORD_ASK = {
    'type': 'object',
    'minProperties': 1,
    'properties': {
        'owner': {
            'anyOf': [{'type': 'string', 'maxLength': LONGEST_OWNER}, {'type': 'null'}],
            'description': 'Who looks after the customer; empty or `null`: nobody.',
        },
        'snoozed_until': {
            'anyOf': [{'type': 'string', 'format': 'date'}, {'type': 'null'}],
            'description': 'The first day on which the customer is listed again, after today and at most '
            f'{LONGEST_SNOOZE} days from it; `null`: list it at once.',
        },
        'snooze_reason': {
            'anyOf': [{'type': 'string', 'maxLength': LONGEST_REASON}, {'type': 'null'}],
            'description': 'Goes with `snoozed_until`.',
        },
    },
}
"""JSON schema of what is to change: a key that is absent leaves it as it is, which ``null`` does not."""


class CustomerDetail(CustomerItem, CustomerRecordData):
    """A customer by the latest of all predictions, whatever days the history is asked for."""

    predictions: Annotated[int, Field(ge=1)]
    """How many there are of the customer in all."""
    change: Annotated[float, Field(ge=-1, le=1)] | None = None
    """The latest score minus the one before it; absent where there is none before it."""
    history: PredictionPage
    """The predictions of the days asked for."""
    notes: tuple[NoteData, ...]
    """All there are, newest first."""
