"""The messages that carry the board: whole, or what changed since a message the client has.

Each is a JSON object in bytes; what all receivers of a snapshot share of it is encoded once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from services.connections import Connection, Updates
from services.snapshots import Contents, Part, Snapshot

NESTED = (Part.METRICS, Part.TRENDS)
"""Parts of which the changed keys alone are sent; of others the whole."""
WHOLE = (Part.RECENT_ACTIVITY, Part.ALERTS, Part.STATE, Part.SAMPLE)
ENDED = {Part.STATE: b'null', Part.SAMPLE: b'false'}
"""How it is told that an optional key is there no longer."""

FIRST = 1
"""The message that brought all the keys: what it brought is not kept of each connection."""


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
        changed = connection.changed or {}
        keys = _changed(None, snapshot.contents)
        return self._message(connection, snapshot, [key for key in keys if changed.get(key, FIRST) > seq])

    def _note_all(self, connection: Connection, now: Contents) -> None:
        """The connection is sent these contents next, whatever it was sent before."""
        tracked = connection.updates is Updates.CHANGES and connection.sent is not now
        self._note(connection, now, _changed(connection.sent, now) if tracked else [])

    def _note(self, connection: Connection, now: Contents, changed: Sequence[str]) -> None:
        connection.seq += 1
        if changed and connection.seq > FIRST:
            connection.changed = connection.changed or {}
            for key in changed:
                connection.changed[key] = connection.seq
        connection.sent = now
        connection.watch.unsettle()

    def _message(self, connection: Connection, snapshot: Snapshot, changed: Sequence[str]) -> bytes:
        now = snapshot.contents
        parts = [b'"timestamp":%b' % snapshot.timestamp]
        for part in NESTED:
            values = getattr(now.numbers, part)
            named = {name: getattr(values, name) for key in changed if (name := _name(part, key))}
            if named:
                parts.append(b'"%b":%b' % (part.encode(), orjson.dumps(named)))
        parts += [b'"%b":%b' % (key.encode(), now.part(key) or ENDED[key]) for key in WHOLE if key in changed]
        return b'{%b%d,%b}' % (self._start[1:], connection.seq, b','.join(parts))


def _changed(before: Contents | None, now: Contents) -> list[str]:
    """The keys whose values differ: ``metrics.total_predictions``, ``alerts``."""
    changed: list[str] = []
    for part in NESTED:
        values, known = getattr(now.numbers, part), getattr(before.numbers, part) if before else None
        keys = [key for key in values.__slots__ if known is None or getattr(known, key) != getattr(values, key)]
        changed += [_path(part, key) for key in keys]
    return changed + [key for key in WHOLE if before is None or now.differs(before, key)]


@cache
def _path(part: Part, key: str) -> str:
    """The same object each time: connections keep it."""
    return f'{part}.{key}'


@cache
def _name(part: Part, key: str) -> str:
    """The name within that part, if the key is one of it."""
    return key.removeprefix(f'{part}.') if key.startswith(f'{part}.') else ''
