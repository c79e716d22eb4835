"""Bodies that are one small JSON object."""

import json

from fastapi import Request

from services.errors import InvalidRequest
from services.prediction_rows import printable


async def json_object(request: Request, *known: str, such_as: str) -> dict[str, object]:
    """The object; an empty body is an empty one.

    :param known: the keys it may have.
    :param such_as: an example, for the error message.
    :raises InvalidRequest: it is something else; names an unknown key.
    """
    raw = await request.body()
    try:
        body = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f'A JSON object such as {such_as} is needed.') from error
    if not isinstance(body, dict):
        raise InvalidRequest(f'A JSON object such as {such_as} is needed.')
    for key in body:
        if key not in known:
            raise InvalidRequest(f'There is no such key. Known: {", ".join(known)}.', field=printable(key)[:100])
    return body
