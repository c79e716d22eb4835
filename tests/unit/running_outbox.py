"""An outbox at work for a page that is none of NiceGUI's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TypeVar

import pytest
from nicegui import outbox as library

from app.page_outbox import PageOutbox

OutboxT = TypeVar('OutboxT', bound=PageOutbox)


class FakePage(SimpleNamespace):
    id = 'page'
    has_socket_connection = True
    page = SimpleNamespace(resolve_reconnect_timeout=lambda: 45.0)

    def check_existence(self) -> None:
        pass


@asynccontextmanager
async def running(make: Callable[[], OutboxT], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OutboxT]:
    """:param make: the outbox, which would begin its loop by itself."""
    monkeypatch.setattr(library.background_tasks, 'create_or_defer', lambda work, **_: work.close())
    outbox = make()
    task = asyncio.create_task(outbox.loop())
    await asyncio.sleep(0)
    yield outbox
    outbox.stop()
    await asyncio.wait_for(task, 5)
