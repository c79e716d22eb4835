"""``DashboardQuery`` from request parameters."""

from collections.abc import Collection

from fastapi import Request

from services.errors import InvalidRequest
from services.query import DashboardQuery


def query_of(request: Request, *, besides: Collection[str] = ()) -> DashboardQuery:
    """The query in the request's parameters; ``risk`` may be repeated, everything else stands once.

    :param besides: parameters that are no part of it.
    :raises InvalidRequest: names the parameter.
    """
    return DashboardQuery.parse(_values(request, besides))


def days_of(request: Request, *, besides: Collection[str] = ()) -> DashboardQuery:
    """The same of a request that takes the query's dates alone."""
    return DashboardQuery().with_dates(_values(request, besides))


def _values(request: Request, besides: Collection[str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key in request.query_params:
        given = request.query_params.getlist(key)
        if key != 'risk' and len(given) > 1:
            raise InvalidRequest('Give this parameter once.', field=key[:100])
        if key not in besides:
            values[key] = given if key == 'risk' else given[0]
    return values
