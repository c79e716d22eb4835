"""The AsyncAPI 3.0 document of the live protocol, made of the classes its messages are tested against."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from services.protocol_events import SENT, TAKEN, Event
from services.protocol_examples import EXAMPLES
from services.protocol_schemas import ERROR_MEANINGS
from services.wire_schema import REF_TEMPLATE, wire_schemas

VERSION = '1.0.0'
"""Of the protocol: the first number moves when a client has to change, the second when it may."""

MESSAGES = '#/channels/live/messages'

ABOUT = """\
One connection sees the board of the user whose token it shows, and lives no longer than that token.

The transport is Socket.IO 5 (Engine.IO 4), namespace `/`, path `/socket.io`, over WebSocket or polling: use a
Socket.IO client, a plain WebSocket is not enough. Each message below is an event; its name is the name of the message.

Keys may be added to what the server sends: ignore those you do not know. Keys that are unknown in what you send are
refused with an `error` that names them."""


def asyncapi(origin: str) -> dict[str, Any]:
    """The document of the server that is reached there.

    :param origin: scheme and host, such as ``https://board.example.com``.
    """
    events = {event.name: event for event in (*SENT, *TAKEN)}
    schemas, definitions = wire_schemas({name: event.payload for name, event in events.items()})
    acknowledged = {kind.__name__: kind for event in TAKEN for kind in event.acknowledgement}
    definitions |= wire_schemas(acknowledged)[1]
    return {
        'asyncapi': '3.0.0',
        'info': {'title': 'Churnboard live protocol', 'version': VERSION, 'description': ABOUT},
        'defaultContentType': 'application/json',
        'servers': {'churnboard': _server(origin)},
        'channels': {
            'live': {
                'address': '/',
                'title': 'The namespace of Socket.IO',
                'messages': {name: {'$ref': f'#/components/messages/{name}'} for name in events},
            }
        },
        'operations': {
            **{f'send_{event.name}': _operation(event, 'send') for event in SENT},
            **{f'receive_{event.name}': _operation(event, 'receive') for event in TAKEN},
        },
        'components': {
            'messages': {name: _message(event, schemas[name]) for name, event in events.items()},
            'schemas': dict(sorted(definitions.items())),
            'securitySchemes': {'token': _token()},
        },
        'x-error-codes': {code.value: meaning for code, meaning in ERROR_MEANINGS.items()},
    }


def _server(origin: str) -> dict[str, Any]:
    address = urlsplit(origin)
    return {
        'host': address.netloc,
        'pathname': '/socket.io',
        'protocol': 'wss' if address.scheme == 'https' else 'ws',
        'description': 'Socket.IO 5 over WebSocket, or over polling by HTTP at the same path.',
        'security': [{'$ref': '#/components/securitySchemes/token'}],
    }


def _token() -> dict[str, Any]:
    return {
        'type': 'http',
        'scheme': 'bearer',
        'bearerFormat': 'JWT',
        'description': 'Not as a header: as `token` in the `auth` object of the connection. '
        '`POST /api/auth/token` gives one for e-mail address and password. An API key with the scope `read`, of '
        '`POST /api/keys`, is as good.',
    }


def _operation(event: Event, action: str) -> dict[str, Any]:
    """:param action: what the server does."""
    operation: dict[str, Any] = {
        'action': action,
        'channel': {'$ref': '#/channels/live'},
        'summary': event.when,
        'messages': [{'$ref': f'{MESSAGES}/{event.name}'}],
    }
    if event.answers:
        operation['reply'] = {
            'channel': {'$ref': '#/channels/live'},
            'messages': [{'$ref': f'{MESSAGES}/{name}'} for name in event.answers],
        }
    return operation


def _message(event: Event, schema: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {
        'name': event.name,
        'title': event.name,
        'summary': event.when,
        'payload': schema,
        'examples': [{'name': name, 'payload': payload} for name, payload in EXAMPLES[event.name].items()],
    }
    if event.acknowledgement:
        refs = [{'$ref': REF_TEMPLATE.format(model=kind.__name__)} for kind in event.acknowledgement]
        # AsyncAPI has no word for Socket.IO's acknowledgements
        message['x-acknowledgement'] = refs[0] if len(refs) == 1 else {'oneOf': refs}
    return message
