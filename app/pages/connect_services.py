"""What the connect page needs of the services: the part of them that a fake has to provide in a test."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Protocol

from app.pages.board_services import BoardIdentity, BoardPreferences, BoardWatch, PageRegistry
from services.api_keys import ApiKeyInfo, NewApiKey
from services.identity import KeyScope, Right


class ConnectSeen(Protocol):
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


class ConnectIdentity(BoardIdentity, Protocol):
    @property
    def token_version(self) -> int: ...


class ConnectKeys(Protocol):
    def create(self, user_id: int, name: str, scope: KeyScope, *, token_version: int) -> Awaitable[NewApiKey]: ...
    def list(self, user_id: int) -> Awaitable[Sequence[ApiKeyInfo]]: ...
    def revoke(self, user_id: int, key_id: int) -> Awaitable[ApiKeyInfo]: ...


class ConnectAuth(Protocol):
    def lasts(self, user_id: int, right: Right) -> Awaitable[bool]: ...


class ConnectServices(Protocol):
    @property
    def hub(self) -> ConnectHub: ...
    @property
    def api_keys(self) -> ConnectKeys: ...
    @property
    def auth(self) -> ConnectAuth: ...
    @property
    def page_registry(self) -> PageRegistry: ...
    @property
    def settings(self) -> ConnectSettings: ...
    @property
    def preferences(self) -> BoardPreferences: ...
