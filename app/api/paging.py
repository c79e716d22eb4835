"""``limit`` of requests for a page of a list."""

from fastapi import Request

from services.errors import InvalidRequest

DEFAULT = 100
MOST = 1_000


def limit_of(request: Request) -> int:
    """How many items the page shall hold, 1 to 1,000; 100 where the request does not say.

    :raises InvalidRequest: it is no such number.
    """
    text = request.query_params.get('limit')
    if text is None:
        return DEFAULT
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise InvalidRequest(f'Give a whole number from 1 to {MOST:,}.', field='limit')
    return int(text)
