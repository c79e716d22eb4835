"""The actions a client may take on its connection: each returns what is told back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from services.connections import Connection
from services.errors import InvalidRequest
from services.export_formats import export_decimal, export_format
from services.exports import Exports

Action = Callable[[Connection, Mapping[str, object]], Awaitable[dict[str, object]]]
"""Changes the connection, and returns the extra keys of the answer's ``action`` object."""


def actions(exports: Exports) -> dict[str, Action]:
    """The built-in actions by name."""

    async def export(connection: Connection, data: Mapping[str, object]) -> dict[str, object]:
        _only(data, 'format', 'decimal')
        connection.identity.require()  # as by REST: a key reads, and starts nothing
        identity, fmt = connection.identity, export_format(data.get('format'))
        decimal = export_decimal(data.get('decimal'), fmt)
        grant = await exports.grant(identity.user_id, connection.query, fmt, decimal=decimal, right=identity.right)
        return {'id': grant.id, 'url': grant.url, 'rows': grant.rows}

    return {'filter': filter_, 'date_range': date_range, 'refresh': refresh, 'export': export}


async def filter_(connection: Connection, data: Mapping[str, object]) -> dict[str, object]:
    connection.query = connection.query.with_filter(data)
    return {}


async def date_range(connection: Connection, data: Mapping[str, object]) -> dict[str, object]:
    connection.query = connection.query.with_dates(data)
    return {}


async def refresh(_connection: Connection, data: Mapping[str, object]) -> dict[str, object]:
    _only(data)
    return {}


def parse_action(message: object) -> tuple[str, Mapping[str, object]]:
    """Read ``{action, data?, timestamp?}``.

    :raises InvalidRequest: names the field.
    """
    if not isinstance(message, dict):
        raise InvalidRequest('An object with an action is needed.', field='action')
    for key in message:
        if key not in ('action', 'data', 'timestamp'):
            raise InvalidRequest('There is no such key: use action, data and timestamp.', field=str(key)[:100])
    name, data = message.get('action'), message.get('data')
    if not isinstance(name, str):
        raise InvalidRequest('The name of an action is needed.', field='action')
    if data is not None and not isinstance(data, dict):
        raise InvalidRequest('An object is needed.', field='data')
    _check_timestamp(message.get('timestamp'))
    return name, data or {}


def _check_timestamp(value: Any) -> None:
    if value is None:
        return
    try:
        if isinstance(value, str) and len(value) <= 40 and datetime.fromisoformat(value).tzinfo:
            return
    except ValueError:
        pass
    raise InvalidRequest('A time such as 2026-11-23T08:00:00Z is needed.', field='timestamp')


def _only(data: Mapping[str, object], *known: str) -> None:
    for key in data:
        if key not in known:
            raise InvalidRequest('This action has no such key.', field=str(key)[:100])
