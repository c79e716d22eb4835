"""Fakes of what a customer's page needs of the services: scores and notes that a test sets, and what was asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.clock import rfc3339, to_micros
from services.customer_records import RecordChange
from services.customer_tables import CustomerNote
from services.errors import ChurnboardError, NotFound
from services.query import EVERYTHING, DashboardQuery
from services.questions import Question
from services.record_items import note_item
from services.scores import RiskBands
from services.selection import Selection
from tests.ui.fakes import NOW, FakePreferences, FakeRegistry, FakeWatch

T = TypeVar('T')
BERLIN = ZoneInfo('Europe/Berlin')
BANDS = RiskBands()


def scored(number: int, value: float, *reasons: str) -> dict[str, Any]:
    """The ``number``-th score of the customer, so many days after the first of November."""
    return {
        'id': str(number),
        'user_id': '1',
        'churn_score': value,
        'risk_level': BANDS.level(round(value * 1_000_000)).value,
        'timestamp': rfc3339(datetime(2026, 11, 1, 12, tzinfo=NOW.tzinfo) + timedelta(days=number)),
        'status': 'completed',
        'customer_id': 'C-1',
        'reasons': list(reasons),
    }


@dataclass(frozen=True, kw_only=True)
class FakeState:
    revision: int
    time_zone: str = 'Europe/Berlin'


@dataclass(frozen=True, kw_only=True)
class FakeSeen:
    state: FakeState
    at: datetime


@dataclass
class FakeCustomerHub:
    """Has looked at ``revision``; who committed something says so by :meth:`notice`."""

    revision: int = 1
    at: datetime = NOW
    error: ChurnboardError | None = None
    watches: list[FakeWatch] = field(default_factory=list)
    on_change: Callable[[], Awaitable[None]] | None = None

    async def check_user(self, _user_id: int) -> None:
        if self.error:
            raise self.error

    def seen(self, _user_id: int) -> FakeSeen:
        return FakeSeen(state=FakeState(revision=self.revision), at=self.at)

    def watch(self, _user_id: int, *, on_change: Callable[[], Awaitable[None]]) -> FakeWatch:
        self.on_change = on_change
        self.watches.append(FakeWatch())
        return self.watches[-1]

    async def notice(self, _user_id: int) -> None:
        self.revision += 1
        if self.on_change:
            await self.on_change()


@dataclass
class FakeCustomers:
    """One customer, ``C-1``, with the scores and notes that a test puts here; none of them: it is not there."""

    hub: FakeCustomerHub
    scores: list[dict[str, Any]] = field(default_factory=list)
    """Newest first."""
    written: list[CustomerNote] = field(default_factory=list)
    """Newest first."""
    known: dict[str, Any] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    """How many scores each reading asked for."""
    error: Exception | None = None

    async def question(self, user_id: int, query: DashboardQuery) -> Question:
        assert query == EVERYTHING
        selection = Selection(user_id=user_id, query=query, zone=BERLIN, today=date(2026, 11, 23), bands=BANDS)
        return Question(selection=selection, revision=self.hub.revision, at=NOW)

    async def detail(self, _question: Question, customer_id: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
        assert cursor is None
        if self.error:
            raise self.error
        self.asked.append(limit)
        if not self.scores or customer_id != 'C-1':
            raise NotFound('There is no such customer.')
        return {
            **self.scores[0],
            **self.known,
            'predictions': len(self.scores),
            'history': {'items': self.scores[:limit], 'next_cursor': None},
            'notes': await self.notes(1, customer_id),
        }

    async def notes(self, _user_id: int, _customer_id: str) -> list[dict[str, Any]]:
        return [note_item(note) for note in self.written]


@dataclass
class FakeRecords:
    """Writes into the customer's notes and facts."""

    customers: FakeCustomers
    error: Exception | None = None
    changes: list[RecordChange] = field(default_factory=list)

    def change(self, _user_id: int, _customer_id: str, change: RecordChange) -> dict[str, Any]:
        self._check()
        self.changes.append(change)
        known = self.customers.known
        if change.owner is not None:
            known['owner'] = change.owner
        if change.snooze:
            known.pop('snoozed_until', None)
            if change.snooze.until:
                known['snoozed_until'] = change.snooze.until.isoformat()
        return {}

    def add_note(self, user_id: int, customer_id: str, text: str) -> CustomerNote:
        self._check()
        number = 1 + max((note.id for note in self.customers.written), default=0)
        note = CustomerNote(
            user_id=user_id, id=number, customer_id=customer_id, text=text, written_at=to_micros(NOW), edited_at=None
        )
        self.customers.written.insert(0, note)
        return note

    def edit_note(self, _user_id: int, note_id: int, text: str) -> CustomerNote:
        self._check()
        for note in self.customers.written:
            if note.id == note_id:
                note.text, note.edited_at = text, to_micros(NOW)
                return note
        raise NotFound('There is no such note: it may have been deleted.')

    def delete_note(self, _user_id: int, note_id: int) -> CustomerNote:
        self._check()
        for note in self.customers.written:
            if note.id == note_id:
                self.customers.written.remove(note)
                return note
        raise NotFound('There is no such note: it may have been deleted.')

    def _check(self) -> None:
        if self.error:
            raise self.error


class FakeRunner:
    async def run(self, work: Callable[[], T], *, writes: bool = False) -> T:
        assert writes
        return work()


@dataclass(frozen=True)
class FakeCustomerSettings:
    refresh_seconds: float = 3600  # a test ticks by itself
    bands: RiskBands = BANDS


@dataclass(frozen=True, kw_only=True)
class FakeCustomerServices:
    hub: FakeCustomerHub
    customers: FakeCustomers
    records: FakeRecords
    database: FakeRunner = field(default_factory=FakeRunner)
    page_registry: FakeRegistry = field(default_factory=FakeRegistry)
    settings: FakeCustomerSettings = FakeCustomerSettings()
    preferences: FakePreferences = field(default_factory=FakePreferences)

    @classmethod
    def of(cls, hub: FakeCustomerHub) -> FakeCustomerServices:
        customers = FakeCustomers(hub)
        return cls(hub=hub, customers=customers, records=FakeRecords(customers))
