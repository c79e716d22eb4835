"""What a page keeps of its request can still be asked; what it was answered with is gone."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from starlette.requests import Request

from app.page_request import shed

SCOPE = {
    'type': 'http',
    'method': 'GET',
    'scheme': 'https',
    'path': '/customers/7',
    'query_string': b'risk=high',
    'headers': [(b'host', b'board.example.com'), (b'accept-language', b'de')],
    'client': ('192.0.2.7', 5000),
    'server': ('board.example.com', 443),
    'churnboard.identity': 'Alice',
}


class Held:
    """Stands for all that hangs on a request while it is answered."""

    async def __call__(self, *_: Any) -> Any:
        raise AssertionError('nobody asks for it')


def test_nothing_of_the_answer_is_kept() -> None:
    held = Held()
    gone = weakref.ref(held)
    answering = {'app': held, 'router': held, 'fastapi_inner_astack': held, 'fastapi_middleware_astack': held}
    request = Request({**SCOPE, **answering}, held, held)
    del held, answering
    shed(request)
    shed(request)
    gc.collect()
    assert gone() is None


def test_what_was_asked_can_be_asked_still() -> None:
    request = Request({**SCOPE, 'app': None}, Held(), Held())
    shed(request)
    assert str(request.url) == 'https://board.example.com/customers/7?risk=high'
    assert request.query_params['risk'] == 'high'
    assert request.headers['accept-language'] == 'de'
    assert request.client
    assert request.client.host == '192.0.2.7'
    assert request.scope['churnboard.identity'] == 'Alice'


async def test_its_body_is_not_to_be_read_any_more() -> None:
    request = Request(dict(SCOPE), Held(), Held())
    shed(request)
    with pytest.raises(RuntimeError):
        await request.body()
