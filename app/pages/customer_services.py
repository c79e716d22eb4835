"""What a customer's page needs of the services: the part of them that a fake has to provide in a test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from app.pages.board_services import BoardWatch, PageRegistry
from services.customer_records import RecordChange
from services.customer_tables import CustomerNote
from services.query import DashboardQuery
from services.questions import Question
from services.scores import RiskBands

T = TypeVar('T')


class CustomerState(Protocol):
    @property
    def revision(self) -> int: ...
    @property
    def time_zone(self) -> str: ...


class CustomerSeen(Protocol):
    @property
    def state(self) -> CustomerState | None: ...
    @property
    def at(self) -> datetime: ...


class CustomerHub(Protocol):
    def check_user(self, user_id: int) -> Awaitable[None]: ...
    def notice(self, user_id: int) -> Awaitable[None]: ...
    def seen(self, user_id: int) -> CustomerSeen | None: ...
    def watch(self, user_id: int, *, on_change: Callable[[], Awaitable[None]]) -> BoardWatch: ...


class Customers(Protocol):
    def question(self, user_id: int, query: DashboardQuery) -> Awaitable[Question]: ...
    def detail(
        self, question: Question, customer_id: str, *, limit: int, cursor: str | None
    ) -> Awaitable[dict[str, Any]]: ...
    def notes(self, user_id: int, customer_id: str) -> Awaitable[Sequence[dict[str, Any]]]: ...


class Records(Protocol):
    """Blocks: runs on the database's threads."""

    def change(self, user_id: int, customer_id: str, change: RecordChange) -> dict[str, Any]: ...
    def add_note(self, user_id: int, customer_id: str, text: str) -> CustomerNote: ...
    def edit_note(self, user_id: int, note_id: int, text: str) -> CustomerNote: ...
    def delete_note(self, user_id: int, note_id: int) -> CustomerNote: ...


class Runner(Protocol):
    def run(self, work: Callable[[], T], *, writes: bool = False) -> Awaitable[T]: ...


class CustomerSettings(Protocol):
    @property
    def refresh_seconds(self) -> float: ...
    @property
    def bands(self) -> RiskBands: ...


class CustomerServices(Protocol):
    @property
    def hub(self) -> CustomerHub: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def records(self) -> Records: ...
    @property
    def database(self) -> Runner: ...
    @property
    def page_registry(self) -> PageRegistry: ...
    @property
    def settings(self) -> CustomerSettings: ...
