"""The snapshot: what one user sees of one query, and the cache that computes each only once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, cast

import orjson

from services.clock import rfc3339
from services.dashboard import Numbers
from services.schemas import Alert, BoardState, DashboardData

T = TypeVar('T')


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The numbers of a user and query with the user's alerts, true as of ``as_of``."""

    user_id: int
    numbers: Numbers
    alerts: tuple[Alert, ...]
    as_of: datetime
    refreshing: bool = False
    """These are the last known numbers: newer ones are being worked out."""

    @property
    def has_sample(self) -> bool:
        return self.numbers.has_sample

    @cached_property
    def data(self) -> DashboardData:
        return DashboardData(
            user_id=self.user_id,
            timestamp=rfc3339(self.as_of),
            metrics=self.numbers.metrics,
            recent_activity=self.numbers.recent_activity,
            trends=self.numbers.trends,
            alerts=self.alerts,
            state=BoardState.REFRESHING if self.refreshing else None,
        )

    @cached_property
    def payload(self) -> dict[str, Any]:
        """As it is sent: optional keys without a value are absent, sample data is marked."""
        payload = self.data.model_dump(mode='json', exclude_none=True)
        if self.has_sample:
            payload['sample'] = True
        return payload

    @cached_property
    def etag(self) -> str:
        """Equal for equal contents; the timestamp is no part of it."""
        contents = orjson.dumps({key: value for key, value in self.payload.items() if key != 'timestamp'})
        return f'"{hashlib.blake2b(contents, digest_size=16).hexdigest()}"'


class SingleFlightCache:
    """The latest ``size`` results by key; whoever asks for one under way waits for the same computation."""

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()

    async def get(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """The cached result, or that of ``compute``; a failure is handed to all who wait and not kept."""
        # one who gives up waiting must not end the computation for the others
        return await asyncio.shield(self.start(key, compute))

    def start(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> asyncio.Future[T]:
        """The same without waiting for it: all who ask share the future, so that nobody may cancel it."""
        entry = self._entries.get(key)
        if entry is None:
            entry = asyncio.ensure_future(compute())
            self._entries[key] = entry
            entry.add_done_callback(lambda done: self._forget_failure(key, done))
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        else:
            self._entries.move_to_end(key)
        return cast('asyncio.Future[T]', entry)

    def forget(self, key: Hashable) -> None:
        """Compute it anew when it is asked for again."""
        self._entries.pop(key, None)

    def _forget_failure(self, key: Hashable, entry: asyncio.Future[Any]) -> None:
        if (entry.cancelled() or entry.exception() is not None) and self._entries.get(key) is entry:
            del self._entries[key]
