"""Socket.IO packets as our protocol has them: JSON events from clients, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import orjson
from socketio import packet


class ProtocolError(ValueError):
    """A frame that is no Socket.IO, or one that our protocol has no use for."""


class Json:
    """orjson behind the interface python-socketio expects; an own one, because its default is shared by all servers."""

    @staticmethod
    def dumps(data: Any, **_options: Any) -> str:
        try:
            return orjson.dumps(data).decode()
        except orjson.JSONEncodeError:  # a lone surrogate of the client's, named in an error
            return json.dumps(data)

    @staticmethod
    def loads(text: str) -> Any:
        """Also NaN and lone surrogates, which other encoders write: an event's own checks name their field."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return json.loads(text)


class ConnectJson(Json):
    """What a client signs in with. An object with a key twice is read as an empty one: of two tokens none counts."""

    @staticmethod
    def loads(text: str) -> Any:
        return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}


class Packet(packet.Packet):  # type: ignore[misc]
    """Clients connect, disconnect and send events; everything else, binary events among it, is refused at decode.

    Nor are our own payloads searched for bytes.
    """

    uses_binary_events = False
    json = Json

    def decode(self, encoded_packet: Any) -> int:
        if not isinstance(encoded_packet, str) or encoded_packet[:1] not in ('0', '1', '2'):
            raise ProtocolError
        if encoded_packet[0] == '0':
            self.json = ConnectJson
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, TypeError, RecursionError) as error:
            raise ProtocolError from error
        if attachments or (self.packet_type == packet.EVENT and not isinstance(self.data, list)):
            raise ProtocolError
        return 0
