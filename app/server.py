"""The web server: its listening socket, its signals and its log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from app.request_timeouts import RequestTimeouts
from app.settings import Settings, SettingsError
from app.socket_line import LineProtocol

STOP_SECONDS = 5
"""How long requests under way may take to finish after the server was told to stop."""

DEAD_PEER_MS = 30_000
"""After this long without an answer from the other side the kernel gives a connection up."""


def listen(settings: Settings) -> socket.socket:
    """Take the port, before anything slow is done.

    :raises SettingsError: it cannot be had.
    """
    try:
        return _listening(settings)
    except UnicodeError as error:  # a label that is empty or too long for any name
        raise SettingsError(f'Cannot listen on {settings.host[:100]!r}: that is no name of a host.') from error
    except OSError as error:
        raise SettingsError(
            f'Cannot listen on {settings.host} port {settings.port}: {error.strerror}. '
            'Stop what uses it, or choose another with --port or CHURNBOARD_PORT.'
        ) from error


def _listening(settings: Settings) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with contextlib.ExitStack() as on_failure:
        listening = on_failure.enter_context(socket.socket(family, kind, protocol))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, 'TCP_USER_TIMEOUT'):  # not on every system
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MS)
        listening.bind(address)
        listening.listen(2048)
        on_failure.pop_all()
    return listening


def run(
    app: ASGIApp,
    settings: Settings,
    listening: socket.socket,
    *,
    timeouts: RequestTimeouts,
    before_stop: Callable[[], Awaitable[None]],
) -> None:
    """Serve until SIGTERM or SIGINT, then let requests finish; ``before_stop`` tells clients first.

    :param timeouts: somebody has to run them.
    """
    logging.basicConfig(
        level=settings.log_level.upper(), format='%(asctime)s %(levelname)s %(name)s: %(message)s', force=True
    )
    # at INFO these print client ids, which open a page, with each connection
    for chatty in ('uvicorn.error', 'engineio', 'socketio', 'httpx'):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    _Server(server_config(app, settings, timeouts), before_stop).run(sockets=[listening])


def server_config(app: ASGIApp, settings: Settings, timeouts: RequestTimeouts) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=timeouts.protocol,  # type: ignore[arg-type]  # it makes what the class would
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws=LineProtocol,
        ws_max_size=262_144,
        ws_ping_interval=None,  # Engine.IO has pings of its own, and so has the page's socket
        ws_per_message_deflate=settings.socket_compression,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=30,
    )


class _Server(uvicorn.Server):
    """Ends with exit code 0 on a signal; uvicorn's own would raise the signal again after a clean stop."""

    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._before_stop = before_stop
        self._stopping: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        if self._stopping:
            self.force_exit = True  # asked twice: do not wait for anybody
        else:
            self._stopping = asyncio.get_running_loop().create_task(self._say_and_stop(), name='stop')

    async def _say_and_stop(self) -> None:
        try:
            await asyncio.wait_for(self._before_stop(), timeout=2)
            await asyncio.sleep(0.2)  # for the words to leave
        finally:
            self.should_exit = True
