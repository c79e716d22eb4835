"""Updates are sent as they always were, and bytes still find their way."""

from __future__ import annotations

from typing import Any

import pytest
from nicegui import core
from nicegui.json import orjson_wrapper
from socketio.packet import BINARY_EVENT, EVENT, Packet

from app.page_socket import PagePacket, spare_updates

UPDATED = ['update', {'7': {'tag': 'p', 'props': {'tree': [1, [2, ['three']]]}, 'events': []}}]


class Unread(dict[str, Any]):
    def values(self) -> Any:
        raise AssertionError('it was looked through')


@pytest.fixture(autouse=True)
def as_pages_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Packet, 'json', orjson_wrapper)


def test_an_update_is_not_looked_through_and_is_sent_as_it_was() -> None:
    packet = PagePacket(EVENT, ['update', Unread(UPDATED[1])])
    assert packet.packet_type == EVENT
    assert PagePacket(EVENT, UPDATED).encode() == Packet(EVENT, UPDATED).encode()


@pytest.mark.parametrize('data', [['download', {'src': b'bytes'}], ['any', [b'bytes']], b'bytes'])
def test_bytes_of_anything_else_are_sent_apart(data: Any) -> None:
    packet = PagePacket(EVENT, data)
    assert packet.packet_type == BINARY_EVENT
    assert packet.encode() == Packet(EVENT, data).encode()


def test_all_pages_are_sent_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.sio, 'packet_class', Packet)
    spare_updates()
    assert core.sio.packet_class is PagePacket
