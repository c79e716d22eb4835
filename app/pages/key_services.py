"""What managing API keys needs of the services: the part of them that a fake has to provide in a test."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from services.api_keys import ApiKeyInfo, NewApiKey
from services.identity import KeyScope, Right


class KeyStore(Protocol):
    def create(self, user_id: int, name: str, scope: KeyScope, *, token_version: int) -> Awaitable[NewApiKey]: ...
    def list(self, user_id: int) -> Awaitable[Sequence[ApiKeyInfo]]: ...
    def revoke(self, user_id: int, key_id: int) -> Awaitable[ApiKeyInfo]: ...


class KeyAuth(Protocol):
    def version_now(self, user_id: int, right: Right) -> Awaitable[int | None]: ...


class KeyServices(Protocol):
    @property
    def api_keys(self) -> KeyStore: ...
    @property
    def auth(self) -> KeyAuth: ...
