"""A WebSocket client as thin as can be, so that a load of many costs little beside what is measured."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections.abc import Mapping
from typing import cast

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class WebSocket(asyncio.Protocol):
    """One connection after the other, uncompressed. Who derives from it says what to do with what comes."""

    def __init__(self, target: str, headers: Mapping[str, str] | None = None) -> None:
        """
        :param target: path and query.
        :param headers: beside those that make it a WebSocket.
        """
        self.target = target
        self._headers = headers or {}
        self._leaving = False

    def take(self, text: bytes) -> None:
        """A message came."""
        raise NotImplementedError

    def refused(self, answer: bytes) -> None:
        """The server did not accept the connection."""
        raise NotImplementedError

    def ended(self) -> None:
        """The connection is over, and that was not our wish."""
        raise NotImplementedError

    def send(self, text: bytes) -> None:
        """Send a message of less than 64 KiB."""
        self._send(TEXT, text)

    def leave(self) -> None:
        self._leaving = True
        with contextlib.suppress(AttributeError):  # never connected
            if not self._transport.is_closing():  # by the other side: uvloop's writes nothing more, and says so
                self._send(CLOSE, b'')
            self._transport.close()

    def abort(self) -> None:
        """Lose the connection."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._buffer = bytearray()
        self._upgraded = False
        headers = {
            'Host': '127.0.0.1',
            'Upgrade': 'websocket',
            'Connection': 'Upgrade',
            'Sec-WebSocket-Version': '13',
            'Sec-WebSocket-Key': base64.b64encode(os.urandom(16)).decode(),
            **self._headers,
        }
        lines = [f'GET {self.target} HTTP/1.1', *(f'{name}: {value}' for name, value in headers.items())]
        self._transport.write('\r\n'.join([*lines, '', '']).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b'\r\n\r\n')
            if end < 0:
                return
            if b' 101 ' not in self._buffer[:20]:
                self.refused(bytes(self._buffer[:end]))
                return
            del self._buffer[: end + 4]
            self._upgraded = True
        while frame := self._frame():
            self._take(*frame)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._leaving:
            self.ended()

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame; servers send them unmasked, and these ones unfragmented."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 127, 2
        if length > 125:
            start = 4 if length == 126 else 10
            if len(buffer) < start:
                return None
            length = int.from_bytes(buffer[2:start], 'big')
        if len(buffer) < start + length:
            return None
        kind, payload = buffer[0] & 15, bytes(buffer[start : start + length])
        del buffer[: start + length]
        return kind, payload

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == PING:
            self._send(PONG, payload)
        elif kind == TEXT:
            self.take(payload)

    def _send(self, kind: int, payload: bytes) -> None:
        """A frame of a client is masked; a mask of zeros leaves it as it is."""
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b'\xfe' + len(payload).to_bytes(2, 'big')
        self._transport.write(bytes([0x80 | kind]) + length + b'\0\0\0\0' + payload)
