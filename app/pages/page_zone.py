"""The zone whose days a page shows, which may change while the page is open."""

from __future__ import annotations

from typing import Protocol

from components.connection import Connection


class ZoneState(Protocol):
    @property
    def time_zone(self) -> str: ...


class ZoneSeen(Protocol):
    @property
    def state(self) -> ZoneState | None: ...


def follow_zone(connection: Connection, seen: ZoneSeen | None) -> None:
    """Say whose days the page shows now: those of another zone once they are there, in every tab of its reader.

    :param seen: what the last look told of the reader.
    """
    if seen is not None and seen.state is not None:
        connection.show_zone(seen.state.time_zone)
