from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from app.page_registry import PageRegistry


class FakeClient:
    """A page whose end may fail, as NiceGUI's does for one that it has lost."""

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.deleted = False
        self._on_delete: list[Callable[[], None]] = []
        self._delete_tasks: dict[str, asyncio.Task[None]] = {}

    def on_delete(self, handler: Callable[[], None]) -> None:
        self._on_delete.append(handler)

    def delete(self) -> None:
        for handler in self._on_delete:
            handler()
        if self.fails:
            raise KeyError('lost')
        self.deleted = True


class NoSessions:
    async def living_sessions(self, _hashes: object) -> set[str]:
        return set()


async def test_a_page_that_cannot_be_ended_keeps_none_of_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """They were taken off the list already, and nobody would ever look at them again."""
    auth: Any = NoSessions()
    registry = PageRegistry(auth)
    pages = [FakeClient(fails=number != 2) for number in range(4)]
    for page in pages:
        registry.add(f'session {pages.index(page) // 3}', page)  # type: ignore[arg-type]
    await registry.check()
    assert pages[2].deleted
    assert len(registry) == 0
    assert caplog.text.count('A page could not be ended') == 3


async def test_a_page_whose_browser_has_left_is_not_deleted_a_second_time_later() -> None:
    auth: Any = NoSessions()
    registry = PageRegistry(auth)
    page = FakeClient(fails=False)

    async def delete_later() -> None:
        await asyncio.sleep(0.05)
        raise KeyError('deleted twice')

    page._delete_tasks['document'] = waiting = asyncio.create_task(delete_later())
    registry.add('session', page)  # type: ignore[arg-type]
    registry.end('session')
    assert page.deleted
    with pytest.raises(asyncio.CancelledError):
        await waiting
