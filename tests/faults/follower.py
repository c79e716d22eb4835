"""A ``LiveClient`` and everything it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from services.live_client import ConnectionStatus, LiveClient, LiveError
from services.live_links import LiveLinks
from services.live_timing import LiveTiming

FAST = LiveTiming(pauses=(0.05, 0.05, 0.1, 0.1, 0.2), poll=0.15, silence=2.5, probe=0.5, answer=5)


class Follower:
    """Shares its connection with nobody, unless it is told otherwise."""

    def __init__(self, url: str, **options: Any) -> None:
        self.client = LiveClient(url, **{'timing': FAST, 'links': LiveLinks(), **options})
        self.updates: list[dict[str, Any]] = []
        self.predictions: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []
        self.statuses: list[ConnectionStatus] = []
        self.errors: list[LiveError] = []
        self.client.set_callbacks(
            on_update=self.updates.append,
            on_prediction=self.predictions.append,
            on_alert=self.alerts.append,
            on_status=self.statuses.append,
            on_error=self.errors.append,
        )

    @property
    def total(self) -> int | None:
        board = self.client.board
        return board['metrics']['total_predictions'] if board else None

    async def until_total(self, total: int, *, seconds: float = 10) -> None:
        await until(lambda: self.total == total, lambda: f'total is {self.total}, not {total}', seconds=seconds)

    async def until_status(self, status: ConnectionStatus) -> None:
        await until(
            lambda: self.client.connection_status is status,
            lambda: f'{self.client.connection_status} after {self.statuses} {self.errors}',
        )


async def until(
    condition: Callable[[], object], says: Callable[[], str] = lambda: 'it never came', *, seconds: float = 10
) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 -- nothing tells that it holds
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(says()) from None
