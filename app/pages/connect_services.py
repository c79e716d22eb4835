"""What the connect page needs of the services: the part of them that a fake has to provide in a test."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Protocol

from app.pages.board_services import BoardPreferences, BoardWatch, PageRegistry
from app.pages.key_services import KeyServices
from app.pages.page_zone import ZoneSeen


class ConnectSeen(ZoneSeen, Protocol):
    @property
    def at(self) -> datetime: ...


class ConnectHub(Protocol):
    def check_user(self, user_id: int) -> Awaitable[None]: ...
    def seen(self, user_id: int) -> ConnectSeen | None: ...
    def watch(self, user_id: int) -> BoardWatch: ...


class ConnectSettings(Protocol):
    @property
    def refresh_seconds(self) -> float: ...
    @property
    def public_origins(self) -> Sequence[str]: ...


class ConnectServices(KeyServices, Protocol):
    @property
    def hub(self) -> ConnectHub: ...
    @property
    def page_registry(self) -> PageRegistry: ...
    @property
    def settings(self) -> ConnectSettings: ...
    @property
    def preferences(self) -> BoardPreferences: ...
