"""What routes say of themselves, and the OpenAPI document that is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from app.api.errors import STATUS
from app.api.identity import SECURITY
from app.api.openapi_parameters import Parameter
from services.rest_examples import ANSWERS, ERRORS
from services.rest_schemas import ErrorAnswer, success
from services.wire_schema import REF_TEMPLATE, wire_schemas

VERSION = '1.0.0'
"""Of the interface: the first number moves when a client has to change, the second when it may."""

JSON = 'application/json'
UNCHANGED = 'Nothing changed since the answer whose `ETag` was sent in `If-None-Match`.'

READING = ('invalid_request', 'invalid_token', 'forbidden', 'unavailable')
CHANGING = (*READING, 'too_large')
"""Failures of every request that reads, and of every one that changes something."""

ABOUT = """\
Everything of the signed-in user, and of nobody else, over HTTP and JSON.

`POST /api/auth/token` gives a token for e-mail address and password; send it as `Authorization: Bearer TOKEN`. An API \
key takes its place in programs that run for long: one of scope `read` reads, one of scope `ingest` sends predictions \
and files, and neither does anything else. The board's own pages are let in by their session cookie.

Every answer is `{"success": true, "data": ...}`, or `{"success": false, "error": {"code", "message"}}`. Keys may be \
added: ignore those you do not know. Parameters that are unknown or wrong are refused with an error whose `field` \
names them. Times are RFC 3339 in UTC; days are those of your time zone."""

TAGS = {
    'sign-in': 'A token for a password, another one in its place, its end, and who it belongs to.',
    'keys': 'What programs show in place of a token.',
    'live data': "The board's numbers.",
    'predictions': 'Scores in and out, one by one.',
    'customers': 'Customers by their latest score, and what people write down about them.',
    'views': 'Queries under a name, as the menu of the board lists them.',
    'uploads': 'Files in, and back out.',
    'exports': 'Everything a query means as a file.',
}


def described(
    title: str,
    answer: type[BaseModel] | None = None,
    *,
    fails: Sequence[str] = (),
    takes: Sequence[Parameter] = (),
    body: Mapping[str, Any] | None = None,
    status: int = 200,
    also: Mapping[int, str] = {},
    etag: bool = False,
    files: Sequence[str] = (),
    example: object = None,
    asks_who: bool = False,
) -> dict[str, Any]:
    """What a route's decorator is given for the document; nothing of it changes what the route does.

    :param answer: the class of ``data``.
    :param fails: error codes.
    :param body: see :func:`json_body`.
    :param status: of a success.
    :param also: of other successes, with the same answer.
    :param files: the media types of an answer that is a file.
    :param example: of an answer without our envelope.
    :param etag: whether ``If-None-Match`` is understood.
    :param asks_who: whether the route itself asks who the caller is, where others have a dependency.
    """
    route: dict[str, Any] = {'summary': title, 'status_code': status, 'response_description': 'What was asked for.'}
    responses: dict[str, Any] = {
        str(STATUS[code]): {'$ref': f'#/components/responses/{code}'} for code in sorted(fails, key=STATUS.__getitem__)
    }
    if etag:
        responses['304'] = {'description': UNCHANGED}
    if answer is not None:
        envelope = route['response_model'] = success(answer)
        example = {'success': True, 'data': ANSWERS[envelope.__name__]}
        content = _content(JSON, schema=_reference(envelope), example=example)
        responses |= {str(other): {'description': about, **content} for other, about in also.items()}
    if example is not None:
        responses[str(status)] = _content(JSON, example=example)
    if files:
        responses[str(status)] = {'content': {kind.partition(';')[0]: _file(kind) for kind in files}}
    more: dict[str, Any] = {'responses': responses}
    if takes:
        more['parameters'] = [dict(parameter) for parameter in takes]
    if body:
        more['requestBody'] = body
    if asks_who:
        more['security'] = SECURITY
    return {**route, 'openapi_extra': more}


def json_body(schema: Mapping[str, Any] | type, example: object, *, required: bool = True) -> dict[str, Any]:
    """A request body in JSON.

    :param schema: a JSON schema, or a class of :mod:`services.rest_schemas`.
    """
    written = _reference(schema) if isinstance(schema, type) else dict(schema)
    return {'required': required, **_content(JSON, schema=written, example=example)}


def openapi(app: FastAPI, *, bodies: Sequence[type]) -> dict[str, Any]:
    """The document of the app's routes, without servers.

    :param bodies: classes that routes name as request bodies.
    """
    document = get_openapi(
        title='Churnboard REST API',
        version=VERSION,
        description=ABOUT,
        routes=app.routes,
        tags=[{'name': name, 'description': about} for name, about in TAGS.items()],
    )
    routes = [route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute)]
    models = [route.response_model for route in routes if route.include_in_schema and route.response_model]
    classes = {kind.__name__: kind for kind in (*models, *bodies, ErrorAnswer)}
    components = document['components']
    ours = wire_schemas(classes)[1]
    components['schemas'] = {**_without_validation(components['schemas']), **ours}
    components['responses'] = {code: _response(code) for code in STATUS}
    for operations in document['paths'].values():
        for operation in operations.values():
            _forget_validation(operation)
    return document


def with_server(document: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """The same as the server that is reached there serves it."""
    return {**document, 'servers': [{'url': origin}]}


def _file(kind: str) -> dict[str, Any]:
    """Its rows are as many as there are: of one in JSON nothing is said but that it is."""
    return {} if kind.startswith(JSON) else {'schema': {'type': 'string', 'format': 'binary'}}


def _content(kind: str, **media: Any) -> dict[str, Any]:
    return {'content': {kind: media}}


def _reference(kind: type) -> dict[str, str]:
    return {'$ref': REF_TEMPLATE.format(model=kind.__name__)}


def _response(code: str) -> dict[str, Any]:
    about, error = ERRORS[code]
    response: dict[str, Any] = {
        'description': about,
        **_content(JSON, schema=_reference(ErrorAnswer), example={'success': False, 'error': {'code': code, **error}}),
    }
    if 'retry_after' in error:
        response['headers'] = {'Retry-After': {'description': 'Seconds.', 'schema': {'type': 'integer'}}}
    return response


def _without_validation(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """FastAPI documents an answer of its own for bad requests, which ours never give."""
    return {name: schema for name, schema in schemas.items() if name not in ('HTTPValidationError', 'ValidationError')}


def _forget_validation(operation: dict[str, Any]) -> None:
    if 'HTTPValidationError' in str(operation['responses'].get('422')):
        del operation['responses']['422']
