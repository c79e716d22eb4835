"""The newest predictions of many users, in a statement for those known from before and one for the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlmodel import Session

from services.many_users import dialect_of, for_driver
from services.recent import RECENT, Recent, RecentItem, ShownPrediction
from services.scores import RiskBands

Span = tuple[int, int]
"""Arrival numbers: after the first, up to and with the second."""

SPANS = {
    'sqlite': (
        "(SELECT json_extract(value, '$[0]') AS user_id, json_extract(value, '$[1]') AS after, "
        "json_extract(value, '$[2]') AS upto FROM json_each(:spans)) AS span"
    ),
    'postgresql': (
        '(SELECT CAST(value ->> 0 AS bigint) AS user_id, CAST(value ->> 1 AS bigint) AS after, '
        'CAST(value ->> 2 AS bigint) AS upto FROM jsonb_array_elements(CAST(:spans AS jsonb))) AS span'
    ),
}

# The columns are those of ShownPrediction.
# CROSS JOIN keeps SQLite from walking the predictions; to PostgreSQL it is a join like any other
ROWS = """
    SELECT p.arrival, p.user_id, p.score, p.predicted_at, p.committed_at, p.status, p.customer_id, p.reasons,
           c.name, s.name
    FROM {spans} CROSS JOIN {predictions}
    JOIN source s ON s.user_id = p.user_id AND s.id = p.source_id
    LEFT JOIN customer c ON c.user_id = p.user_id AND c.customer_id = p.customer_id
    WHERE {condition}
"""

IN_SPAN = 'p.user_id = span.user_id AND p.arrival > span.after AND p.arrival <= span.upto'

# the sum keeps the arrival out of the choice of an index
LATEST = f"""
    SELECT {{columns}} FROM prediction q WHERE q.user_id = span.user_id AND q.arrival + 0 <= span.upto
    ORDER BY q.predicted_at DESC, q.arrival DESC LIMIT {RECENT}
"""
LATEST_OF = {
    'sqlite': ('prediction p', f'p.user_id = span.user_id AND p.arrival IN ({LATEST.format(columns="q.arrival")})'),
    'postgresql': (f'LATERAL ({LATEST.format(columns="*")}) p', 'true'),
}


def _rows_of(dialect: str, predictions: str, condition: str) -> str:
    statement = ROWS.format(spans=SPANS[dialect], predictions=predictions, condition=condition)
    return for_driver(statement, dialect, parameter='spans')


EARLIEST = {
    dialect: for_driver(
        f'SELECT span.user_id, MIN(p.predicted_at) FROM {spans} CROSS JOIN prediction p WHERE {IN_SPAN} '
        'GROUP BY span.user_id',
        dialect,
        parameter='spans',
    )
    for dialect, spans in SPANS.items()
}
NEW = {dialect: _rows_of(dialect, 'prediction p', IN_SPAN) for dialect in SPANS}
NEWEST = {dialect: _rows_of(dialect, *found) for dialect, found in LATEST_OF.items()}


def new_rows(session: Session, spans: Mapping[int, Span]) -> dict[int, list[ShownPrediction]]:
    """The predictions with these arrival numbers by user, in order of arrival; a user without any is absent.

    :param spans: by user. Nobody's may be long: all of it is read.
    """
    found = _rows(session, spans, NEW)
    return {user_id: sorted(rows, key=lambda row: row.arrival) for user_id, rows in found.items()}


def earliest_of_new(session: Session, spans: Mapping[int, Span]) -> dict[int, int]:
    """When, in microseconds, the earliest of the predictions with these arrival numbers was made, by user.

    :param spans: by user. Nobody's may be long: all of it is read.
    """
    return dict(_spanned(session, spans, EARLIEST)) if spans else {}


def recent_many(
    session: Session, arrivals: Mapping[int, int], known: Mapping[int, tuple[Recent, int]], *, bands: RiskBands
) -> dict[int, Recent]:
    """The newest predictions of many users without any filter.

    :param arrivals: the last arrival number that counts, by user.
    :param known: what they were up to an earlier arrival number, of users of whom nothing was changed or removed since.
    """
    spans = {
        user_id: (after, arrivals[user_id])
        for user_id, (_recent, after) in known.items()
        if arrivals[user_id] - after <= RECENT
    }
    added = {user_id: _items(rows, bands) for user_id, rows in new_rows(session, spans).items()}
    merged = {user_id: known[user_id][0].with_new(added.get(user_id, ())) for user_id in spans}
    whole = {user_id: (0, upto) for user_id, upto in arrivals.items() if merged.get(user_id) is None}
    newest = _rows(session, whole, NEWEST)
    return {user_id: recent for user_id, recent in merged.items() if recent is not None} | {
        user_id: Recent.newest(_items(newest.get(user_id, ()), bands)) for user_id in whole
    }


def _items(rows: Iterable[ShownPrediction], bands: RiskBands) -> list[RecentItem]:
    return [RecentItem.of(row, bands) for row in rows]


def _rows(
    session: Session, spans: Mapping[int, Span], statements: Mapping[str, str]
) -> dict[int, list[ShownPrediction]]:
    found: defaultdict[int, list[ShownPrediction]] = defaultdict(list)
    if spans:
        for prediction in map(ShownPrediction._make, _spanned(session, spans, statements)):
            found[prediction.user_id].append(prediction)
    return found


def _spanned(session: Session, spans: Mapping[int, Span], statements: Mapping[str, str]) -> Sequence[Any]:
    encoded = orjson.dumps([(user_id, *span) for user_id, span in spans.items()]).decode()
    return session.connection().exec_driver_sql(statements[dialect_of(session)], {'spans': encoded}).all()
