"""The predictions of a query, page by page: a page costs the same wherever it is in the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col

from services.clock import Clock
from services.cursors import below, cursor_of, place_of
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidToken
from services.export_rows import newest_first
from services.models import Prediction
from services.query import DashboardQuery
from services.recent import activity_item
from services.scores import RiskBands
from services.selection import Selection
from services.user_states import user_states


@dataclass(frozen=True, kw_only=True)
class Page:
    """``next_cursor`` leads to the page after it; ``None``: it is the last."""

    items: list[dict[str, Any]]
    """See :func:`prediction_item`."""
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
        after = place_of(cursor, (user_id, query), kinds=(int, int))
        now = self._clock()

        def read(session: Session) -> Page:
            state = user_states(session, [user_id]).get(user_id)
            if state is None or state.disabled:
                raise InvalidToken
            selection = self._dashboard.selection(user_id, query, zone=state.time_zone, now=now)
            rows = newest_first(session, self._dashboard, selection)
            if after:
                rows = rows.where(below((col(Prediction.predicted_at), col(Prediction.arrival)), after))
            return _page(session.execute(rows.limit(limit + 1)).all(), selection, limit)

        return await self._database.read(read)


def _page(found: Sequence[Row[Any]], selection: Selection, limit: int) -> Page:
    """
    :param found: one more than the page holds, if there are more.
    """
    shown = found[:limit]
    items = [prediction_item(row, selection.bands) for row in shown]
    if len(found) <= limit:
        return Page(items=items, next_cursor=None)
    last = shown[-1]
    about = (selection.user_id, selection.query)
    return Page(items=items, next_cursor=cursor_of((last.predicted_at, last.arrival), about))


def prediction_item(row: Row[Any], bands: RiskBands) -> dict[str, Any]:
    """As in ``recent_activity``, with ``account_value`` and ``external_id`` where there are any."""
    item = activity_item(row, bands)
    if row.account_value is not None:
        item['account_value'] = row.account_value / 1_000_000
    if row.external_id:
        item['external_id'] = row.external_id
    return item
