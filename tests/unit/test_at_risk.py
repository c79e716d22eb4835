from __future__ import annotations

import tracemalloc

from services.at_risk import ScoredCustomer, at_risk_customer
from services.schemas import AtRiskCustomer
from services.scores import RiskBands

ROW = ScoredCustomer(
    user_id=1,
    arrival=1,
    customer_id='C-1',
    customer_name=None,
    score=810_000,
    predicted_at=1_700_000_000_000_000,
    account_value=1_500_000,
    reasons='few logins',
    earlier=700_000,
)


def test_a_customer_is_the_same_as_one_that_is_read_from_json() -> None:
    customer = at_risk_customer(ROW, RiskBands(), earlier=700_000)
    assert customer == AtRiskCustomer.model_validate_json(customer.model_dump_json())
    named = customer.model_copy(update={'customer_name': 'Ada'})
    assert (named.customer_name, customer.customer_name) == ('Ada', None)


def test_a_customer_that_is_kept_takes_little_more_than_its_values() -> None:
    tracemalloc.start()
    try:
        kept = [at_risk_customer(ROW, RiskBands(), earlier=700_000) for _ in range(100)]
        each = tracemalloc.get_traced_memory()[0] / len(kept)
    finally:
        tracemalloc.stop()
    assert each < 600
