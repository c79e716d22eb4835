"""The predictions of a query, page by page: a page costs the same wherever it is in the list."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, and_, or_
from sqlmodel import Session, col

from services.clock import Clock
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidRequest, InvalidToken
from services.export_rows import newest_first
from services.models import Prediction
from services.query import DashboardQuery
from services.recent import activity_item
from services.selection import Selection
from services.user_states import user_states

MOST = 1_000
"""Predictions on a page."""

LONGEST_CURSOR = 200
NO_CURSOR = 'That is no cursor of this list: take next_cursor of the page before, with the same query, or none.'


@dataclass(frozen=True, kw_only=True)
class Page:
    """``next_cursor`` leads to the page after it; ``None``: it is the last."""

    items: list[dict[str, Any]]
    """As in ``recent_activity``, with ``account_value`` and ``external_id`` where there are any."""
    next_cursor: str | None


class PredictionList:
    """Lists predictions by (predicted_at, arrival), the greatest first."""

    def __init__(self, database: Database, dashboard: Dashboard, *, clock: Clock) -> None:
        self._database = database
        self._dashboard = dashboard
        self._clock = clock

    async def page(self, user_id: int, query: DashboardQuery, *, limit: int, cursor: str | None) -> Page:
        """One page.

        :raises InvalidRequest: the cursor is not one of this user and query.
        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer, or not in time.
        """
        after = None if cursor is None else _place(cursor, user_id, query)
        now = self._clock()

        def read(session: Session) -> Page:
            state = user_states(session, [user_id]).get(user_id)
            if state is None or state.disabled:
                raise InvalidToken
            selection = self._dashboard.selection(user_id, query, zone=state.time_zone, now=now)
            rows = newest_first(session, self._dashboard, selection)
            if after:
                rows = rows.where(_behind(*after))
            return _page(session.execute(rows.limit(limit + 1)).all(), selection, limit)

        return await self._database.read(read)


def _page(found: Sequence[Row[Any]], selection: Selection, limit: int) -> Page:
    """
    :param found: one more than the page holds, if there are more.
    """
    shown = found[:limit]
    items = [activity_item(row, selection.bands) | _more(row) for row in shown]
    if len(found) <= limit:
        return Page(items=items, next_cursor=None)
    last = shown[-1]
    return Page(items=items, next_cursor=_cursor(last.predicted_at, last.arrival, selection.user_id, selection.query))


def _behind(at: int, arrival: int) -> ColumnElement[bool]:
    same = and_(col(Prediction.predicted_at) == at, col(Prediction.arrival) < arrival)
    # the first condition says nothing new, but it is one that an index can begin at
    return and_(col(Prediction.predicted_at) <= at, or_(col(Prediction.predicted_at) < at, same))


def _more(row: Row[Any]) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if row.account_value is not None:
        more['account_value'] = row.account_value / 1_000_000
    if row.external_id:
        more['external_id'] = row.external_id
    return more


def _cursor(at: int, arrival: int, user_id: int, query: DashboardQuery) -> str:
    place = orjson.dumps([at, arrival, _about(user_id, query)])
    return base64.urlsafe_b64encode(place).decode().rstrip('=')


def _place(cursor: str, user_id: int, query: DashboardQuery) -> tuple[int, int]:
    try:
        if len(cursor) > LONGEST_CURSOR or not cursor.isascii():
            raise InvalidRequest(NO_CURSOR, field='cursor')
        place = orjson.loads(base64.urlsafe_b64decode(cursor + '=' * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(NO_CURSOR, field='cursor') from error
    match place:
        case [int(at), int(arrival), str(about)] if about == _about(user_id, query) and 0 <= arrival < 2**62:
            if -(2**62) < at < 2**62:
                return at, arrival
    raise InvalidRequest(NO_CURSOR, field='cursor')


def _about(user_id: int, query: DashboardQuery) -> str:
    """Tells a list from others; it keeps nothing secret, since every page asks who reads it."""
    return hashlib.blake2b(repr((user_id, query)).encode(), digest_size=8).hexdigest()
