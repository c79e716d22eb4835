"""Waiting for what belongs beside something that is known already."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar('T')


async def together(other: Awaitable[T], *, seconds: float, else_first: Callable[[], object]) -> T:
    """
    :param other: what is waited for; it ends with whoever waits.
    :param seconds: how long both may keep the reader waiting.
    :param else_first: done where it takes longer, or fails: what is known is shown without it.
    :raises Exception: what the other raised.
    """
    waiting = asyncio.ensure_future(other)
    try:
        await asyncio.wait({waiting}, timeout=seconds)
        if not waiting.done() or waiting.exception():
            else_first()
        return await waiting
    finally:
        waiting.cancel()
