"""Exports of the queried predictions: a link that works once within a minute, read in pages in constant memory."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlmodel import Session, col

from services.clock import Clock
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidToken, NotFound
from services.export_formats import ExportFormat, csv_page, json_page
from services.models import Prediction
from services.query import DashboardQuery
from services.recent import prediction_rows
from services.selection import Selection
from services.user_states import UserState, user_states

LIFETIME = timedelta(seconds=60)
PAGE = 2_000
GONE = 'This export link was used already or is too old. Start the export again.'


@dataclass(frozen=True, kw_only=True)
class ExportGrant:
    """The right to fetch one export once. ``rows`` is what it will hold."""

    token: str
    user_id: int
    token_version: int
    session_hash: str | None
    """Set where it was asked for in a browser session: it ends with that session."""
    selection: Selection
    format: ExportFormat
    rows: int
    last_arrival: int
    created_at: datetime

    @property
    def url(self) -> str:
        return f'/api/exports/{self.token}'

    @property
    def file_name(self) -> str:
        return f'churnboard-{self.created_at:%Y-%m-%d}.{self.format}'


class Exports:
    """Grants exports, and streams each granted one once."""

    def __init__(self, database: Database, dashboard: Dashboard, *, clock: Clock) -> None:
        self._database = database
        self._dashboard = dashboard
        self._clock = clock
        self._grants: dict[str, ExportGrant] = {}

    async def grant(
        self, user_id: int, query: DashboardQuery, fmt: ExportFormat, *, session_hash: str | None = None
    ) -> ExportGrant:
        """Count the rows and give out the link.

        :param session_hash: the browser session the link is to end with.
        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """
        now = self._clock()
        self._grants = {token: grant for token, grant in self._grants.items() if now - grant.created_at < LIFETIME}
        state, selection, rows = await self._database.read(lambda session: self._extent(session, user_id, query, now))
        grant = ExportGrant(
            token=secrets.token_urlsafe(32),
            user_id=user_id,
            token_version=state.token_version,
            session_hash=session_hash,
            selection=selection,
            format=fmt,
            rows=rows,
            last_arrival=state.arrivals,
            created_at=now,
        )
        self._grants[grant.token] = grant
        return grant

    def redeem(self, token: str) -> ExportGrant:
        """Take the grant: a second time there is none. Whether its owner may still have it is for ``Auth`` to say.

        :raises NotFound: unknown, used or too old.
        """
        grant = self._grants.pop(token, None)
        if grant is None or self._clock() - grant.created_at >= LIFETIME:
            raise NotFound(GONE)
        return grant

    def _extent(
        self, session: Session, user_id: int, query: DashboardQuery, now: datetime
    ) -> tuple[UserState, Selection, int]:
        """The user as of the count, the selection, and how many predictions it holds."""
        state = user_states(session, [user_id]).get(user_id)
        if state is None or state.disabled:
            raise InvalidToken
        selection = self._dashboard.selection(user_id, query, zone=state.time_zone, now=now)
        rows = select(func.count()).where(*selection.conditions(), col(Prediction.arrival) <= state.arrivals)
        return state, selection, session.execute(rows).scalar_one()

    async def stream(self, grant: ExportGrant) -> AsyncIterator[bytes]:
        """The file, newest prediction first."""
        write = csv_page if grant.format is ExportFormat.CSV else json_page
        first, after = True, None
        while True:
            page = await self._database.read(lambda session, after=after: _page(session, grant, after))  # type: ignore[misc]
            yield write(page, grant.selection.bands, first)
            if len(page) < PAGE:
                break
            first, after = False, (page[-1].predicted_at, page[-1].arrival)
        if grant.format is ExportFormat.JSON:
            yield b'\n]\n'


def _page(session: Session, grant: ExportGrant, after: tuple[int, int] | None) -> Sequence[Row[Any]]:
    conditions = [*grant.selection.conditions(), col(Prediction.arrival) <= grant.last_arrival]
    if after:
        at, arrival = after
        same = and_(col(Prediction.predicted_at) == at, col(Prediction.arrival) < arrival)
        conditions.append(or_(col(Prediction.predicted_at) < at, same))
    newest_first = (col(Prediction.predicted_at).desc(), col(Prediction.arrival).desc())
    return session.execute(prediction_rows().where(*conditions).order_by(*newest_first).limit(PAGE)).all()
