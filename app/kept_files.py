"""Files that every page needs, kept in memory as they are sent: packed once, and not for each browser that comes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILES = re.compile(r'/(assets|_nicegui/\d+\.[\w.]+/(static|components|libraries|esm|resources))(/[\w@][\w@.-]*)+')
"""Ours, and those of the packages: the same for everybody, no secret, and as long as this process runs. Each by its one
name: with doubled slashes or dots anybody could have one file kept again and again, until there is no room for others.
"""

MAX_BYTES = 8 * 1024 * 1024
"""What all of them take: a page with its charts needs a quarter of it."""

HEAD_BYTES = 1024
"""About what a kept file takes besides its body."""


@dataclass(slots=True)
class _Answer:
    """One that is being sent."""

    start: Message | None = None
    body: bytearray = field(default_factory=bytearray)
    whole: bool = False
    given_up: bool = False
    """Whether the browser went meanwhile: what is sent then ends as if it was all, and is not."""

    def hear(self, message: Message) -> None:
        if message['type'] == 'http.response.start':
            self.start = message
        elif message['type'] == 'http.response.body':
            self.body += message.get('body', b'')
            self.whole = not message.get('more_body', False)
        else:  # a server that sends the file by itself: nothing of it is seen here
            self.start = None

    def may_be_kept(self) -> bool:
        if self.start is None or not self.whole or self.given_up or self.start['status'] != 200:
            return False
        return 'set-cookie' not in Headers(raw=self.start['headers'])


class KeptFiles:
    """A pure ASGI middleware; put it outermost.

    The first answer that was given to a signed-in reader is given to everybody: the way to a file, past the sign-in and
    all of NiceGUI, takes ten times as long as to send it, and there are thirty of them to a page.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int = MAX_BYTES) -> None:
        """:param max_bytes: files that would take more than this together are sent as if nothing was kept."""
        self._app = app
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: dict[str, tuple[Message, Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_plain(scope):
            await self._app(scope, receive, send)
        elif kept := self._kept.get(scope['path']):
            for message in kept:
                await send(message)
        else:
            await self._ask(scope, receive, send)

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer()

        async def receiving() -> Message:
            message = await receive()
            answer.given_up = answer.given_up or message['type'] == 'http.disconnect'
            return message

        async def sending(message: Message) -> None:
            answer.hear(message)
            if answer.may_be_kept():
                self._keep(scope['path'], answer)
            await send(message)

        await self._app(scope, receiving, sending)

    def _keep(self, path: str, answer: _Answer) -> None:
        size = len(answer.body) + HEAD_BYTES
        if answer.start is not None and path not in self._kept and self._bytes + size <= self._max_bytes:
            self._bytes += size
            self._kept[path] = (answer.start, {'type': 'http.response.body', 'body': bytes(answer.body)})


def _is_plain(scope: Scope) -> bool:
    """Whether all of a file is asked for, packed, as every browser does."""
    if scope['type'] != 'http' or scope['method'] != 'GET' or not FILES.fullmatch(scope['path']):
        return False
    headers = Headers(scope=scope)
    asked = headers.get('accept-encoding', '')
    return 'gzip' in asked and not any(name in headers for name in ('range', 'if-none-match', 'if-modified-since'))
