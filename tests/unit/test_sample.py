from __future__ import annotations

import random
from datetime import UTC, datetime
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from services.calendar import DAY, day_of, day_start
from services.clock import from_micros, to_micros
from services.prediction_rows import FIELDS, PredictionRow, RowParser
from services.sample import CUSTOMERS, DAYS, UTC_ZONE, next_scores, sample_rows
from services.sample_words import LOWERING, RAISING
from services.scores import RiskBands

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HIGH = RiskBands().high


@pytest.fixture(scope='module')
def rows() -> list[PredictionRow]:
    return list(sample_rows(now=NOW))


def at(row: PredictionRow) -> int:
    assert row.predicted_at is not None
    return row.predicted_at


def latest(rows: list[PredictionRow]) -> list[int]:
    return list({row.customer_id: row.score for row in rows}.values())


def share_high(scores: list[int]) -> float:
    return mean(score >= HIGH for score in scores)


def test_the_same_seed_gives_the_same_history(rows: list[PredictionRow]) -> None:
    assert list(sample_rows(now=NOW)) == rows
    assert list(sample_rows(now=NOW, seed=8)) != rows


def test_the_history_has_the_promised_size(rows: list[PredictionRow]) -> None:
    assert 29_000 <= len(rows) <= 35_000
    assert [row.line for row in rows] == list(range(1, len(rows) + 1))


def test_every_customer_has_one_id_one_name_and_one_value(rows: list[PredictionRow]) -> None:
    customers = {(row.customer_id, row.customer_name, row.account_value) for row in rows}
    for distinct in ({customer[0] for customer in customers}, {customer[1] for customer in customers}):
        assert len(distinct) == len(customers) == CUSTOMERS
    assert all(value and value % 10_000 == 0 for _, _, value in customers)


def test_rows_come_in_order_of_time_and_none_is_in_the_future(rows: list[PredictionRow]) -> None:
    instants = [at(row) for row in rows]
    assert instants == sorted(instants)
    assert instants[-1] < to_micros(NOW)
    assert instants[0] >= to_micros(NOW) - DAYS * DAY


@pytest.mark.parametrize('seed', [7, 1, 2])
def test_the_customer_base_looks_like_a_real_one(seed: int) -> None:
    rows = list(sample_rows(now=NOW, seed=seed))
    scores = latest(rows)
    assert 0.27 <= mean(scores) / 1_000_000 <= 0.33
    assert 0.08 <= share_high(scores) <= 0.14
    assert mean(score < RiskBands().medium for score in scores) > 0.6
    assert 0.08 <= share_high([row.score for row in rows]) <= 0.16


def test_some_customers_have_lately_become_risky(rows: list[PredictionRow]) -> None:
    week_ago = [row for row in rows if at(row) < to_micros(NOW) - 7 * DAY]
    assert share_high(latest(rows)) > share_high(latest(week_ago)) + 0.01


@pytest.mark.parametrize(('zone', 'hour'), [('UTC', 0), ('America/Los_Angeles', 23), ('Asia/Kathmandu', 5)])
def test_today_already_has_its_share(zone: str, hour: int) -> None:
    now = datetime(2026, 11, 23, hour, 10, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    start = day_start(day_of(now, ZoneInfo(zone)), ZoneInfo(zone))
    today = [row for row in sample_rows(now=now, zone=ZoneInfo(zone)) if at(row) >= start]
    assert 3 <= len(today) <= 450
    assert all(at(row) < to_micros(now) for row in today)


def test_at_midnight_sharp_the_day_is_still_empty() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    assert all(at(row) < to_micros(midnight) for row in sample_rows(now=midnight, zone=UTC_ZONE))


def test_reasons_come_from_the_list_and_fit_the_score(rows: list[PredictionRow]) -> None:
    raising = {True: 0, False: 0}
    for row in rows:
        reasons = (row.reasons or '').split('\n')
        assert 2 <= len(reasons) == len(set(reasons)) <= 3
        assert set(reasons) <= {*RAISING, *LOWERING}
        raising[row.score >= HIGH] += sum(reason in RAISING for reason in reasons) > len(reasons) / 2
    high = sum(row.score >= HIGH for row in rows)
    assert raising[True] / high > 0.6
    assert raising[False] / (len(rows) - high) < 0.4


def test_a_sample_row_would_pass_as_input(rows: list[PredictionRow]) -> None:
    parser = RowParser(now=NOW)
    for row in rows[::500]:
        fields = {
            'customer_id': row.customer_id,
            'churn_score': f'{row.score / 1_000_000:.6f}',
            'predicted_at': from_micros(at(row)).isoformat(),
            'customer_name': row.customer_name or '',
            'account_value': f'{(row.account_value or 0) / 1_000_000:.2f}',
            'reasons': (row.reasons or '').replace('\n', '|'),
        }
        assert parser.parse(row.line, [fields.get(name, '') for name in FIELDS]) == row


def test_the_feed_nudges_a_few_customers() -> None:
    customers = [('A', 100_000), ('B', 0), ('C', 1_000_000), ('D', 650_000)]
    fed = next_scores(customers, rng=random.Random(1), count=3)
    assert fed == next_scores(customers, rng=random.Random(1), count=3)
    assert len({row.customer_id for row in fed}) == 3
    for row in fed:
        assert row.predicted_at is None
        assert 0 <= row.score <= 1_000_000
        assert abs(row.score - dict(customers)[row.customer_id]) < 300_000
        assert row.reasons


def test_the_feed_asks_no_more_than_there_is() -> None:
    assert len(next_scores([('A', 1)], rng=random.Random(1), count=5)) == 1
    assert next_scores([], rng=random.Random(1), count=5) == []
