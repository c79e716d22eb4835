"""The newest predictions of many users: of those known from before what came since, of others all that is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from services.database import Database
from services.many_users import AMONG_USERS, for_driver, unpacked
from services.recent import RECENT, Recent, RecentItem, ShownPrediction
from services.row_lists import RowList, listed, listing
from services.scores import RiskBands
from services.user_states import UserState

Span = tuple[int, int]
"""Arrival numbers: after the first, up to and with the second."""

SPANS = {name: unpacked('spans', ('user_id', 'after', 'upto'), name, name='span') for name in AMONG_USERS}

# The columns are those of ShownPrediction.
COLUMNS = """
    p.arrival, p.user_id, p.score, p.predicted_at, p.committed_at, p.status, p.customer_id, p.reasons, c.name, s.name
"""
# CROSS JOIN keeps SQLite from walking the predictions; to PostgreSQL it is a join like any other
SOURCE = """
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

KNOWN_UP_TO = {name: unpacked('known', ('user_id', 'after', 'revision'), name, name='known') for name in AMONG_USERS}
GOES_ON = f'r.rewritten <= known.revision AND r.arrivals - known.after <= {RECENT}'
"""Whether what is known of a user is still right, and what came since is not more than is shown."""

SPANS_SINCE = """
    (SELECT known.user_id AS user_id, known.after AS after, r.arrivals AS upto
     FROM {known} CROSS JOIN user_revision r WHERE r.user_id = known.user_id AND {condition}) AS span
"""


def _lists(dialect: str) -> tuple[RowList, RowList]:
    known = KNOWN_UP_TO[dialect]
    going_on = SPANS_SINCE.format(known=known, condition=GOES_ON)
    anew = SPANS_SINCE.format(known=known, condition=f'NOT ({GOES_ON})')
    predictions, condition = LATEST_OF[dialect]
    return (
        RowList(COLUMNS, SOURCE.format(spans=going_on, predictions='prediction p', condition=IN_SPAN)),
        RowList(COLUMNS, SOURCE.format(spans=anew, predictions=predictions, condition=condition)),
    )


RECENT_LISTS = {dialect: _lists(dialect) for dialect in SPANS}
"""What :func:`recent_by_user` takes, to be read of ``:known``: new rows of users of whom something is known that goes
on, and the newest of the others."""


def earliest_of_new(most: int, dialect: str) -> RowList:
    """When, in microseconds, the earliest of the predictions was made that came since, by user: of ``:known``.

    :param most: users of whom more came are left out: all of it is read.
    """
    spans = SPANS_SINCE.format(known=KNOWN_UP_TO[dialect], condition=f'r.arrivals - known.after <= {most}')
    source = f'FROM {spans} CROSS JOIN prediction p WHERE {IN_SPAN} GROUP BY span.user_id'
    return RowList('span.user_id, MIN(p.predicted_at)', source)


NEW = {
    dialect: for_driver(
        listing([RowList(COLUMNS, SOURCE.format(spans=spans, predictions='prediction p', condition=IN_SPAN))], dialect),
        dialect,
        parameter='spans',
    )
    for dialect, spans in SPANS.items()
}


class Known(Protocol):
    """Something of a user, up to which arrival and as of which revision."""

    @property
    def arrivals(self) -> int: ...
    @property
    def revision(self) -> int: ...


class KnownRecent(NamedTuple):
    """The newest predictions of a user, up to which arrival and as of which revision."""

    recent: Recent
    arrivals: int
    revision: int


def new_rows(database: Database, spans: Mapping[int, Span]) -> dict[int, list[ShownPrediction]]:
    """The predictions with these arrival numbers by user, in order of arrival; a user without any is absent.

    This blocks.

    :param spans: by user. Nobody's may be long: all of it is read.
    """
    (new,) = listed(database.asked(NEW[database.dialect], _spans(spans)))
    found = _by_user(new)
    return {user_id: sorted(rows, key=lambda row: row.arrival) for user_id, rows in found.items()}


def known_parameter(user_ids: Iterable[int], known: Mapping[int, Known]) -> dict[str, str]:
    """``:known``. Of a user of whom nothing is known nothing can go on."""
    listed = [
        (user_id, each.arrivals, each.revision) if (each := known.get(user_id)) else (user_id, 0, -1)
        for user_id in user_ids
    ]
    return {'known': orjson.dumps(listed).decode()}


def recent_by_user(
    states: Mapping[int, UserState],
    known: Mapping[int, KnownRecent],
    new: Iterable[Sequence[Any]],
    newest: Iterable[Sequence[Any]],
    *,
    bands: RiskBands,
) -> dict[int, Recent]:
    """The newest predictions of many users without any filter.

    A user of whom what is known cannot be right any more, although it went on, is absent: to be read as one of whom
    nothing is known.

    :param states: of the users, as of the same state of the database.
    :param new: the first of :data:`RECENT_LISTS`.
    :param newest: the second.
    """
    added, whole = _by_user(new), _by_user(newest)
    found: dict[int, Recent] = {}
    for user_id, state in states.items():
        before = known.get(user_id)
        if before and _goes_on(before, state):
            recent = before.recent.with_new(_items(added.get(user_id, ()), bands))
        else:
            recent = Recent.newest(_items(whole.get(user_id, ()), bands))
        if recent is not None:
            found[user_id] = recent
    return found


def _goes_on(known: KnownRecent, state: UserState) -> bool:
    """As :data:`GOES_ON`."""
    return state.rewritten <= known.revision and state.arrivals - known.arrivals <= RECENT


def _items(rows: Iterable[ShownPrediction], bands: RiskBands) -> list[RecentItem]:
    return [RecentItem.of(row, bands) for row in rows]


def _by_user(rows: Iterable[Sequence[Any]]) -> dict[int, list[ShownPrediction]]:
    found: defaultdict[int, list[ShownPrediction]] = defaultdict(list)
    for prediction in map(ShownPrediction._make, rows):
        found[prediction.user_id].append(prediction)
    return found


def _spans(spans: Mapping[int, Span]) -> dict[str, str]:
    return {'spans': orjson.dumps([(user_id, *span) for user_id, span in spans.items()]).decode()}
