"""The AsyncAPI document as a page to read: plain HTML without a script, drawn by the board's own style sheets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from string import Template
from typing import Any

from app.api.document_fields import field_rows, resolved
from app.pages.frame import asset_url

Document = Mapping[str, Any]


def document_page(document: Document) -> str:
    operations = document['operations'].values()
    taken = [operation for operation in operations if operation['action'] == 'receive']
    sent = [operation for operation in operations if operation['action'] == 'send']
    return _PAGE.substitute(
        styles=''.join(f'<link rel="stylesheet" href="{asset_url(name)}">' for name in ('board.css', 'documents.css')),
        title=escape(document['info']['title']),
        version=escape(document['info']['version']),
        about=_paragraphs(document['info']['description']),
        server=_server(document),
        taken_links=_links(taken),
        sent_links=_links(sent),
        taken=''.join(_event(document, operation) for operation in taken),
        sent=''.join(_event(document, operation) for operation in sent),
        codes=_codes(document['x-error-codes']),
    )


def marked(text: str) -> str:
    """Escaped, with what stands between backticks as code."""
    parts = escape(text).split('`')
    return ''.join(f'<code>{part}</code>' if number % 2 else part for number, part in enumerate(parts))


def _paragraphs(text: str) -> str:
    return ''.join(f'<p>{marked(paragraph)}</p>' for paragraph in text.split('\n\n'))


def _name(operation: Mapping[str, Any]) -> str:
    return str(operation['messages'][0]['$ref'].rpartition('/')[2])


def _links(operations: Iterable[Mapping[str, Any]]) -> str:
    names = [escape(_name(operation)) for operation in operations]
    return ''.join(f'<li><a href="#{name}">{name}</a></li>' for name in names)


def _server(document: Document) -> str:
    server = document['servers']['churnboard']
    security = document['components']['securitySchemes']['token']
    scheme = {'wss': 'https', 'ws': 'http'}[server['protocol']]
    rows = (
        ('Address', f'<code>{escape(scheme)}://{escape(server["host"])}</code>'),
        ('Path', f'<code>{escape(server["pathname"])}</code>, the default of every Socket.IO client'),
        ('Token', marked(security['description'])),
    )
    return '<dl class="facts">' + ''.join(f'<dt>{term}</dt><dd>{words}</dd>' for term, words in rows) + '</dl>'


def _event(document: Document, operation: Mapping[str, Any]) -> str:
    name = _name(operation)
    message = document['components']['messages'][name]
    parts = [
        f'<section class="panel event" id="{escape(name)}"><h3><code>{escape(name)}</code></h3>',
        f'<p>{marked(operation["summary"])}</p>',
        _answers(operation),
        *(_fields(document, schema, name) for schema in _variants(document, message['payload'])),
        *(_example(example) for example in message['examples']),
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


def _variants(document: Document, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [resolved(document, part) for part in schema.get('oneOf', [schema])]


def _fields(document: Document, schema: Mapping[str, Any], caption: str) -> str:
    about = f'<p class="about">{marked(schema["description"])}</p>' if 'description' in schema else ''
    rows = ''.join(
        f'<tr><th scope="row"><code>{escape(row.path)}</code></th><td>{marked(row.type)}</td>'
        f'<td>{"yes" if row.required else "no"}</td><td>{marked(row.about)}</td></tr>'
        for row in field_rows(document, schema)
    )
    if not rows:
        return about
    return (
        f'{about}<div class="scroll" tabindex="0" role="region" aria-label="Keys of {escape(caption)}"><table>'
        '<thead><tr><th scope="col">Key</th><th scope="col">Type</th><th scope="col">Always</th>'
        f'<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _example(example: Mapping[str, Any]) -> str:
    text = escape(json.dumps(example['payload'], indent=2, ensure_ascii=False))
    return f'<details><summary>Example: {escape(example["name"])}</summary><pre tabindex="0">{text}</pre></details>'


def _acknowledgement(document: Document, message: Mapping[str, Any]) -> str:
    schema = message.get('x-acknowledgement')
    if not schema:
        return ''
    tables = ''.join(
        _fields(document, part, f'the acknowledgement of {message["name"]}') for part in _variants(document, schema)
    )
    return f'<details><summary>Acknowledgement, where you ask for one</summary>{tables}</details>'


def _codes(codes: Mapping[str, str]) -> str:
    return (
        '<dl class="facts">'
        + ''.join(f'<dt><code>{escape(code)}</code></dt><dd>{marked(meaning)}</dd>' for code, meaning in codes.items())
        + '</dl>'
    )


_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title · Churnboard</title>
<link rel="icon" href="/favicon.ico">
$styles
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<a class="brand" href="/" aria-label="Churnboard"><span class="brand-mark" aria-hidden="true"></span
><span class="brand-name">Churnboard</span></a>
<nav class="pages" aria-label="Pages"><a class="page-link" href="/">Board</a>
<a class="page-link" href="/connect">Connect</a></nav>
<a class="button" href="/api/asyncapi.json">AsyncAPI 3.0 (JSON)</a>
</header>
<div class="document">
<nav class="contents" aria-label="On this page">
<p>You send</p><ul>$taken_links</ul>
<p>You hear</p><ul>$sent_links</ul>
<p>Reference</p><ul><li><a href="#codes">Error codes</a></li></ul>
</nav>
<main id="content" tabindex="-1">
<h1>$title <small>version $version</small></h1>
$about
$server
<h2>You send</h2>
$taken
<h2>You hear</h2>
$sent
<h2 id="codes">Error codes</h2>
$codes
</main>
</div>
</body>
</html>
""")
