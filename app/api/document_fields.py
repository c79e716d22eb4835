"""The keys of a JSON schema as rows to read, nested ones by their path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class FieldRow:
    """One key."""

    path: str
    """``metrics.total_predictions``, ``alerts[].id``."""
    type: str
    required: bool
    about: str


def resolved(document: Mapping[str, Any], schema: Schema) -> Schema:
    """The schema, or the one it refers to; what stands beside a reference goes first."""
    if '$ref' not in schema:
        return schema
    name = schema['$ref'].rpartition('/')[2]
    beside = {key: value for key, value in schema.items() if key != '$ref'}
    return {**document['components']['schemas'][name], **beside}


def field_rows(document: Mapping[str, Any], schema: Schema, *, above: str = '') -> Iterator[FieldRow]:
    """All keys of an object and of the objects in it."""
    required = schema.get('required', ())
    for key, part in schema.get('properties', {}).items():
        value = resolved(document, part)
        path = f'{above}{key}'
        yield FieldRow(path=path, type=_type(document, value), required=key in required, about=_about(part, value))
        inner = resolved(document, value['items']) if isinstance(value.get('items'), dict) else value
        yield from field_rows(document, inner, above=f'{path}[].' if inner is not value else f'{path}.')


def _about(part: Schema, value: Schema) -> str:
    """What is said of this key; of an object, what is said of its kind."""
    words: str = part.get('description') or (value.get('description', '') if 'properties' in value else '')
    return words if 'default' not in part else f'{words} Without it: `{part["default"]}`.'


def _type(document: Mapping[str, Any], schema: Schema) -> str:
    if 'anyOf' in schema:
        return ' or '.join(_type(document, resolved(document, part)) for part in schema['anyOf'])
    values = [schema['const']] if 'const' in schema else schema.get('enum')
    if values:
        return ', '.join('`null`' if value is None else f'`{value}`' for value in values)
    if 'pattern' in schema or schema.get('format') == 'date':
        return 'day' if 'format' in schema else 'time in UTC'
    if schema.get('type') != 'array':
        return f'{schema.get("type", "")}{_bounds(schema)}'
    items = schema['items']
    if isinstance(items, list):
        return f'[{", ".join(_type(document, item) for item in items)}]'
    return f'list of {_type(document, resolved(document, items))}'


def _bounds(schema: Schema) -> str:
    low, high = schema.get('minimum'), schema.get('maximum')
    if low is not None and high is not None:
        return f', {low:g} to {high:g}'
    if 'maxLength' in schema:
        return f', at most {schema["maxLength"]:,} characters'
    return '' if low is None else f', {low:g} or more'
