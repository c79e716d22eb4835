"""The parameters of requests, as the OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.paging import DEFAULT, MOST
from services.cursors import LONGEST_CURSOR
from services.customer_order import CustomerSort
from services.query import MAX_SOURCE, MAX_TEXT, DateRange
from services.schemas import RiskLevel
from services.upload_status import MAX_NAME

Parameter = Mapping[str, Any]


def _parameter(name: str, schema: Mapping[str, Any], about: str, example: object) -> Parameter:
    return {'name': name, 'in': 'query', 'required': False, 'schema': schema, 'description': about, 'example': example}


_DAY = {'type': 'string', 'format': 'date'}
_SCORE = {'type': 'number', 'minimum': 0, 'maximum': 1}
_FLAG = {'type': 'boolean', 'default': False}

DAYS = (
    _parameter('from', _DAY, 'First day, in your time zone; belongs to it. Not with `range`.', '2026-11-01'),
    _parameter('to', _DAY, 'Last day; belongs to it. Not with `range`.', '2026-11-23'),
    _parameter(
        'range',
        {'type': 'string', 'enum': [each.value for each in DateRange]},
        'Instead of `from` and `to`: so many days, today among them.',
        '30d',
    ),
)

QUERY = (
    *DAYS,
    {
        **_parameter(
            'risk',
            {'type': 'array', 'items': {'type': 'string', 'enum': [each.value for each in RiskLevel]}, 'minItems': 1},
            'Predictions of these risks alone: repeated, or separated by commas.',
            ['high'],
        ),
        'style': 'form',
        'explode': True,
    },
    _parameter(
        'q',
        {'type': 'string', 'minLength': 1, 'maxLength': MAX_TEXT},
        "Part of a customer's id or name, in upper or lower case.",
        'fjord',
    ),
    _parameter('min_score', _SCORE, 'Predictions with this score or above.', 0.5),
    _parameter('max_score', _SCORE, 'Predictions with this score or below.', 0.9),
    _parameter(
        'source',
        {'type': 'string', 'minLength': 1, 'maxLength': MAX_SOURCE},
        'Predictions of the file of this name.',
        'scores-2026-11-23.csv',
    ),
)

PAGING = (
    _parameter(
        'limit',
        {'type': 'integer', 'minimum': 1, 'maximum': MOST, 'default': DEFAULT},
        'How many items the page holds at most.',
        100,
    ),
    _parameter(
        'cursor',
        {'type': 'string', 'maxLength': LONGEST_CURSOR},
        '`next_cursor` of the page before, asked for with the same parameters; `limit` may change.',
        'WzgyMDAwMCw0MSwiNWMwZDQyZTBmZWMwY2FhZSJd',
    ),
)

SORT = _parameter(
    'sort',
    {'type': 'string', 'enum': [each.value for each in CustomerSort], 'default': CustomerSort.RISK.value},
    'By risk: highest latest score first, of equal ones that which arrived last. By id: as the database sorts texts. '
    'By change: largest rise of `change_7d` first, then as by risk; last, as by risk, those who have none.',
    'risk',
)

PARTIAL = _parameter('partial', _FLAG, 'Skip bad rows instead of taking nothing.', True)

UPLOAD = (
    {
        **_parameter(
            'name', {'type': 'string', 'minLength': 1, 'maxLength': MAX_NAME}, 'The name of the file.', 'scores.csv'
        ),
        'required': True,
    },
    {
        **_parameter(
            'map',
            {'type': 'array', 'items': {'type': 'string'}},
            'A column of the file and our field for it, nothing for a column that is not to be used. Repeatable.',
            ['Account=customer_id'],
        ),
        'style': 'form',
        'explode': True,
    },
    PARTIAL,
    _parameter('preview', _FLAG, 'Only look at the file; start it afterwards.', True),
)
