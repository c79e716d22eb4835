"""The OpenAPI document as a page to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

from app.api.document_fields import resolved
from app.api.document_html import Document, example, facts, fields, marked, page, variants

Schema = Mapping[str, Any]


class Call(NamedTuple):
    """One method of one path."""

    tag: str
    method: str
    path: str
    operation: Mapping[str, Any]

    @property
    def anchor(self) -> str:
        return escape(f'{self.method}-{self.path.removeprefix("/api/")}'.replace('/', '-').translate(BRACES))

    @property
    def name(self) -> str:
        return f'<code>{self.method.upper()} {escape(self.path)}</code>'


BRACES = str.maketrans('', '', '{}')


def openapi_page(document: Document) -> str:
    about = {tag['name']: tag['description'] for tag in document['tags']}
    calls = [*_calls(document)]
    order = [*about, *(call.tag for call in calls)]
    calls.sort(key=lambda call: order.index(call.tag))
    groups = [(tag, list(group)) for tag, group in groupby(calls, key=lambda call: call.tag)]
    main = [facts([('Address', f'<code>{escape(server["url"])}</code>') for server in document['servers']])]
    contents = []
    for tag, group in groups:
        main.append(f'<h2>{escape(tag.capitalize())}</h2><p>{marked(about.get(tag, ""))}</p>')
        main += [_call(document, call) for call in group]
        links = ''.join(f'<li><a href="#{call.anchor}">{escape(call.operation["summary"])}</a></li>' for call in group)
        contents.append(f'<p>{escape(tag.capitalize())}</p><ul>{links}</ul>')
    contents.append('<p>Reference</p><ul><li><a href="#codes">Errors</a></li></ul>')
    main.append(f'<h2 id="codes">Errors</h2>{_errors(document)}')
    machine = ('/api/openapi.json', 'OpenAPI 3.1 (JSON)')
    return page(document, machine=machine, contents=''.join(contents), main=''.join(main))


def _calls(document: Document) -> Iterator[Call]:
    for path, operations in document['paths'].items():
        for method, operation in operations.items():
            yield Call(operation['tags'][0], method, path, operation)


def _call(document: Document, call: Call) -> str:
    operation = call.operation
    parts = [
        f'<section class="panel event" id="{call.anchor}"><h3>{call.name}</h3>',
        f'<p>{marked(operation["description"].replace("``", "`"))}</p>',
        _parameters(document, operation, call.path),
        _body(document, operation, call.path),
        *_answers(document, operation),
        _failures(operation),
        '</section>',
    ]
    return ''.join(parts)


def _parameters(document: Document, operation: Mapping[str, Any], path: str) -> str:
    given = operation.get('parameters', ())
    keys = {each['name']: {**each['schema'], 'description': each.get('description', '')} for each in given}
    required = [each['name'] for each in given if each['required']]
    schema = {'properties': keys, 'required': required}
    return fields(document, schema, f'the request {path}', always='Needed', key='Parameter')


def _body(document: Document, operation: Mapping[str, Any], path: str) -> str:
    content = operation.get('requestBody', {}).get('content', {})
    return ''.join(
        f'<p class="about">Body: <code>{escape(kind)}</code></p>'
        + _keys(document, media['schema'], f'the body of {path}', always='Needed')
        + (example('Example of a request', media['example']) if 'example' in media else '')
        for kind, media in content.items()
    )


def _answers(document: Document, operation: Mapping[str, Any]) -> Iterator[str]:
    for status, answer in operation['responses'].items():
        if status == '304':
            yield f'<p class="answers"><code>304</code> {marked(answer["description"])}</p>'
        for kind, media in answer.get('content', {}).items() if '$ref' not in answer else ():
            yield f'<p class="answers"><code>{status}</code> <code>{escape(kind)}</code></p>'
            yield _keys(document, _data(document, media.get('schema', {})), f'the answer {status}')
            if 'example' in media:
                yield example('Example of an answer', media['example'])


def _data(document: Document, schema: Schema) -> Schema:
    """What is in the envelope, if there is one."""
    whole = resolved(document, schema)
    data: Schema = whole.get('properties', {}).get('data', whole)
    return data


def _keys(document: Document, schema: Schema, caption: str, *, always: str = 'Always') -> str:
    """The keys of an object, of each object of a list, or of each kind of object that it may be."""
    whole = resolved(document, schema)
    each = resolved(document, whole['items']) if isinstance(whole.get('items'), dict) else whole
    return ''.join(fields(document, kind, caption, always=always) for kind in variants(document, each))


def _failures(operation: Mapping[str, Any]) -> str:
    refs = [answer['$ref'] for answer in operation['responses'].values() if '$ref' in answer]
    names = [escape(ref.rpartition('/')[2]) for ref in refs]
    return f'<p class="answers">Fails with {", ".join(f"<code>{name}</code>" for name in names)}.</p>'


def _errors(document: Document) -> str:
    responses = document['components']['responses']
    return facts((f'<code>{escape(code)}</code>', marked(each['description'])) for code, each in responses.items())
