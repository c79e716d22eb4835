"""What lies between the page and the server, and can be cut."""

from __future__ import annotations

from playwright.sync_api import Page, Route, WebSocketRoute


class Network:
    """The page's socket goes through here, whichever way it takes; everything else reaches the server at all times."""

    def __init__(self, page: Page) -> None:
        self._down = False
        self._open: list[WebSocketRoute] = []
        page.route_web_socket('**/*', self._socket)
        page.route('**/_nicegui_ws/**', self._request)

    def cut(self) -> None:
        self._down = True
        for socket in self._open:
            socket.close()
        self._open.clear()

    def heal(self) -> None:
        self._down = False

    def _socket(self, socket: WebSocketRoute) -> None:
        if self._down:
            socket.close()
        else:
            socket.connect_to_server()
            self._open.append(socket)

    def _request(self, route: Route) -> None:
        if self._down:
            route.abort()
        else:
            route.fallback()
