"""``DashboardQuery`` from request parameters."""

from fastapi import Request

from services.errors import InvalidRequest
from services.query import DashboardQuery


def query_of(request: Request) -> DashboardQuery:
    """The query in the request's parameters; ``risk`` may be repeated, everything else stands once.

    :raises InvalidRequest: names the parameter.
    """
    values: dict[str, object] = {}
    for key in request.query_params:
        given = request.query_params.getlist(key)
        if key != 'risk' and len(given) > 1:
            raise InvalidRequest('Give this parameter once.', field=key[:100])
        values[key] = given if key == 'risk' else given[0]
    return DashboardQuery.parse(values)
