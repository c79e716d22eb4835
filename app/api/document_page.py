"""The AsyncAPI document as a page to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from app.api.document_html import Document, example, facts, fields, marked, page, variants


def document_page(document: Document) -> str:
    operations = document['operations'].values()
    taken = [operation for operation in operations if operation['action'] == 'receive']
    sent = [operation for operation in operations if operation['action'] == 'send']
    contents = (
        f'<p>You send</p><ul>{_links(taken)}</ul><p>You hear</p><ul>{_links(sent)}</ul>'
        '<p>Reference</p><ul><li><a href="#codes">Error codes</a></li></ul>'
    )
    main = (
        _server(document),
        '<h2>You send</h2>',
        *(_event(document, operation) for operation in taken),
        '<h2>You hear</h2>',
        *(_event(document, operation) for operation in sent),
        '<h2 id="codes">Error codes</h2>',
        facts((f'<code>{escape(code)}</code>', marked(meaning)) for code, meaning in document['x-error-codes'].items()),
    )
    machine = ('/api/asyncapi.json', 'AsyncAPI 3.0 (JSON)')
    return page(document, machine=machine, contents=contents, main=''.join(main))


def _name(operation: Mapping[str, Any]) -> str:
    return str(operation['messages'][0]['$ref'].rpartition('/')[2])


def _links(operations: Iterable[Mapping[str, Any]]) -> str:
    names = [escape(_name(operation)) for operation in operations]
    return ''.join(f'<li><a href="#{name}"><code>{name}</code></a></li>' for name in names)


def _server(document: Document) -> str:
    server = document['servers']['churnboard']
    security = document['components']['securitySchemes']['token']
    scheme = {'wss': 'https', 'ws': 'http'}[server['protocol']]
    rows = (
        ('Address', f'<code>{escape(scheme)}://{escape(server["host"])}</code>'),
        ('Path', f'<code>{escape(server["pathname"])}</code>, the default of every Socket.IO client'),
        ('Token', marked(security['description'])),
    )
    return facts(rows)


def _event(document: Document, operation: Mapping[str, Any]) -> str:
    name = _name(operation)
    message = document['components']['messages'][name]
    parts = [
        f'<section class="panel event" id="{escape(name)}"><h3><code>{escape(name)}</code></h3>',
        f'<p>{marked(operation["summary"])}</p>',
        _answers(operation),
        *(fields(document, schema, name) for schema in variants(document, message['payload'])),
        *(example(f'Example: {each["name"]}', each['payload']) for each in message['examples']),
        _acknowledgement(document, message),
        '</section>',
    ]
    return ''.join(parts)


def _answers(operation: Mapping[str, Any]) -> str:
    reply = operation.get('reply')
    if not reply:
        return ''
    names = [escape(message['$ref'].rpartition('/')[2]) for message in reply['messages']]
    links = ', '.join(f'<a href="#{name}"><code>{name}</code></a>' for name in names)
    return f'<p class="answers">Answered with {links}.</p>'


def _acknowledgement(document: Document, message: Mapping[str, Any]) -> str:
    schema = message.get('x-acknowledgement')
    if not schema:
        return ''
    tables = ''.join(
        fields(document, part, f'the acknowledgement of {message["name"]}') for part in variants(document, schema)
    )
    return f'<details><summary>Acknowledgement, where you ask for one</summary>{tables}</details>'
