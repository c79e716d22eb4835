"""Failures as REST tells them: one envelope, the public codes, and nothing of the inside."""

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from services.errors import ChurnboardError, InvalidRequest
from services.predictions import InvalidRows

log = logging.getLogger(__name__)

STATUS = {
    'invalid_request': 400,
    'invalid_credentials': 401,
    'invalid_token': 401,
    'forbidden': 403,
    'not_found': 404,
    'too_large': 413,
    'invalid_rows': 422,
    'rate_limited': 429,
    'unavailable': 503,
}
CODES = {404: 'not_found', 405: 'invalid_request', 413: 'too_large'}


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(ChurnboardError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def failure(error: ChurnboardError, *, extra: Mapping[str, object] | None = None) -> JSONResponse:
    headers = {}
    if error.retry_after is not None:
        headers['Retry-After'] = str(max(1, round(error.retry_after)))
    body = {'success': False, 'error': {**error.payload(), **(extra or {})}}
    return JSONResponse(body, STATUS[error.code], headers)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ChurnboardError)
    if isinstance(error, InvalidRows):
        return failure(error, extra={'rejected': error.result.rejected, 'errors': _rows(error)})
    response = failure(error)
    if error.code == 'invalid_token':  # RFC 6750, 3.1: who sent no token, or another kind of thing, is told no error
        sent = request.headers.get('authorization', '').partition(' ')[0].lower() == 'bearer'
        response.headers['WWW-Authenticate'] = 'Bearer error="invalid_token"' if sent else 'Bearer'
    return response


def _rows(error: InvalidRows) -> list[dict[str, object]]:
    return [
        {'line': row.line, 'column': row.column, 'value': row.value, 'reason': row.reason}
        for row in error.result.errors
    ]


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = str(first['loc'][-1]) if first['loc'] else None
    return failure(InvalidRequest(f'{first["msg"]}.', field=field))


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    problem = {'code': CODES.get(error.status_code, 'invalid_request'), 'message': str(error.detail)}
    return JSONResponse({'success': False, 'error': problem}, error.status_code, error.headers)


async def _unexpected(request: Request, _error: Exception) -> JSONResponse:
    """Starlette re-raises it after this answer, and uvicorn logs it."""
    log.error('%s %s failed', request.method, request.url.path)
    problem = {'code': 'unavailable', 'message': 'Something went wrong here. The log of the server tells more.'}
    return JSONResponse({'success': False, 'error': problem}, 500)
