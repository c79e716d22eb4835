"""How a test looks at the board, and what it does to it."""

from __future__ import annotations

import asyncio

import pytest
from nicegui import Client, ui
from nicegui.testing import User

from tests.ui.drawn import press


def one(user: User, marker: str) -> ui.element:
    (element,) = user.find(marker=marker).elements
    return element


def text(user: User, marker: str) -> str:
    return str(getattr(one(user, marker), 'text', ''))


async def refresh(user: User) -> None:
    """What a tick does."""
    press(user, 'refresh')
    await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0.01)


def touched(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[ui.element]:
    """The elements that are sent to the browser from now on."""
    elements: list[ui.element] = []
    monkeypatch.setattr(client.outbox, 'enqueue_update', elements.append)
    return elements


def one_hidden(user: User, marker: str) -> ui.element:
    assert user.client
    (element,) = (e for e in user.client.elements.values() if marker in e._markers)
    return element
