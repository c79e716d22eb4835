"""The messages that carry the board: whole, or what changed since a message the client has.

Each is a JSON object in bytes; what all receivers of a snapshot share of it is encoded once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.connections import Connection, Updates
from services.snapshots import Contents, Part, Snapshot

NESTED = (Part.METRICS, Part.TRENDS)
"""Parts of which the changed keys alone are sent; of others the whole."""
WHOLE = (Part.RECENT_ACTIVITY, Part.ALERTS, Part.STATE, Part.SAMPLE)
ENDED = {Part.STATE: b'null', Part.SAMPLE: b'false'}
"""How it is told that an optional key is there no longer."""


class BoardMessages:
    """Writes the messages of connections, and counts them."""

    def __init__(self, epoch: str) -> None:
        """:param epoch: names this run of the server."""
        self.epoch = epoch
        self._start = b',"epoch":"%b","seq":' % epoch.encode()

    def update(self, connection: Connection, snapshot: Snapshot, *, action: Mapping[str, Any] | None = None) -> bytes:
        """The connection's next ``dashboard_update``."""
        self._note_all(connection, snapshot.contents)
        extra = b',"action":%b' % orjson.dumps(action) if action else b''
        return b'{%b%b%d%b}' % (snapshot.members, self._start, connection.seq, extra)

    def changes(self, connection: Connection, snapshot: Snapshot) -> bytes | None:
        """The connection's next ``dashboard_changes``; ``None`` if all is as it was."""
        before, now = connection.sent, snapshot.contents
        if before is now:
            return None
        changed = _changed(before, now)
        if not changed:
            connection.sent = now  # the next time it is known at a glance
            return None
        self._note(connection, now, changed)
        return self._message(connection, snapshot, changed)

    def since(self, connection: Connection, snapshot: Snapshot, epoch: str, seq: int) -> bytes | None:
        """What changed since a message of this connection, as ``dashboard_changes``; ``None``: send the whole."""
        tracked = connection.updates is Updates.CHANGES and connection.sent is not None
        if not tracked or epoch != self.epoch or not 0 < seq <= connection.seq:
            return None
        self._note_all(connection, snapshot.contents)
        return self._message(connection, snapshot, [key for key, at in connection.changed.items() if at > seq])

    def _note_all(self, connection: Connection, now: Contents) -> None:
        """The connection is sent these contents next, whatever it was sent before."""
        tracked = connection.updates is Updates.CHANGES and connection.sent is not now
        self._note(connection, now, _changed(connection.sent, now) if tracked else [])

    def _note(self, connection: Connection, now: Contents, changed: Sequence[str]) -> None:
        connection.seq += 1
        for key in changed:
            connection.changed[key] = connection.seq
        connection.sent = now

    def _message(self, connection: Connection, snapshot: Snapshot, changed: Sequence[str]) -> bytes:
        now = snapshot.contents
        parts = [b'"timestamp":%b' % snapshot.timestamp]
        for part in NESTED:
            values = _values(now, part)
            keys = [key.partition('.')[2] for key in changed if key.startswith(f'{part}.')]
            if keys:
                parts.append(b'"%b":%b' % (part.encode(), orjson.dumps({key: values[key] for key in keys})))
        parts += [b'"%b":%b' % (key.encode(), now.part(key) or ENDED[key]) for key in WHOLE if key in changed]
        return b'{%b%d,%b}' % (self._start[1:], connection.seq, b','.join(parts))


def _changed(before: Contents | None, now: Contents) -> list[str]:
    """The keys whose values differ: ``metrics.total_predictions``, ``alerts``."""
    changed: list[str] = []
    for part in NESTED:
        values, known = _values(now, part), _values(before, part) if before else {}
        changed += [f'{part}.{key}' for key, value in values.items() if known.get(key) != value]
    return changed + [key for key in WHOLE if before is None or now.differs(before, key)]


def _values(contents: Contents, part: Part) -> dict[str, object]:
    values = getattr(contents.numbers, part)
    return {key: getattr(values, key) for key in values.__slots__}
