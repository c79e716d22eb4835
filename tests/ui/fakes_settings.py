"""Fakes of what the page of settings needs of the services: an account and sessions a test sets, and what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from services.accounts import Account
from services.browser_sessions import SessionInfo
from services.errors import NotFound
from services.password_change import PasswordChanged
from tests.ui.fakes import NOW, FakePreferences, FakeRegistry, FakeSettings, FakeWatch
from tests.ui.fakes_connect import FakeAuth, FakeKeys

ACCOUNT = Account(email='alice@example.com', name='Alice', time_zone='Europe/Berlin', days_of='Europe/Berlin')


@dataclass
class FakeAccounts:
    """Alice's; ``error`` is what changing it raises, and ``gate`` what it waits for."""

    account: Account = ACCOUNT
    error: Exception | None = None
    gate: asyncio.Event | None = None
    asked: list[str] = field(default_factory=list)

    async def of(self, user_id: int) -> Account:
        assert user_id == 1
        return self.account

    async def rename(self, user_id: int, name: str) -> Account:
        await self._ask(user_id, name)
        self.account = replace(self.account, name=name)
        return self.account

    async def move(self, user_id: int, zone: str) -> Account:
        await self._ask(user_id, zone)
        self.account = replace(self.account, time_zone=zone, customers=7_043)
        return self.account

    async def _ask(self, user_id: int, value: str) -> None:
        assert user_id == 1
        self.asked.append(value)
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error


@dataclass
class FakePasswordAuth(FakeAuth):
    error: Exception | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)

    async def change_password(
        self, user_id: int, current: str, new: str, *, keep: str, address: str
    ) -> PasswordChanged:
        assert (user_id, address) == (1, '127.0.0.1')
        self.changes.append((current, new, keep))
        if self.error:
            raise self.error
        return PasswordChanged(token_version=4, ended=frozenset({'phone', 'laptop'}))


def signed_in(id_hash: str, browser: str, *, hours: int) -> SessionInfo:
    at = NOW - timedelta(hours=hours)
    seen = at + timedelta(minutes=30) if browser else None
    return SessionInfo(
        id_hash=id_hash, browser=browser, signed_in_at=at, expires_at=at + timedelta(hours=12), last_seen_at=seen
    )


@dataclass
class FakeSessions:
    infos: list[SessionInfo] = field(
        default_factory=lambda: [
            signed_in('phone', 'Safari on iPhone', hours=1),
            signed_in('hash', 'Firefox on Linux', hours=2),
            signed_in('laptop', '', hours=3),
        ]
    )
    error: Exception | None = None

    async def list(self, user_id: int) -> list[SessionInfo]:
        assert user_id == 1
        return list(self.infos)

    async def end(self, user_id: int, id_hash: str) -> None:
        assert user_id == 1
        if self.error:
            raise self.error
        self.infos = [info for info in self.infos if info.id_hash != id_hash]

    async def end_others(self, user_id: int, *, keep: str) -> frozenset[str]:
        assert user_id == 1
        if self.error:
            raise self.error
        ended = frozenset(info.id_hash for info in self.infos if info.id_hash != keep)
        if not ended:
            raise NotFound('None.')
        self.infos = [info for info in self.infos if info.id_hash == keep]
        return ended


@dataclass
class EndingRegistry(FakeRegistry):
    ended: list[str] = field(default_factory=list)

    def end(self, session_hash: str) -> None:
        self.ended.append(session_hash)


@dataclass
class FakeSeen:
    at: object = NOW
    state: None = None


@dataclass
class FakeSettingsHub:
    error: Exception | None = None
    watches: list[FakeWatch] = field(default_factory=list)
    on_change: Callable[[], Awaitable[None]] | None = None

    async def check_user(self, _user_id: int) -> None:
        if self.error:
            raise self.error

    def seen(self, _user_id: int) -> FakeSeen:
        return FakeSeen()

    def watch(self, _user_id: int, *, on_change: Callable[[], Awaitable[None]]) -> FakeWatch:
        self.on_change = on_change
        self.watches.append(FakeWatch())
        return self.watches[-1]


@dataclass
class FakeSettingsServices:
    hub: FakeSettingsHub = field(default_factory=FakeSettingsHub)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    auth: FakePasswordAuth = field(default_factory=FakePasswordAuth)
    preferences: FakePreferences = field(default_factory=FakePreferences)
    browser_sessions: FakeSessions = field(default_factory=FakeSessions)
    api_keys: FakeKeys = field(default_factory=FakeKeys)
    page_registry: EndingRegistry = field(default_factory=EndingRegistry)
    settings: FakeSettings = field(default_factory=FakeSettings)
