"""Telling others: one that fails is logged and keeps nobody else from being told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from services.errors import ChurnboardError

log = logging.getLogger(__name__)


async def tell(listener: Awaitable[None]) -> None:
    """Wait for one listener, whatever comes of it."""
    try:
        await listener
    except ChurnboardError as error:
        log.warning('Somebody could not be told: %s', error.message)
    except Exception:
        log.exception('Somebody could not be told')
