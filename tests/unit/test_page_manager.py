"""The manager of the pages' socket sends what the library's sends, to whom it sends it."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from socketio import AsyncManager, AsyncServer

from app.page_manager import PageManager

ROOM = 'page'
DATA: tuple[Any, ...] = ('text', {'a': [1, None, 'ü "x"']}, [1, 2], None, ('two', 'things'), 7)


class Socket(SimpleNamespace):
    def send_text(self, text: bytes) -> None:
        self.sent.append(text.decode())


async def said_by(manager: AsyncManager, event: str, data: Any, *, room: str | None) -> dict[str, list[str]]:
    """What each of three is sent, two of whom are in the room."""
    server = AsyncServer(async_mode='asgi', client_manager=manager)
    sockets = {f'engine {number}': Socket(sent=[]) for number in range(3)}

    async def send_packet(engine_id: str, packet: Any) -> None:
        sockets[engine_id].send_text(packet.encode()[1:].encode())

    server.eio = SimpleNamespace(sockets=sockets, send_packet=send_packet, generate_id=iter('xyz').__next__)
    for number, engine_id in enumerate(sockets):
        sid = await manager.connect(engine_id, '/')
        if number:
            await manager.enter_room(sid, '/', ROOM, eio_sid=engine_id)
    await server.emit(event, data, room=room)
    return {engine_id: socket.sent for engine_id, socket in sockets.items()}


@pytest.mark.parametrize('data', DATA)
@pytest.mark.parametrize('room', [ROOM, None, 'nobody'])
async def test_it_says_the_same_to_the_same(data: Any, room: str | None) -> None:
    ours, theirs = [await said_by(manager, 'update', data, room=room) for manager in (PageManager(), AsyncManager())]
    assert ours == theirs
    assert sum(map(len, ours.values())) == {ROOM: 2, None: 3, 'nobody': 0}[room]


async def test_what_is_written_already_is_said_as_it_is() -> None:
    data = {'7': {'tag': 'p', 'props': {'of': 'ü "x"'}}, '_id': 3}
    ours = await said_by(PageManager(), 'update', orjson.Fragment(orjson.dumps(data)), room=ROOM)
    theirs = await said_by(AsyncManager(), 'update', data, room=ROOM)
    assert [json.loads(text[1:]) for text in ours['engine 1']] == [json.loads(text[1:]) for text in theirs['engine 1']]
    assert {engine_id: len(texts) for engine_id, texts in ours.items()} == {'engine 0': 0, 'engine 1': 1, 'engine 2': 1}
    assert ours['engine 1'][0][0] == theirs['engine 1'][0][0]


async def test_it_begins_no_task() -> None:
    manager, before = PageManager(), asyncio.all_tasks()
    await said_by(manager, 'update', {}, room=ROOM)
    assert asyncio.all_tasks() == before


async def test_one_who_has_gone_is_passed_over() -> None:
    manager = PageManager()
    await said_by(manager, 'update', {}, room=ROOM)
    del manager.server.eio.sockets['engine 1']
    await manager.emit('update', 'again', '/', room=ROOM)
    assert manager.server.eio.sockets['engine 2'].sent[-1] == '2["update","again"]'
