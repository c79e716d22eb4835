"""What pages are sent over NiceGUI's socket, without looking through all of it first."""

from __future__ import annotations

from typing import Any

from nicegui import core
from socketio.packet import Packet

UPDATE = 'update'
"""What NiceGUI calls the elements that changed: JSON, in which there are no bytes."""


class PagePacket(Packet):  # type: ignore[misc]  # it comes without types
    """Looks for bytes, which are sent apart, wherever there may be any."""

    @classmethod
    def data_is_binary(cls, data: Any) -> bool:
        """An update's hundreds of values took a tenth of what a page costs to be looked at."""
        is_update = isinstance(data, list) and data[:1] == [UPDATE]
        return not is_update and bool(Packet.data_is_binary(data))


def spare_updates() -> None:
    """From now on, for all pages of this process."""
    core.sio.packet_class = PagePacket
