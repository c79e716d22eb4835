"""The rights to fetch exports: each for one user, once, within a minute; and what became of each."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.clock import Clock
from services.errors import NotFound
from services.export_formats import ExportFormat
from services.identity import Right
from services.selection import Selection
from services.user_states import UserState

LIFETIME = timedelta(seconds=60)
GONE = 'This export link was used already or is too old. Start the export again.'
UNKNOWN = 'There is no such export, or it was too long ago.'

REMEMBERED = 20
"""Exports of one user; the oldest gives way."""
REMEMBERED_FOR = timedelta(hours=1)


class ExportState(StrEnum):
    GRANTED = 'granted'
    """The link was not used yet."""
    PREPARING = 'preparing'
    """It was, and nothing was sent so far."""
    SENDING = 'sending'
    DONE = 'done'
    """All of it was sent."""
    FAILED = 'failed'
    """What was sent is not the whole file."""
    EXPIRED = 'expired'
    """The link was not used in time."""


@dataclass(frozen=True, kw_only=True)
class ExportGrant:
    """The right to fetch one export once. ``rows`` is what it holds as of then."""

    id: str
    """Names it; the token is what opens it."""
    token: str
    user_id: int
    right: Right
    """Of whoever asked for it: it ends with that."""
    selection: Selection
    format: ExportFormat
    decimal: str
    rows: int
    asked_by: UserState
    """The user as of the count."""
    created_at: datetime

    @property
    def url(self) -> str:
        return f'/api/exports/{self.token}'

    @property
    def file_name(self) -> str:
        return f'churnboard-{self.created_at:%Y-%m-%d}.{self.format.suffix}'

    @property
    def last_arrival(self) -> int:
        return self.asked_by.arrivals


@dataclass(kw_only=True)
class ExportRecord:
    """What became of an export."""

    grant: ExportGrant
    state: ExportState = ExportState.GRANTED
    rows: int
    """In the file: other than granted where predictions were corrected or deleted before it was fetched."""
    written: int = 0

    def public(self) -> dict[str, object]:
        return {
            'id': self.grant.id,
            'format': self.grant.format.value,
            'state': self.state.value,
            'rows': self.rows,
            'written': self.written,
        }


class ExportGrants:
    """Those of the last hour, a bounded number of each user."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._records: dict[int, deque[ExportRecord]] = {}
        self._open: dict[str, ExportRecord] = {}
        """By token, until it is used."""

    def add(self, grant: ExportGrant) -> None:
        self._forget_old()
        record = ExportRecord(grant=grant, rows=grant.rows)
        of_user = self._records.setdefault(grant.user_id, deque())
        of_user.append(record)
        if len(of_user) > REMEMBERED:
            self._open.pop(of_user.popleft().grant.token, None)
        self._open[grant.token] = record

    def find(self, token: str) -> ExportRecord:
        """:raises NotFound: unknown, used or too old."""
        record = self._open.get(token)
        if record is None or self._is_late(record):
            raise NotFound(GONE)
        return record

    def use(self, record: ExportRecord) -> None:
        """From now on its link is none."""
        del self._open[record.grant.token]
        record.state = ExportState.PREPARING

    def record(self, user_id: int, export_id: str) -> ExportRecord:
        """:raises NotFound: this user has none of that id."""
        for record in self._records.get(user_id, ()):
            if secrets.compare_digest(record.grant.id.encode(), export_id.encode()):
                if record.state is ExportState.GRANTED and self._is_late(record):
                    record.state = ExportState.EXPIRED
                return record
        raise NotFound(UNKNOWN)

    def _is_late(self, record: ExportRecord) -> bool:
        return self._clock() - record.grant.created_at >= LIFETIME

    def _forget_old(self) -> None:
        oldest = self._clock() - REMEMBERED_FOR
        for user_id, records in list(self._records.items()):
            while records and records[0].grant.created_at < oldest:
                records.popleft()
            if not records:
                del self._records[user_id]
        self._open = {token: record for token, record in self._open.items() if not self._is_late(record)}
