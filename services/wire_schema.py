"""JSON Schema (draft 7, which AsyncAPI takes for granted) of the protocol's classes, as they look on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

REF_TEMPLATE = '#/components/schemas/{model}'


class WireSchema(GenerateJsonSchema):
    """A key without a value is absent, never ``null``: an optional key is one that is not required."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = schema['schema']
        if 'default' in schema and schema['default'] is None and inner['type'] == 'nullable':
            return self.generate_inner(inner['schema'])
        found = super().default_schema(schema)
        return {key: value for key, value in found.items() if (key, value) != ('default', None)}

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        found = super().tagged_union_schema(schema)
        del found['discriminator']  # OpenAPI's: AsyncAPI's is another
        return found

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        found = super().tuple_schema(schema)
        if 'prefixItems' in found:
            found['items'] = found.pop('prefixItems')
        return found


def wire_schemas(payloads: Mapping[str, Any]) -> tuple[dict[str, JsonSchemaValue], dict[str, JsonSchemaValue]]:
    """The schema of each payload, and the definitions they refer to, by name.

    :param payloads: a class, or a union of classes, by name.
    """
    inputs = [(name, 'validation', TypeAdapter(payload)) for name, payload in payloads.items()]
    schemas, shared = TypeAdapter.json_schemas(
        inputs,  # type: ignore[arg-type]
        ref_template=REF_TEMPLATE,
        schema_generator=WireSchema,
    )
    definitions: dict[str, JsonSchemaValue] = {name: _bare(schema) for name, schema in shared['$defs'].items()}
    return {name: _bare(schema) for (name, _mode), schema in schemas.items()}, definitions


def _bare(schema: Any) -> Any:
    """Without the titles that repeat a key's name, and with descriptions in Markdown."""
    if isinstance(schema, dict):
        kept = {key: value for key, value in schema.items() if not (key == 'title' and isinstance(value, str))}
        return {key: _bare(value) for key, value in kept.items()}
    if isinstance(schema, str):
        return ' '.join(schema.replace('``', '`').split())
    return [_bare(item) for item in schema] if isinstance(schema, list) else schema
