"""What a request about an upload asks for, checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from fastapi import Request

from app.api.predictions import FLAGS
from services.errors import InvalidRequest
from services.prediction_rows import FIELDS, printable

PARAMETERS = ('name', 'map', 'partial', 'preview')
BODY = 'Send a JSON object such as {"mapping": {"Account": "customer_id"}, "partial": false}.'


@dataclass(frozen=True, kw_only=True)
class TakeOptions:
    """How a file is to be taken in."""

    mapping: Mapping[str, str]
    """Columns of the file -> our fields; empty: not to be used."""
    skip_bad_rows: bool

    @classmethod
    async def of_body(cls, request: Request) -> Self:
        """:raises InvalidRequest: names what is wrong in the JSON object."""
        try:
            values = json.loads(await request.body() or b'{}')
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(BODY) from error
        if not isinstance(values, dict):
            raise InvalidRequest(BODY)
        for key in values:
            if key not in ('mapping', 'partial'):
                raise InvalidRequest('There is no such option. Known: mapping, partial.', field=printable(key)[:100])
        mapping, partial = values.get('mapping', {}), values.get('partial', False)
        if not isinstance(mapping, dict) or not all(isinstance(ours, str) for ours in mapping.values()):
            raise InvalidRequest(BODY, field='mapping')
        if not isinstance(partial, bool):
            raise InvalidRequest('Write true or false.', field='partial')
        return cls(mapping=_checked(mapping.items(), field='mapping'), skip_bad_rows=partial)


@dataclass(frozen=True, kw_only=True)
class UploadCall:
    """A file that is about to come."""

    name: str
    preview: bool
    """Only look at it for now."""
    options: TakeOptions

    @classmethod
    def of_parameters(cls, request: Request) -> Self:
        """:raises InvalidRequest: names the parameter."""
        given = request.query_params
        for key in given:
            if key not in PARAMETERS:
                raise InvalidRequest(f'There is no such parameter. Known: {", ".join(PARAMETERS)}.', field=key[:100])
            if key != 'map' and len(given.getlist(key)) > 1:
                raise InvalidRequest('Give this parameter once.', field=key)
        preview = _flag(request, 'preview')
        if preview and (given.keys() & {'map', 'partial'}):
            raise InvalidRequest('With preview=true, say map and partial when you start it.', field='preview')
        mapping = _checked(map(_pair, given.getlist('map')), field='map')
        options = TakeOptions(mapping=mapping, skip_bad_rows=_flag(request, 'partial'))
        return cls(name=given.get('name', ''), preview=preview, options=options)


def check_raw(request: Request) -> None:
    """:raises InvalidRequest: the body is a form with the file in it."""
    if request.headers.get('content-type', '').strip().lower().startswith('multipart/'):
        url = request.url.replace(query='name=scores.csv')
        raise InvalidRequest(
            'Send the file itself as the body, not a form: '
            f'curl -X POST -T scores.csv -H "Authorization: Bearer $TOKEN" "{url}"',
            field='Content-Type',
        )


def announced_bytes(request: Request) -> int | None:
    """How long the body will be; ``None`` where the sender does not say."""
    length = request.headers.get('content-length', '')
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None


def _flag(request: Request, key: str) -> bool:
    value = request.query_params.get(key, 'false').lower()
    if value not in FLAGS:
        raise InvalidRequest('Write true or false.', field=key)
    return FLAGS[value]


def _pair(text: str) -> tuple[str, str]:
    theirs, separator, ours = text.rpartition('=')
    if not separator:
        raise InvalidRequest('Write THEIRS=OURS, such as map=Account=customer_id.', field='map')
    return theirs, ours


def _checked(pairs: Iterable[tuple[str, str]], *, field: str) -> Mapping[str, str]:
    mapping: dict[str, str] = {}
    for theirs, ours in pairs:
        if not theirs.strip() or ours.strip().casefold() not in (*FIELDS, ''):
            raise InvalidRequest(
                f'"{printable(theirs)}" to "{printable(ours)}": name a column of the file, and one of '
                f'{", ".join(FIELDS)}, or nothing for a column that is not to be used.',
                field=field,
            )
        if theirs in mapping:
            raise InvalidRequest(f'The column "{printable(theirs)}" is mapped twice.', field=field)
        mapping[theirs] = ours.strip().casefold()
    return mapping
