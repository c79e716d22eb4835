"""The door of NiceGUI's socket: frames that no browser's engine sends would each leave a trace in the log."""

from __future__ import annotations

import re
from functools import partial

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.security import PAGE_SOCKET

MAX_FRAME = 65_536
"""Characters: the longest note, written as JSON, is a tenth of that."""

FRAME = re.compile(r'4[0-6].*|[1356]|2probe', re.DOTALL)
"""Engine.IO 4: a message of Socket.IO; that it closes, answers a ping, has upgraded or says nothing; an upgrade's."""

SEPARATOR = '\x1e'
"""Between frames that are posted."""

GONE: Message = {'type': 'websocket.disconnect', 'code': 1003}


class PageDoor:
    """A pure ASGI middleware; put it innermost, behind the sign-in and the limits of bodies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope.get('path', '').startswith(f'{PAGE_SOCKET}/'):
            await self._app(scope, receive, send)
        elif scope['type'] == 'websocket':
            await self._app(scope, partial(_heard, receive), send)
        elif scope['method'] == 'POST':
            await self._post(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b''
        while (message := await receive())['type'] == 'http.request':
            body += message.get('body', b'')
            if not message.get('more_body'):
                break
        else:
            return  # it is gone
        if not all(is_frame(frame) for frame in body.decode(errors='replace').split(SEPARATOR)):
            await PlainTextResponse('These are no frames.', 400)(scope, receive, send)
            return
        waiting: list[Message] = [{'type': 'http.request', 'body': body}]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, again, send)


async def _heard(receive: Receive) -> Message:
    """What comes next; what is no frame ends the connection."""
    message = await receive()
    return message if message['type'] != 'websocket.receive' or is_frame(message.get('text')) else GONE


def is_frame(text: str | None) -> bool:
    """Whether a browser's engine may say it; ``None``: it was not text."""
    return text is not None and len(text) <= MAX_FRAME and FRAME.fullmatch(text) is not None
