"""The numbers of the data that comes with the project equal those computed independently of us."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from services import users
from services.csv_rows import read_csv
from services.dashboard import Dashboard, Numbers
from services.database import Database
from services.models import SourceKind
from services.predictions import Ingest, IngestResult
from services.query import DashboardQuery
from services.scores import RiskBands
from tests.oracle import Oracle, Row

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DASHBOARD = Dashboard(bands=RiskBands())


@pytest.fixture
def alice(database: Database) -> int:
    with database.writing() as session:
        user = users.add(session, 'alice@example.com', password_hash='x')
    assert user.id
    return user.id


def take(database: Database, user_id: int, path: Path) -> IngestResult:
    ingest = Ingest(database, clock=lambda: NOW)
    with path.open('rb') as stream:
        return ingest.take(user_id, read_csv(stream, now=NOW), kind=SourceKind.FILE, name=path.name)


def numbers(database: Database, user_id: int, query: Mapping[str, object], *, zone: str) -> Numbers:
    selection = DASHBOARD.selection(user_id, DashboardQuery.parse(query), zone=zone, now=NOW)
    with database.reading() as session:
        return DASHBOARD.numbers(session, selection)


def assert_expected(found: Numbers, expected: Mapping[str, Any]) -> None:
    assert asdict(found.metrics) == expected['metrics']
    assert asdict(found.trends) == expected['trends']


def expected_of(folder: Path) -> dict[str, Any]:
    expected: dict[str, Any] = json.loads((folder / 'expected.json').read_text())
    assert datetime.fromisoformat(expected['now']) == NOW
    return expected


def edge_rows(folder: Path) -> list[Row]:
    """Read by other means than ours: each score rounded once, half to even."""
    with (folder / 'edges.csv').open(encoding='utf-8', newline='') as stream:
        return [
            Row(
                arrival=arrival,
                customer=row['customer_id'],
                score=int((Decimal(row['churn_score']) * 1_000_000).to_integral_value(ROUND_HALF_EVEN)),
                at=datetime.fromisoformat(row['predicted_at']),
                source='edges.csv',
                name=row['customer_name'] or None,
            )
            for arrival, row in enumerate(csv.DictReader(stream), start=1)
        ]


def test_the_eight_weekly_scorings_give_the_expected_board(database: Database, alice: int, telco: Path) -> None:
    expected = expected_of(telco)
    files = sorted(telco.glob('predictions-*.csv'))
    assert len(files) == 8

    taken = sum(take(database, alice, path).accepted for path in files)

    assert taken == expected['metrics']['total_predictions']
    assert_expected(numbers(database, alice, expected['query'], zone=expected['time_zone']), expected)


def test_every_case_of_the_edges_is_met(database: Database, alice: int, edges: Path) -> None:
    expected = expected_of(edges)
    take(database, alice, edges / 'edges.csv')

    for case in expected['cases']:
        assert_expected(numbers(database, alice, case['query'], zone=case['time_zone']), case)


def test_the_oracle_of_our_tests_agrees_with_the_expected_numbers(edges: Path) -> None:
    rows = edge_rows(edges)
    for case in expected_of(edges)['cases']:
        oracle = Oracle(rows, now=NOW, zone=case['time_zone'], query=case['query'])
        assert (oracle.metrics(), oracle.trends()) == (case['metrics'], case['trends'])
