"""The snapshot: what one user sees of one query, encoded once for all who are sent it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

import orjson

from services.clock import rfc3339
from services.dashboard import Numbers
from services.schemas import Alert, BoardState, Metrics, Trends


class Part(StrEnum):
    """The keys of ``DashboardData`` after the timestamp, in the order of the contract."""

    METRICS = 'metrics'
    RECENT_ACTIVITY = 'recent_activity'
    TRENDS = 'trends'
    ALERTS = 'alerts'
    STATE = 'state'
    SAMPLE = 'sample'


@dataclass(frozen=True, kw_only=True, eq=False)
class Contents:
    """The numbers of a user and query with the user's alerts, at whatever time they hold."""

    user_id: int
    numbers: Numbers
    alerts: tuple[Alert, ...]
    refreshing: bool = False
    """These are the last known numbers: newer ones are being worked out."""

    def is_of(self, numbers: Numbers, alerts: tuple[Alert, ...], *, refreshing: bool) -> bool:
        """Whether it is made of these parts, or of equal ones: two who asked at a time may each have read them."""
        return self.refreshing == refreshing and self.numbers == numbers and self.alerts == alerts

    def part(self, key: Part) -> bytes | None:
        """JSON of one key of ``DashboardData``; ``None``: it is absent."""
        if key is Part.RECENT_ACTIVITY:
            return self.numbers.recent.encoded
        value = VALUES[key](self)
        return None if value is None else orjson.dumps(value)

    def differs(self, before: Contents, key: Part) -> bool:
        """Whether a part is not as it was."""
        return bool(VALUES[key](self) != VALUES[key](before))

    @cached_property
    def around_recent(self) -> tuple[bytes, bytes]:
        """JSON of the members before ``recent_activity``, the timestamp apart, and of those behind it."""
        numbers = self.numbers
        behind: dict[str, object] = {'trends': numbers.trends, 'alerts': self.alerts}
        if self.refreshing:
            behind['state'] = BoardState.REFRESHING
        if numbers.has_sample:
            behind['sample'] = True
        return orjson.dumps({'metrics': numbers.metrics})[1:-1], orjson.dumps(behind)[1:-1]

    @property
    def encoded(self) -> bytes:
        """The members of ``DashboardData`` after the timestamp."""
        before, after = self.around_recent
        # the greatest part is kept once, where the next of its kind is made from it
        return b'%b,"recent_activity":%b,%b' % (before, self.numbers.recent.encoded, after)

    @cached_property
    def etag(self) -> str:
        """Equal for equal contents; the timestamp is no part of it."""
        digest = hashlib.blake2b(b'%d,' % self.user_id + self.encoded, digest_size=16)
        return f'"{digest.hexdigest()}"'


VALUES: Mapping[Part, Callable[[Contents], Any]] = {
    Part.METRICS: lambda contents: contents.numbers.metrics,
    Part.RECENT_ACTIVITY: lambda contents: contents.numbers.recent,
    Part.TRENDS: lambda contents: contents.numbers.trends,
    Part.ALERTS: lambda contents: contents.alerts,
    Part.STATE: lambda contents: BoardState.REFRESHING if contents.refreshing else None,
    Part.SAMPLE: lambda contents: contents.numbers.has_sample or None,
}
"""What each part is made of; ``None``: it is absent."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Contents that are true as of ``as_of``."""

    contents: Contents
    as_of: datetime

    @property
    def metrics(self) -> Metrics:
        return self.contents.numbers.metrics

    @property
    def trends(self) -> Trends:
        return self.contents.numbers.trends

    @property
    def activity(self) -> list[bytes]:
        """JSON of each ``ActivityItem``, newest first."""
        return self.contents.numbers.recent.items

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return self.contents.alerts

    @property
    def refreshing(self) -> bool:
        return self.contents.refreshing

    @property
    def has_sample(self) -> bool:
        return self.contents.numbers.has_sample

    @property
    def etag(self) -> str:
        return self.contents.etag

    @property
    def members(self) -> bytes:
        """The members of the ``DashboardData`` object, for more to be added behind them."""
        return b'"user_id":%d,"timestamp":%b,%b' % (self.contents.user_id, self.timestamp, self.contents.encoded)

    @property
    def timestamp(self) -> bytes:
        """JSON of ``as_of``."""
        return _timestamp(self.as_of)

    @property
    def payload(self) -> dict[str, Any]:
        """As it is sent, decoded."""
        payload: dict[str, Any] = orjson.loads(b'{%b}' % self.members)
        return payload


@lru_cache(maxsize=256)
def _timestamp(as_of: datetime) -> bytes:
    """Kept: one look is about hundreds of users."""
    return b'"%b"' % rfc3339(as_of).encode()
