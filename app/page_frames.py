"""What a page may say over NiceGUI's socket: of itself, in the shape its script says it, and so often.

NiceGUI takes each frame as its script's, and each event for whichever page it names.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from nicegui import Client
from socketio import AsyncServer

from services.counters import Counters
from services.rate_limit import RateLimit

PER_SECOND, BURST = 50, 200
"""Frames: a key that is held down presses a button 30 times a second."""

STRIKES = 100
"""Frames left out in a row after which the link is closed."""

EVENT = re.compile(r'2\d{0,9}(\[.*\])', re.DOTALL)
NUMBER = re.compile(r'\d{1,15}', re.ASCII)
CONNECT, DISCONNECT = '0', '1'
ACK, LONGEST_ACK = b'42["ack"', 200
"""How the packet begins that tells how far a page has come, where no answer is wanted; and bytes."""

Send = Callable[[str, Any], Awaitable[None]]


class PageFrames:
    """Hears every frame before the library does; what no page says is left out and counted."""

    def __init__(self, server: AsyncServer, *, counters: Counters, on_frame: Send) -> None:
        """:param on_frame: told the engine's id and the frame of what a page may say."""
        self._server = server
        self._counters = counters
        self._on_frame = on_frame
        self._rate = RateLimit(per_second=PER_SECOND, burst=BURST)
        self._strikes = RateLimit(per_second=1, burst=STRIKES)

    async def hear(self, engine_id: str, frame: object) -> None:
        """A browser may say anything."""
        if not self._rate.take(engine_id) and isinstance(frame, str) and self._fits(engine_id, frame, _event(frame)):
            await self._on_frame(engine_id, frame)
            return
        self._counters.dropped('page_frame')
        if self._strikes.take(engine_id):
            await self._close(engine_id)

    def note(self, engine_id: str, packet: bytes) -> bool:
        """Note how far a page has come, if that is what this packet of the engine says and it may: as NiceGUI does it,
        without several tasks and lookups for each.
        """
        if len(packet) > LONGEST_ACK or not packet.startswith(ACK) or not packet.isascii():
            return False
        frame = packet[1:].decode()
        event = _event(frame)
        match event:
            case ['ack', {'client_id': str(page), 'next_message_id': int(following)}]:
                if self._rate.take(engine_id) or not self._fits(engine_id, frame, event):
                    return False  # heard as any other, which counts it
                if client := Client.instances.get(page):
                    client.outbox.prune_history(following)
                return True
        return False

    def _fits(self, engine_id: str, frame: str, event: object) -> bool:
        sid = self._server.manager.sid_from_eio_sid(engine_id, '/')
        if sid is None:
            return frame == CONNECT and _may_link(self._server.environ.get(engine_id, {}))
        return frame == DISCONNECT or _says_what_a_page_says(event, is_of=lambda page: self._is_of(sid, page))

    def _is_of(self, sid: str, page: str) -> bool:
        """Whether a link is that of a page; to ask which pages it is of is to look through all that are open."""
        return sid in self._server.manager.rooms.get('/', {}).get(page, ())

    async def _close(self, engine_id: str) -> None:
        """Without waiting for one who may never read again."""
        socket = self._server.eio.sockets.get(engine_id)
        if socket:
            await socket.close(abort=True)


def _may_link(environ: Mapping[str, Any]) -> bool:
    """Whether a link begins as a page's script begins it: NiceGUI takes the address's word for all of it."""
    said = parse_qs(str(environ.get('QUERY_STRING', '')))
    needed = all(said.get(name) for name in ('client_id', 'tab_id', 'document_id'))
    return needed and NUMBER.fullmatch(said.get('next_message_id', [''])[0]) is not None


def _event(frame: str) -> object:
    """What a frame tells; ``None``: it is no event."""
    found = EVENT.fullmatch(frame)
    try:
        return orjson.loads(found[1]) if found else None
    except orjson.JSONDecodeError:
        return None


def _says_what_a_page_says(event: object, *, is_of: Callable[[str], bool]) -> bool:
    """Whether it is an event of a page's script.

    :param is_of: whether the link is that of the page with this id.
    """
    match event:
        case ['handshake', {**said}]:
            return _is_handshake(said)
        case [name, {'client_id': str(page), **said}]:
            return is_of(page) and _says(name, page, said)
    return False


def _says(name: object, page: str, said: Mapping[object, object]) -> bool:
    match name, said:
        case 'event', {'id': int(number), 'listener_id': str(listener), 'args': list(args)}:
            return _is_heard(page, number, listener) and all(_is_json(arg) for arg in args)
        case (
            ('javascript_response', {'request_id': str()})
            | ('ack', {'next_message_id': int()})
            | ('log', {'level': 'debug' | 'info' | 'warning' | 'error', 'message': str()})
        ):
            return True
    return False


def _is_handshake(said: Mapping[object, object]) -> bool:
    """Of a page that a browser loaded before anybody asked for it; others say the same in the link's address."""
    texts = [said.get('client_id'), said.get('tab_id'), said.get('document_id'), said.get('old_tab_id') or '']
    return all(isinstance(text, str) for text in texts) and isinstance(said.get('next_message_id'), int)


def _is_heard(client_id: str, number: int, listener: str) -> bool:
    """Whether an element that is there listens, or one that is gone did."""
    client = Client.instances.get(client_id)
    element = client.elements.get(number) if client else None
    return element is None or listener in element._event_listeners


def _is_json(argument: object) -> bool:
    if argument is None:
        return True
    if not isinstance(argument, str):
        return False
    try:
        orjson.loads(argument)
    except orjson.JSONDecodeError:
        return False
    return True
