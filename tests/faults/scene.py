"""A server, its users, somebody who writes, and clients on every channel: who knows what must be true."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from services import users
from services.clock import system_clock
from services.tokens import Tokens
from tests.accounts import CHEAP, PASSWORD, SECRET
from tests.board import Board
from tests.contract.live import Listener, listening
from tests.faults.follower import Follower

CONVERGES_SECONDS = 10.0
"""After a fault has healed, every client shows the database's state within that time."""


@dataclass
class Actor:
    """A user whose predictions are counted as they are acknowledged."""

    email: str
    user_id: int
    token: str
    acknowledged: int = 0
    unknown: int = 0
    """Sent, and never answered: they may have been taken or not."""


@dataclass
class Scene:
    """Everything a scenario has."""

    board: Board
    rest: httpx.AsyncClient
    stack: AsyncExitStack
    followers: list[tuple[Actor, Follower]] = field(default_factory=list)
    listeners: list[tuple[Actor, Listener]] = field(default_factory=list)

    def actors(self, *names: str, seconds: int = 3600) -> list[Actor]:
        """New users; a name is used once a server."""
        tokens, made, hashed = Tokens(SECRET, max_seconds=3600, clock=system_clock), [], CHEAP.hash(PASSWORD)
        with self.board.database() as database, database.writing() as session:
            for name in names:
                user = users.add(session, f'{name}@example.com', password_hash=hashed, time_zone='UTC')
                assert user.id is not None
                token = tokens.issue(user.id, user.token_version, seconds=seconds)
                made.append(Actor(user.email, user.id, token))
        return made

    async def write(self, actor: Actor, rows: int = 1) -> None:
        """Send predictions; whatever happens to them is written down."""
        first = actor.acknowledged + actor.unknown
        body = [{'customer_id': f'{actor.email}-{first + row}', 'churn_score': 0.75} for row in range(rows)]
        try:
            answer = await self.rest.post('/api/predictions', json=body, headers=authorization(actor))
        except (httpx.TransportError, asyncio.CancelledError) as failure:
            actor.unknown += rows
            if isinstance(failure, asyncio.CancelledError):
                raise
            return
        assert answer.status_code == 200, answer.text
        actor.acknowledged += rows

    async def numbers(self, actor: Actor) -> dict[str, Any]:
        """The board by REST, but for its time."""
        answer = await self.rest.get('/api/live-data', headers=authorization(actor))
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()['data']
        return {**data, 'timestamp': None}

    async def follow(self, actor: Actor, url: str | None = None, **options: Any) -> Follower:
        follower = Follower(url or self.board.url, **options)
        self.stack.push_async_callback(follower.client.disconnect)
        assert await follower.client.connect(actor.token)
        self.followers.append((actor, follower))
        return follower

    async def listen(self, actor: Actor, *, transport: str, **auth: Any) -> Listener:
        """A plain client of Socket.IO."""
        listener = await self.stack.enter_async_context(
            listening(self.board.url, actor.token, transport=transport, **auth)
        )
        self.listeners.append((actor, listener))
        return listener

    async def converge(self) -> None:
        """Every follower shows what the database holds."""
        until, left = time.monotonic() + CONVERGES_SECONDS, self.followers
        while left := [(actor, follower) for actor, follower in left if not await self._is_current(actor, follower)]:
            actor, follower = left[0]
            late = f'{len(left)} of {len(self.followers)} clients, one of {actor}: {follower.total} {follower.statuses}'
            assert time.monotonic() < until, late
            await asyncio.sleep(0.05)

    async def _is_current(self, actor: Actor, follower: Follower) -> bool:
        return {**(follower.client.board or {}), 'timestamp': None} == await self.numbers(actor)

    def check(self) -> None:
        """Nobody was ever shown another's data, and each message was counted."""
        for actor, follower in self.followers:
            check_isolation(actor, follower.updates, follower.predictions)
        for actor, listener in self.listeners:
            boards = listener.of('dashboard_update')
            check_isolation(actor, boards, listener.of('new_prediction'))
            counted = [data['seq'] for event, data in listener.heard if event.startswith('dashboard_')]
            assert counted == list(range(1, len(counted) + 1)), 'a message is missing, or came twice'


def check_isolation(actor: Actor, boards: Iterable[dict[str, Any]], predictions: Iterable[dict[str, Any]]) -> None:
    for board in boards:
        assert board['user_id'] == actor.user_id
        predictions = [*predictions, *board['recent_activity']]
    assert {item['user_id'] for item in predictions} <= {str(actor.user_id)}
    assert all(item['customer_id'].startswith(actor.email) for item in predictions)


def authorization(actor: Actor) -> dict[str, str]:
    return {'Authorization': f'Bearer {actor.token}'}


@asynccontextmanager
async def scene(board: Board) -> AsyncIterator[Scene]:
    async with httpx.AsyncClient(base_url=board.url, timeout=20) as rest, AsyncExitStack() as stack:
        yield Scene(board, rest, stack)
