"""What NiceGUI costs by itself: a server with an empty page, and on it a timer that does nothing.

A process of its own, as plain as can be: NiceGUI and uvicorn, set as ours are where that sets their pace. Told by the
environment: ``PORT``, and ``BEAT`` in seconds.
"""

from __future__ import annotations

import os

import uvicorn
from fastapi import FastAPI
from nicegui import ui

from app.commands.serve import calm_collector
from app.routes import LINK_NOTICED_SECONDS, PAGE_KEPT_SECONDS


def create_app(beat: float) -> FastAPI:
    app = FastAPI()

    def empty() -> None:
        ui.timer(beat, lambda: None, immediate=False)

    ui.page('/', reconnect_timeout=PAGE_KEPT_SECONDS)(empty)
    ui.run_with(
        app,
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=LINK_NOTICED_SECONDS,
        show_welcome_message=False,
    )
    return app


def main() -> None:
    app = create_app(float(os.environ['BEAT']))
    calm_collector()
    uvicorn.run(
        app,
        port=int(os.environ['PORT']),
        log_level='warning',
        ws_ping_interval=None,
        ws_per_message_deflate=False,
    )


if __name__ == '__main__':
    main()
