"""Values made up from a schema of the OpenAPI document, and others that a careless or hostile client would send."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=5,
)
ODD_TEXTS = st.sampled_from(
    [
        '',
        '0',
        '-1',
        '1e999',
        'NaN',
        '9' * 400,
        '\0',
        '\ud800',
        '\u202e',
        'x' * 5_000,
        '../../etc/passwd',
        '%2e%2e%2f',
        '%',
        "' OR 1=1 --",
        '<script>',
        '{{7*7}}',
        '__proto__',
        '2026-02-30',
        '0001-01-01',
        '9999-12-31',
        '٣',
        'null',
        'a\r\nSet-Cookie: x=1',
    ]
)
FORMATS = {
    'date': st.dates().map(str),
    'date-time': st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
}
BY_TYPE = {'null': st.none(), 'boolean': st.booleans()}


class SchemaValues:
    """Makes values for the schemas of one document."""

    def __init__(self, document: Schema) -> None:
        self._schemas = document['components']['schemas']

    def any(self, schema: Schema) -> st.SearchStrategy[Any]:
        """Mostly what the schema allows, or something else in its place."""
        return st.one_of(*[self.valid(schema)] * 6, ANYTHING, ODD_TEXTS)

    def valid(self, schema: Schema) -> st.SearchStrategy[Any]:
        """What the schema allows, though parts of it are as odd as :meth:`any` makes them."""
        if '$ref' in schema:
            return self.valid(self._schemas[schema['$ref'].rpartition('/')[2]])
        if 'const' in schema or 'enum' in schema:
            return st.sampled_from(schema.get('enum') or [schema['const']])
        for several in ('anyOf', 'oneOf'):
            if several in schema:
                return st.one_of(*map(self.valid, schema[several]))
        return self._of_type(schema)

    def _of_type(self, schema: Schema) -> st.SearchStrategy[Any]:
        match schema.get('type'):
            case 'object':
                return self._object(schema)
            case 'array':
                return st.lists(self.any(schema.get('items', {})), max_size=4)
            case 'integer':
                return st.integers(schema.get('minimum'), schema.get('maximum'))
            case 'number':
                return st.floats(schema.get('minimum'), schema.get('maximum'), allow_nan=False)
            case 'string':
                return self._text(schema)
            case kind:
                return BY_TYPE.get(str(kind), ANYTHING)

    def _text(self, schema: Schema) -> st.SearchStrategy[str]:
        made = FORMATS.get(schema.get('format', ''))
        if made is not None:
            return made
        return st.text(min_size=schema.get('minLength', 0), max_size=min(schema.get('maxLength', 30), 30))

    def _object(self, schema: Schema) -> st.SearchStrategy[Any]:
        keys = {name: self.any(each) for name, each in schema.get('properties', {}).items()}
        needed = {name: keys.pop(name) for name in schema.get('required', ()) if name in keys}
        wanted = st.fixed_dictionaries(needed, optional=keys)
        return st.one_of(wanted, wanted, st.builds(lambda one, more: {**more, **one}, wanted, ANYTHING_NAMED))


ANYTHING_NAMED = st.dictionaries(st.text(max_size=10), ANYTHING, max_size=2)
