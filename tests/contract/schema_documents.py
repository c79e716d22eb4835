"""What the tests of OpenAPI and AsyncAPI share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
from jsonschema import Draft202012Validator

Document = dict[str, Any]
Operation = tuple[str, str, dict[str, Any]]


def references(value: Any) -> Iterator[str]:
    """All that a document refers to."""
    if isinstance(value, dict):
        if isinstance(value.get('$ref'), str):
            yield value['$ref']
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def operations(document: Document) -> list[Operation]:
    return [(method, path, each) for path, methods in document['paths'].items() for method, each in methods.items()]


def strict(document: Document, schema: dict[str, Any]) -> Draft202012Validator:
    """That takes no key the document does not name."""
    schemas = {name: _closed(each) for name, each in document['components']['schemas'].items()}
    return Draft202012Validator({**schema, 'components': {'schemas': schemas}})


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, 'additionalProperties': False} if 'properties' in schema else schema


def faults(document: Document, schema: dict[str, Any], value: Any) -> list[str]:
    return [error.message for error in strict(document, schema).iter_errors(value)]


def answered(document: Document, operation: dict[str, Any], answer: httpx.Response) -> list[str]:
    """What is wrong with an answer, by the document."""
    described = operation['responses'].get(str(answer.status_code))
    if described is None:
        return [f'{answer.status_code} is not described']
    if '$ref' in described:
        described = document['components']['responses'][described['$ref'].rpartition('/')[2]]
    kind = answer.headers['content-type'].partition(';')[0]
    if kind not in described['content']:
        return [f'{kind} is not described']
    return faults(document, described['content'][kind]['schema'], answer.json()) if kind == 'application/json' else []
