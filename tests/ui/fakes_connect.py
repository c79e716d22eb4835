"""Fakes of what the connect page needs for API keys: keys a test sets, and what was asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

from services.api_keys import ApiKeyInfo, NewApiKey
from services.identity import KeyScope, Right
from tests.ui.fakes import IN_THE_BROWSER, NOW

SECRET_KEY = 'cbk_' + 'sEcReT-' * 6 + 'x'


def key(number: int, name: str, scope: KeyScope = KeyScope.READ, **changes: object) -> ApiKeyInfo:
    made = NOW - timedelta(days=30 - number)
    info = ApiKeyInfo(id=number, name=name, scope=scope, created_at=made, last_used_at=None, revoked=False)
    return replace(info, **changes)  # type: ignore[arg-type]


@dataclass
class FakeKeys:
    """Those of user 1, newest first."""

    infos: tuple[ApiKeyInfo, ...] = ()
    error: Exception | None = None
    """What making and revoking raise."""
    list_error: Exception | None = None
    gate: asyncio.Event | None = None
    """Making a key waits for it."""
    list_gates: list[asyncio.Event] = field(default_factory=list)
    """Those the next reads wait for, with what they have read."""
    version: int = IN_THE_BROWSER.token_version
    """Of the account: whoever makes a key has to know it."""
    asked: list[tuple[str, KeyScope]] = field(default_factory=list)
    revoked: list[int] = field(default_factory=list)

    async def create(self, user_id: int, name: str, scope: KeyScope, *, token_version: int) -> NewApiKey:
        assert (user_id, token_version) == (1, self.version)
        self.asked.append((name, scope))
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        made = key(len(self.infos) + 1, name, scope)
        self.infos = (made, *self.infos)
        return NewApiKey(info=made, key=SECRET_KEY)

    async def list(self, user_id: int) -> tuple[ApiKeyInfo, ...]:
        assert user_id == 1
        found = self.infos
        if self.list_gates:
            await self.list_gates.pop(0).wait()
        if self.list_error:
            raise self.list_error
        return found

    async def revoke(self, user_id: int, key_id: int) -> ApiKeyInfo:
        assert user_id == 1
        if self.error:
            raise self.error
        self.revoked.append(key_id)
        self.infos = tuple(replace(info, revoked=info.revoked or info.id == key_id) for info in self.infos)
        return next(info for info in self.infos if info.id == key_id)


@dataclass
class FakeAuth:
    signed_in: bool = True
    version: int = IN_THE_BROWSER.token_version

    async def lasts(self, user_id: int, right: Right) -> bool:
        assert (user_id, right) == (1, IN_THE_BROWSER)
        return self.signed_in

    async def version_now(self, user_id: int, right: Right) -> int | None:
        return self.version if await self.lasts(user_id, right) else None
