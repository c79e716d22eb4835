"""How long a page waits for what it shows, before it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from nicegui import background_tasks

BUILD_SECONDS, NUMBERS_SECONDS = 0.15, 0.5
"""For all it shows at first; and while it has no numbers, as those would only come when its scripts have run. Longer,
and a skeleton is the better answer."""


async def first_show(show: Coroutine[object, object, None], *, has_numbers: Callable[[], bool] = lambda: True) -> None:
    """Put into the page itself what is at hand; it goes on being shown where that takes longer.

    :param has_numbers: whether the page shows its numbers already, if it is one that is opened for them.
    """
    shown = {background_tasks.create(show)}
    await asyncio.wait(shown, timeout=BUILD_SECONDS)
    if not has_numbers():
        await asyncio.wait(shown, timeout=NUMBERS_SECONDS - BUILD_SECONDS)
