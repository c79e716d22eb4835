"""What the board needs of the services: the part of ``app.factory.Services`` that a fake has to provide in a test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, Unpack

from nicegui import Client

from services.export_formats import ExportFormat
from services.export_grants import ExportState
from services.identity import Right
from services.preferences import PreferenceChange, Preferences
from services.query import DashboardQuery
from services.schemas import Charts, DashboardData
from services.visit_news import VisitNews


class BoardSnapshot(Protocol):
    @property
    def contents(self) -> object:
        """Stands for the data but their time: the same object only while they are the same."""

    @property
    def data(self) -> DashboardData: ...
    @property
    def as_of(self) -> datetime: ...
    @property
    def has_sample(self) -> bool: ...
    @property
    def refreshing(self) -> bool: ...


class BoardWatch(Protocol):
    def close(self) -> None: ...


class BoardHub(Protocol):
    def snapshot(self, user_id: int, query: DashboardQuery) -> Awaitable[BoardSnapshot]: ...
    def charts(self, user_id: int, query: DashboardQuery) -> Awaitable[Charts]: ...
    def watch(self, user_id: int, *, on_change: Callable[[], Awaitable[None]]) -> BoardWatch: ...


class BoardWorkspace(Protocol):
    def remove_sample(self, user_id: int) -> Awaitable[None]: ...


class Grant(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def rows(self) -> int: ...


class ExportStatus(Protocol):
    @property
    def state(self) -> ExportState: ...
    @property
    def rows(self) -> int: ...
    @property
    def written(self) -> int: ...


class BoardExports(Protocol):
    def grant(
        self, user_id: int, query: DashboardQuery, fmt: ExportFormat, *, decimal: str, right: Right
    ) -> Awaitable[Grant]: ...
    def status(self, user_id: int, export_id: str) -> ExportStatus: ...


class BoardNewsService(Protocol):
    def revision(self, user_id: int) -> int | None: ...
    def get(self, user_id: int) -> Awaitable[VisitNews | None]: ...
    def mark_seen(self, user_id: int, news: VisitNews) -> Awaitable[None]: ...


class PageRegistry(Protocol):
    def add(self, session_hash: str, client: Client) -> None: ...


class BoardPreferences(Protocol):
    def change(self, user_id: int, **changes: Unpack[PreferenceChange]) -> Awaitable[Preferences]: ...


class BoardSettings(Protocol):
    @property
    def refresh_seconds(self) -> float: ...


class BoardIdentity(Protocol):
    """The signed-in user, as the sign-in middleware leaves it in the request's scope."""

    @property
    def user_id(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def session_hash(self) -> str | None: ...
    @property
    def right(self) -> Right: ...


class BoardServices(Protocol):
    @property
    def hub(self) -> BoardHub: ...
    @property
    def workspace(self) -> BoardWorkspace: ...
    @property
    def exports(self) -> BoardExports: ...
    @property
    def news(self) -> BoardNewsService: ...
    @property
    def page_registry(self) -> PageRegistry: ...
    @property
    def settings(self) -> BoardSettings: ...
    @property
    def preferences(self) -> BoardPreferences: ...
