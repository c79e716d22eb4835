"""Telling others how uploads go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from services.listeners import tell
from services.supervision import Supervisor
from services.upload_status import RUNNING, UploadState, UploadStatus

ProgressListener = Callable[[int, UploadStatus], Awaitable[None]]

TOLD_SECONDS = 1.0


class Announcements:
    """Tells listeners, in order, of each change of an upload's state, and of its counts at most once a second."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._listeners: list[ProgressListener] = []
        self._told: dict[str, tuple[UploadState, float]] = {}
        """What was last told of those that run, and when."""
        self._turn = asyncio.Lock()

    def add(self, listener: ProgressListener) -> None:
        self._listeners.append(listener)

    def say(self, user_id: int, status: UploadStatus) -> None:
        """Returns at once; call it on the event loop."""
        now = asyncio.get_running_loop().time()
        state, at = self._told.get(status.id, (None, 0.0))
        if state is status.state and now - at < TOLD_SECONDS:
            return
        if status.state in RUNNING:
            self._told[status.id] = (status.state, now)
        else:
            self._told.pop(status.id, None)
        self._supervisor.spawn('upload progress', self._tell(user_id, status))

    async def _tell(self, user_id: int, status: UploadStatus) -> None:
        async with self._turn:
            for listener in self._listeners:
                await tell(listener(user_id, status))
