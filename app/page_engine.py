"""The Engine.IO server below NiceGUI's socket: ours, on which a link has no task, and what is sent is written at once.

The library's has four tasks for each link, and wakes each of them several times in a beat.
"""

from __future__ import annotations

import logging
from typing import Any

from nicegui import core

from app.page_frames import PageFrames
from app.page_manager import PageManager
from services.counters import Counters
from services.engine import Engine

log = logging.getLogger(__name__)

MAX_FRAME = 65_536
"""Characters: the longest note, written as JSON, is a tenth of that."""


def link_pages(counters: Counters, *, noticed_seconds: float) -> None:
    """From now on, for all pages of this process.

    :param noticed_seconds: how fast a page notices that its link is dead, as NiceGUI is told it.
    """
    log.setLevel(logging.ERROR)  # below, the library prints what clients sent
    server = core.sio
    engine = Engine(
        async_mode='asgi',
        async_handlers=False,  # one frame of a link at a time, as socketio has it
        cors_allowed_origins='*',  # the sign-in's gate has looked at the origin
        max_http_buffer_size=MAX_FRAME,
        # what NiceGUI makes of it when it starts
        ping_interval=max(noticed_seconds * 0.8, 4),
        ping_timeout=max(noticed_seconds * 0.4, 2),
        logger=log,
    )
    engine.admit = lambda _environ: None
    engine.refuse_frame = lambda reason: counters.dropped(f'page_{reason}')
    engine.refuse_request = lambda reason: counters.refused(f'page_{reason}')

    async def connected(engine_id: str, environ: dict[str, Any]) -> None:
        # kept as long as the link: what it was asked with, and not the request, whoever handled it, and all their doing
        await server._handle_eio_connect(engine_id, {'QUERY_STRING': environ.get('QUERY_STRING', '')})

    frames = PageFrames(server, counters=counters, on_frame=server._handle_eio_message)
    engine.take_at_once = frames.note
    engine.on('connect', connected)
    engine.on('message', frames.hear)
    engine.on('disconnect', server._handle_eio_disconnect)
    server.eio = engine
    manager = PageManager()
    manager.set_server(server)
    server.manager = manager
